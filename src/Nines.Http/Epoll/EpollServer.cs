using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Nines.Loops;

namespace Nines.Http.Epoll;

/// <summary>One listening socket, and a port on each loop that serves it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class EpollServer : HttpServer
{
    private const int Backlog = 1024;
    private const int MaxLoops = 16;

    /// <summary>A request lies in one array, and doubles in it.</summary>
    private const int MaxBodyBytes = 1 << 29;

    private readonly Socket _listener;
    private readonly IReadOnlyList<EpollLoop> _ownLoops;
    private readonly HttpPort[] _ports;

    private EpollServer(Socket listener, IReadOnlyList<EpollLoop> ownLoops, HttpPort[] ports)
    {
        _listener = listener;
        _ownLoops = ownLoops;
        _ports = ports;
    }

    /// <param name="address">Port 0 takes a free one.</param>
    /// <param name="limits">Of the listener as a whole.</param>
    /// <param name="handler">Called on the loops.</param>
    /// <param name="log">What goes wrong.</param>
    /// <param name="shared">Loops that others use too and end; with none the server makes its own.</param>
    public static EpollServer Start(
        IPEndPoint address, HttpLimits limits, HttpHandler handler, ILogger log, IReadOnlyList<EpollLoop> shared)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Not ReuseAddress: on Linux .NET takes it for SO_REUSEPORT too, and two processes would share the port without a word.
            listener.Bind(address);
            listener.Listen(Backlog);
            listener.Blocking = false;
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        EpollLoop[] own = shared.Count == 0 ? OwnLoops() : [];
        IReadOnlyList<EpollLoop> loops = shared.Count == 0 ? own : shared;
        limits = limits with { MaxRequestBytes = Math.Min(limits.MaxRequestBytes, MaxBodyBytes) };
        var count = new ConnectionCount(limits.MaxConnections);
        var held = new ByteBudget(limits.MaxHeldBytes);
        int descriptor = (int)listener.SafeHandle.DangerousGetHandle();
        HttpPort[] ports = [.. loops.Select(loop => new HttpPort(loop, descriptor, handler, limits, count, held, log))];
        foreach (HttpPort port in ports)
        {
            port.Start();
        }

        return new EpollServer(listener, own, ports) { Address = (IPEndPoint)listener.LocalEndPoint! };
    }

    public override async Task StopAsync(CancellationToken patience)
    {
        foreach (HttpPort port in _ports)
        {
            port.Stop();
        }

        try
        {
            await Task.WhenAll(_ports.Select(port => port.Ended)).WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            foreach (HttpPort port in _ports)
            {
                port.Abort();
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);

        _ = EndAsync();
    }

    /// <summary>At once, as a rule; in the background when a loop hangs in a handler, or handlers are not done.</summary>
    private async Task EndAsync()
    {
        // A port that still accepts would do it from whatever gets the descriptor's number next.
        await Task.WhenAll(_ports.Select(port => port.Stopped));
        _listener.Dispose();

        // Handlers that still run give their answers to the loop; when the last one has, nobody needs it any more.
        await Task.WhenAll(_ports.Select(port => port.Ended));
        foreach (EpollLoop loop in _ownLoops)
        {
            loop.Dispose();
        }
    }

    /// <summary>Doors share the machine with the reactor and its disk; half of the processors is more than they need.</summary>
    private static EpollLoop[] OwnLoops()
    {
        int count = Math.Clamp(Environment.ProcessorCount / 2, 1, MaxLoops);
        EpollLoop[] loops = [.. Enumerable.Range(0, count).Select(_ => new EpollLoop("nines-http"))];
        foreach (EpollLoop loop in loops)
        {
            loop.Start();
        }

        return loops;
    }
}
