using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nines.Http.Epoll;
using Nines.Http.Kestrel;

namespace Nines.Http;

/// <summary>
/// One HTTP/1 listener in front of one handler, for the paths where each microsecond counts: own event loops on Linux
/// (docs/decisions/0007), Kestrel elsewhere.
/// </summary>
public abstract class HttpServer : IAsyncDisposable
{
    public required IPEndPoint Address { get; init; }

    /// <exception cref="SocketException">The address is in use (or an <see cref="IOException"/>, from Kestrel).</exception>
    public static async Task<HttpServer> StartAsync(
        IPEndPoint address, HttpLimits limits, HttpHandler handler, ILoggerFactory logs, CancellationToken cancel) =>
        OperatingSystem.IsLinux()
            ? EpollServer.Start(address, limits, handler, logs.CreateLogger("http"))
            : await KestrelHttpServer.StartAsync(address, limits, handler, logs, cancel);

    /// <summary>Takes no new connections, and waits for the requests that run until the token ends the patience.</summary>
    public abstract Task StopAsync(CancellationToken patience);

    public abstract ValueTask DisposeAsync();
}
