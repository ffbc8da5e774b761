using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Http;

namespace Nines.Tables.Tests.Support;

/// <summary>A door on a real listener at a free loopback port, and a client of it.</summary>
public abstract class DoorClient : IAsyncDisposable
{
    private readonly HttpServer _server;

    protected DoorClient(HttpServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        _server = server;
        Address = $"http://{server.Address}";
    }

    public string Address { get; }

    public HttpClient Client { get; } = new();

    /// <summary>Sends one operation as an SDK would.</summary>
    public async Task<DoorAnswer> SendAsync(string operation, string body, params (string Name, string Value)[] headers)
    {
        string target = operation.Contains('.', StringComparison.Ordinal) ? operation : "DynamoDB_20120810." + operation;
        using var request = new HttpRequestMessage(HttpMethod.Post, Address)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", target);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await DoorAnswer.OfAsync(await Client.SendAsync(request));
    }

    /// <summary>Waits until no table is being made, changed or deleted.</summary>
    public virtual Task SettleAsync() => Task.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client.Dispose();
        await _server.DisposeAsync();
    }

    protected static Task<HttpServer> ListenAsync(TablesDoor door)
    {
        ArgumentNullException.ThrowIfNull(door);
        return HttpServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), new HttpLimits(17 << 20, 1000), door.HandleAsync, NullLoggerFactory.Instance, [], default);
    }
}
