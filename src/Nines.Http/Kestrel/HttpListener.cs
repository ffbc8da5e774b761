using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace Nines.Http.Kestrel;

/// <summary>
/// One Kestrel listener in front of one function. The server without the host: no routing, no middleware, no dependency injection on
/// the way of a request, and a start in milliseconds.
/// </summary>
public sealed class HttpListener : IAsyncDisposable
{
    private readonly KestrelServer _server;

    private HttpListener(KestrelServer server)
    {
        _server = server;
    }

    public required IPEndPoint Address { get; init; }

    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<HttpListener> StartAsync(
        IPEndPoint address, HttpLimits limits, RequestDelegate handle, ILoggerFactory logs, CancellationToken cancel)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, AllowSynchronousIO = false };
        options.Limits.MaxRequestBodySize = limits.MaxRequestBytes;
        options.Limits.MaxConcurrentConnections = limits.MaxConnections;
        options.Limits.MaxRequestHeaderCount = HttpLimits.MaxHeaders;
        options.Limits.MaxRequestHeadersTotalSize = HttpLimits.MaxHeaderBytes;
        options.Limits.RequestHeadersTimeout = limits.HeadersTimeout;
        options.Limits.KeepAliveTimeout = limits.KeepAliveTimeout;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.MinBytesPerSecond, limits.RateGrace);
        options.Limits.MinResponseDataRate = new MinDataRate(limits.MinBytesPerSecond, limits.RateGrace);
        options.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);

        // Doors never block, so a request may run on the thread that read it.
        var sockets = new SocketTransportOptions { NoDelay = true, UnsafePreferInlineScheduling = true, IOQueueCount = 0 };
        var server = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(sockets), logs), logs);
        try
        {
            await server.StartAsync(new Application(handle, logs.CreateLogger<HttpListener>()), cancel);
        }
        catch
        {
            server.Dispose();
            throw;
        }

        string bound = server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new HttpListener(server) { Address = new IPEndPoint(address.Address, new Uri(bound).Port) };
    }

    /// <summary>Takes no new connections, and waits for the requests that run until the token ends the patience.</summary>
    public Task StopAsync(CancellationToken patience) => _server.StopAsync(patience);

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    private sealed class Application(RequestDelegate handle, ILogger log) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures)
        {
            // Kestrel keeps the context of a connection between its requests when the feature collection can carry it.
            if (contextFeatures is IHostContextContainer<HttpContext> container)
            {
                if (container.HostContext is DefaultHttpContext used)
                {
                    used.Initialize(contextFeatures);
                    return used;
                }

                var kept = new DefaultHttpContext(contextFeatures);
                container.HostContext = kept;
                return kept;
            }

            return new DefaultHttpContext(contextFeatures);
        }

        public async Task ProcessRequestAsync(HttpContext context)
        {
            try
            {
                await handle(context);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or BadHttpRequestException
                && (context.RequestAborted.IsCancellationRequested || e is BadHttpRequestException))
            {
                // The client is gone, or sent what is no HTTP; Kestrel answers what can be answered.
                log.LogDebug("A request ended early: {Reason}", e.Message);
                if (e is BadHttpRequestException bad && !context.Response.HasStarted)
                {
                    context.Response.StatusCode = bad.StatusCode;
                }
            }
        }

        public void DisposeContext(HttpContext context, Exception? exception)
        {
            if (exception is not null)
            {
                log.LogError(exception, "A request handler failed.");
            }

            (context as DefaultHttpContext)?.Uninitialize();
        }
    }
}
