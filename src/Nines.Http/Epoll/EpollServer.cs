using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;

namespace Nines.Http.Epoll;

/// <summary>The loops that share a listening socket.</summary>
[SupportedOSPlatform("linux")]
internal sealed class EpollServer : HttpServer
{
    private const int Backlog = 1024;
    private const int MaxLoops = 16;

    /// <summary>A request lies in one array, and doubles in it.</summary>
    private const int MaxBodyBytes = 1 << 29;

    private readonly Socket _listener;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpLoop[] _loops = [];
    private int _running;

    private EpollServer(Socket listener)
    {
        _listener = listener;
    }

    public static EpollServer Start(IPEndPoint address, HttpLimits limits, HttpHandler handler, ILogger log)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Not ReuseAddress: on Linux .NET takes it for SO_REUSEPORT too, and two processes would share the port without a word.
            listener.Bind(address);
            listener.Listen(Backlog);
            listener.Blocking = false;
            return Serve(listener, limits, handler, log);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    public override async Task StopAsync(CancellationToken patience)
    {
        foreach (HttpLoop loop in _loops)
        {
            loop.Stop();
        }

        try
        {
            await _ended.Task.WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            foreach (HttpLoop loop in _loops)
            {
                loop.Abort();
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);

        // A loop that still accepts would do it from whatever gets the descriptor's number next.
        await Task.WhenAll(_loops.Select(loop => loop.Stopped));
        _listener.Dispose();
    }

    /// <summary>Doors share the machine with the reactor and its disk; half of the processors is more than they need.</summary>
    private static EpollServer Serve(Socket listener, HttpLimits limits, HttpHandler handler, ILogger log)
    {
        int count = Math.Clamp(Environment.ProcessorCount / 2, 1, MaxLoops);
        HttpLimits share = limits with
        {
            MaxRequestBytes = Math.Min(limits.MaxRequestBytes, MaxBodyBytes),
            MaxConnections = Math.Max(1, limits.MaxConnections / count),
        };
        var server = new EpollServer(listener) { Address = (IPEndPoint)listener.LocalEndPoint!, _running = count };
        int descriptor = (int)listener.SafeHandle.DangerousGetHandle();
        server._loops = [.. Enumerable.Range(0, count).Select(_ => new HttpLoop(descriptor, handler, share, log, server.LoopEnded))];
        foreach (HttpLoop loop in server._loops)
        {
            loop.Start();
        }

        return server;
    }

    private void LoopEnded()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _ended.TrySetResult();
        }
    }
}
