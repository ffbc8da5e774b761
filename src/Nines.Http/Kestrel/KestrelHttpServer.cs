using System.Net;
using Microsoft.Extensions.Logging;

namespace Nines.Http.Kestrel;

/// <summary>Handlers of exchanges on Kestrel, for systems without epoll.</summary>
internal sealed class KestrelHttpServer : HttpServer
{
    private readonly HttpListener _listener;

    private KestrelHttpServer(HttpListener listener)
    {
        _listener = listener;
    }

    public static async Task<HttpServer> StartAsync(
        IPEndPoint address, HttpLimits limits, HttpHandler handler, ILoggerFactory logs, CancellationToken cancel)
    {
        HttpListener listener = await HttpListener.StartAsync(
            address, limits, context => KestrelExchange.HandleAsync(context, handler), logs, cancel);
        return new KestrelHttpServer(listener) { Address = listener.Address };
    }

    public override Task StopAsync(CancellationToken patience) => _listener.StopAsync(patience);

    public override ValueTask DisposeAsync() => _listener.DisposeAsync();
}
