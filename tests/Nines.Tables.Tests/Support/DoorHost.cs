using System.Text;
using Nines.Http;
using Nines.Tables.Engines;

namespace Nines.Tables.Tests.Support;

/// <summary>The whole door over groups in memory.</summary>
public sealed class DoorHost : DoorClient
{
    private DoorHost(HttpServer server, MemoryReplicated replicated, EmbeddedTableEngine engine)
        : base(server)
    {
        Replicated = replicated;
        Engine = engine;
    }

    public MemoryReplicated Replicated { get; }

    public EmbeddedTableEngine Engine { get; }

    /// <summary>Starts a door.</summary>
    /// <param name="groups">How many data groups there are.</param>
    /// <param name="options">The door's, but for the node's name.</param>
    /// <param name="time">When given, what commands leave to do is done as this time passes.</param>
    /// <param name="throughputNodes">Over how many nodes tables are held to their provisioned throughput; zero: they are not.</param>
    public static async Task<DoorHost> StartAsync(int groups = 4, TablesDoorOptions? options = null, TimeProvider? time = null, int throughputNodes = 0)
    {
        var replicated = new MemoryReplicated(groups);
        var engine = new EmbeddedTableEngine(replicated, time ?? new DoorTime(), throughputNodes: throughputNodes);
        if (time is not null)
        {
            engine.Start();
        }

        HttpServer server = await ListenAsync(new TablesDoor(engine, (options ?? new TablesDoorOptions()) with { Node = "n1" }));
        return new DoorHost(server, replicated, engine);
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

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
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
