using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nines.Http;
using Nines.Tables.Engines;

namespace Nines.Tables.Tests.Support;

/// <summary>The whole door over groups in memory, on a real listener at a free loopback port.</summary>
public sealed class DoorHost : IAsyncDisposable
{
    private readonly HttpServer _server;
    private readonly HttpClient _client = new();

    private DoorHost(HttpServer server, MemoryReplicated replicated, EmbeddedTableEngine engine)
    {
        _server = server;
        Replicated = replicated;
        Engine = engine;
        Address = $"http://{server.Address}";
    }

    public MemoryReplicated Replicated { get; }

    public EmbeddedTableEngine Engine { get; }

    public string Address { get; }

    public HttpClient Client => _client;

    public static async Task<DoorHost> StartAsync(int groups = 4, TablesDoorOptions? options = null)
    {
        var replicated = new MemoryReplicated(groups);
        var engine = new EmbeddedTableEngine(replicated, new DoorTime());
        var door = new TablesDoor(engine, (options ?? new TablesDoorOptions()) with { Node = "n1" });
        HttpServer server = await HttpServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), new HttpLimits(17 << 20, 1000), door.HandleAsync, NullLoggerFactory.Instance, [], default);
        return new DoorHost(server, replicated, engine);
    }

    /// <summary>Sends one operation as an SDK would.</summary>
    public async Task<DoorAnswer> SendAsync(string operation, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "DynamoDB_20120810." + operation);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await DoorAnswer.OfAsync(await _client.SendAsync(request));
    }

    /// <summary>Makes a table and waits until it takes items.</summary>
    public async Task CreateTableAsync(string name, string hash = "id:S", string? range = null)
    {
        string[] keys = range is null ? [hash] : [hash, range];
        string definitions = string.Join(",", keys.Select(k =>
            $$"""{"AttributeName":"{{k.Split(':')[0]}}","AttributeType":"{{k.Split(':')[1]}}"}"""));
        string schema = string.Join(",", keys.Select((k, i) =>
            $$"""{"AttributeName":"{{k.Split(':')[0]}}","KeyType":"{{(i == 0 ? "HASH" : "RANGE")}}"}"""));
        DoorAnswer answer = await SendAsync(
            "CreateTable",
            $$"""{"TableName":"{{name}}","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{{definitions}}],"KeySchema":[{{schema}}]}""");
        Assert.True(answer.Status == 200, answer.Body);

        // The groups in memory answer at once, so the table is carried on before the answer is out.
        Assert.Contains("\"ACTIVE\"", (await SendAsync("DescribeTable", $$"""{"TableName":"{{name}}"}""")).Body, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await Engine.DisposeAsync();
    }
}

/// <summary>An HTTP answer, read whole.</summary>
public sealed record DoorAnswer(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string this[string header] => Headers.TryGetValue(header, out string? value) ? value : "";

    public static async Task<DoorAnswer> OfAsync(HttpResponseMessage response)
    {
        using (response)
        {
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            var headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase);
            return new DoorAnswer((int)response.StatusCode, Encoding.UTF8.GetString(body), headers);
        }
    }
}
