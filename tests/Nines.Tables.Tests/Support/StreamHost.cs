using System.Text.Json.Nodes;

namespace Nines.Tables.Tests.Support;

/// <summary>A door whose clocks are the test's, with a table "tab" of the key "id" and what tests of streams and expiry do with it.</summary>
public sealed class StreamHost : IAsyncDisposable
{
    private const string Streams = "DynamoDBStreams_20120810.";

    private StreamHost(DoorHost door, ManualTime time)
    {
        Door = door;
        Time = time;
    }

    public DoorHost Door { get; }

    public ManualTime Time { get; }

    /// <summary>With a stream when there is a view.</summary>
    public static async Task<StreamHost> StartAsync(string? view = "NEW_AND_OLD_IMAGES", int groups = 3)
    {
        var time = new ManualTime();
        var host = new StreamHost(await DoorHost.StartAsync(groups, time: time), time);
        host.Door.Engine.Start();
        string stream = view is null ? "" : $$""","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"{{view}}"}""";
        await host.SendAsync("CreateTable", $$"""
            {"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
            "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]{{stream}}}
            """);
        return host;
    }

    /// <summary>Sends what must be done.</summary>
    public async Task<JsonNode> SendAsync(string operation, string body)
    {
        DoorAnswer answer = await Door.SendAsync(operation, body);
        Assert.True(answer.Status == 200, $"{operation} {body}: {answer.Body}");
        return answer.Body.Length == 0 ? new JsonObject() : JsonNode.Parse(answer.Body)!;
    }

    /// <summary>Sends an operation of streams that must be refused; the last part of the type of the error.</summary>
    public async Task<string> RefusedAsync(string operation, string body)
    {
        DoorAnswer answer = await Door.SendAsync(Streams + operation, body);
        Assert.Equal(400, answer.Status);
        return JsonNode.Parse(answer.Body)!["__type"]!.ToString().Split('#')[^1];
    }

    public Task PutAsync(string id, string more = "") =>
        SendAsync("PutItem", $$$"""{"TableName":"tab","Item":{"id":{"S":"{{{id}}}"}{{{more}}}}}""");

    public async Task<bool> ExistsAsync(string id, bool isStrong = true) =>
        (await SendAsync("GetItem", $$$"""{"TableName":"tab","ConsistentRead":{{{(isStrong ? "true" : "false")}}},"Key":{"id":{"S":"{{{id}}}"} } }"""))["Item"] is not null;

    public async Task<JsonNode> TableAsync() => (await SendAsync("DescribeTable", """{"TableName":"tab"}"""))["Table"]!;

    public async Task<string> LatestArnAsync() => (await TableAsync())["LatestStreamArn"]!.ToString();

    public async Task SwitchAsync(string? view)
    {
        string wanted = view is null ? """{"StreamEnabled":false}""" : $$"""{"StreamEnabled":true,"StreamViewType":"{{view}}"}""";
        await SendAsync("UpdateTable", $$"""{"TableName":"tab","StreamSpecification":{{wanted}}}""");
    }

    public async Task<IReadOnlyList<string>> ShardsAsync(string arn)
    {
        JsonNode described = await SendAsync(Streams + "DescribeStream", $$"""{"StreamArn":"{{arn}}"}""");
        return [.. described["StreamDescription"]!["Shards"]!.AsArray().Select(shard => shard!["ShardId"]!.ToString())];
    }

    /// <summary>An iterator; with a sequence number where the type needs one.</summary>
    public async Task<string> IteratorAsync(string arn, string shard, string type = "TRIM_HORIZON", string? sequence = null)
    {
        JsonNode answer = await SendAsync(Streams + "GetShardIterator", IteratorBody(arn, shard, type, sequence));
        return answer["ShardIterator"]!.ToString();
    }

    public static string IteratorBody(string arn, string shard, string type, string? sequence = null) =>
        $$"""{"StreamArn":"{{arn}}","ShardId":"{{shard}}","ShardIteratorType":"{{type}}"{{(sequence is null ? "" : $",\"SequenceNumber\":\"{sequence}\"")}}}""";

    /// <summary>One page.</summary>
    public async Task<(IReadOnlyList<JsonNode> Records, string? Next)> PageAsync(string iterator, int limit = 1000)
    {
        JsonNode answer = await SendAsync(Streams + "GetRecords", $$"""{"ShardIterator":"{{iterator}}","Limit":{{limit}}}""");
        return ([.. answer["Records"]!.AsArray().Select(record => record!)], answer["NextShardIterator"]?.ToString());
    }

    /// <summary>All that a shard has from an iterator on, a page of a limit at a time, and whether it has ended.</summary>
    public async Task<(List<JsonNode> Records, bool IsEnded)> DrainAsync(string iterator, int limit = 1000)
    {
        var all = new List<JsonNode>();
        string? at = iterator;
        while (at is not null)
        {
            (IReadOnlyList<JsonNode> records, at) = await PageAsync(at, limit);
            all.AddRange(records);
            if (records.Count == 0)
            {
                break;
            }
        }

        return (all, at is null);
    }

    /// <summary>All records of all shards, shard by shard.</summary>
    public async Task<List<JsonNode>> RecordsAsync(string arn, int limit = 1000)
    {
        var all = new List<JsonNode>();
        foreach (string shard in await ShardsAsync(arn))
        {
            all.AddRange((await DrainAsync(await IteratorAsync(arn, shard), limit)).Records);
        }

        return all;
    }

    /// <summary>The clocks of nodes and groups go on together, and what is done once a second is done.</summary>
    public void Pass(TimeSpan by)
    {
        Door.Replicated.Pass(by);
        Time.Tick(by);
        Sweep();
    }

    /// <summary>Long enough for leaders to look at their groups, and for sweeps over tables.</summary>
    public void Sweep()
    {
        for (int i = 0; i < 30; i++)
        {
            Door.Replicated.Pass(TimeSpan.FromMilliseconds(500));
            Time.Tick(TimeSpan.FromMilliseconds(500));
        }
    }

    public ValueTask DisposeAsync() => Door.DisposeAsync();
}
