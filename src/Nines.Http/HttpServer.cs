using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nines.Http.Epoll;
using Nines.Http.Kestrel;
using Nines.Kernel;
using Nines.Loops;

namespace Nines.Http;

/// <summary>
/// One HTTP/1 listener in front of one handler, for the paths where each microsecond counts: own event loops on Linux
/// (docs/decisions/0007), Kestrel elsewhere.
/// </summary>
public abstract class HttpServer : IAsyncDisposable
{
    public required IPEndPoint Address { get; init; }

    /// <param name="address">Port 0 takes a free one.</param>
    /// <param name="limits">Of the listener as a whole.</param>
    /// <param name="handler">Answers the requests.</param>
    /// <param name="logs">What goes wrong.</param>
    /// <param name="loops">Event loops that serve it beside what else they do; none for own ones. Ended by the caller, after the server.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <exception cref="SocketException">The address is in use (or an <see cref="IOException"/>, from Kestrel).</exception>
    public static async Task<HttpServer> StartAsync(
        IPEndPoint address, HttpLimits limits, HttpHandler handler, ILoggerFactory logs, IReadOnlyList<EventLoop> loops,
        CancellationToken cancel) =>
        OperatingSystem.IsLinux()
            ? EpollServer.Start(address, limits, handler, logs.CreateLogger("http"), [.. loops.OfType<EpollLoop>()])
            : await KestrelHttpServer.StartAsync(address, limits, handler, logs, cancel);

    /// <summary>Takes no new connections, and waits for the requests that run until the token ends the patience.</summary>
    public abstract Task StopAsync(CancellationToken patience);

    public abstract ValueTask DisposeAsync();
}
