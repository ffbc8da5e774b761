using System.Text.Json.Nodes;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Query and Scan over several groups: that pages together are everything, once.</summary>
public sealed class PageTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(7, 1)]
    [InlineData(1000, 2)]
    public async Task Pages_of_a_scan_are_every_item_once(int limit, ulong seed)
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 5);
        HashSet<string> wanted = await FillAsync(door, 130, seed);
        List<string> got = await AllAsync(door, "Scan", $$$"""{"TableName":"tab","Limit":{{{limit}}}}""");
        Assert.Equal(wanted.Count, got.Count);
        Assert.True(wanted.SetEquals(got));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(5000)]
    public async Task Segments_part_the_items(int total)
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 5);
        HashSet<string> wanted = await FillAsync(door, 100, 3);
        var got = new List<string>();
        foreach (int segment in Enumerable.Range(0, total))
        {
            got.AddRange(await AllAsync(door, "Scan", $$$"""{"TableName":"tab","Limit":3,"TotalSegments":{{{total}}},"Segment":{{{segment}}}}"""));
        }

        Assert.Equal(wanted.Count, got.Count);
        Assert.True(wanted.SetEquals(got));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_of_a_query_are_the_partition_in_order(bool forward)
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 3);
        await FillAsync(door, 120, 4);
        string query = $$$"""
            {"TableName":"tab","KeyConditionExpression":"h = :h AND r BETWEEN :a AND :b","Limit":4,"ScanIndexForward":{{{(forward ? "true" : "false")}}},
            "ExpressionAttributeValues":{":h":{"S":"p1"},":a":{"N":"-20"},":b":{"N":"30"} } }
            """;
        List<string> got = await AllAsync(door, "Query", query);
        List<string> whole = await AllAsync(door, "Scan", """{"TableName":"tab"}""");
        IEnumerable<string> wanted = whole
            .Where(k => k.StartsWith("p1/", StringComparison.Ordinal))
            .Select(k => int.Parse(k[3..])).Where(r => r is >= -20 and <= 30).Order().Select(r => $"p1/{r}");
        Assert.Equal(forward ? wanted : wanted.Reverse(), got);
        Assert.NotEmpty(got);
    }

    [Fact]
    public async Task A_page_ends_at_a_megabyte_before_the_filter()
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 1);
        await door.CreateTableAsync("big", "h:S", "r:N");
        string text = new('x', 100_000);
        for (int i = 0; i < 25; i++)
        {
            Assert.Equal(200, (await door.SendAsync(
                "PutItem", $$$"""{"TableName":"big","Item":{"h":{"S":"a"},"r":{"N":"{{{i}}}"},"v":{"S":"{{{text}}}"} } }""")).Status);
        }

        JsonNode page = await PageAsync(door, "Query", """
            {"TableName":"big","KeyConditionExpression":"h = :h","FilterExpression":"r2 = :h","ExpressionAttributeValues":{":h":{"S":"a"}},"ReturnConsumedCapacity":"TOTAL"}
            """);

        // 11 items of 100,006 bytes are the first to reach 1,048,576.
        Assert.Equal(11, (int)page["ScannedCount"]!);
        Assert.Equal(0, (int)page["Count"]!);
        Assert.Equal("10", (string)page["LastEvaluatedKey"]!["r"]!["N"]!);
        Assert.Equal(134.5m, (decimal)page["ConsumedCapacity"]!["CapacityUnits"]!);
        Assert.Equal(25, (await AllAsync(door, "Query", """
            {"TableName":"big","KeyConditionExpression":"h = :h","ExpressionAttributeValues":{":h":{"S":"a"}},"ProjectionExpression":"h, r"}
            """)).Count);
    }

    [Fact]
    public async Task A_group_that_does_not_know_the_table_yet_is_told()
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 2);
        HashSet<string> wanted = await FillAsync(door, 50, 5);
        bool hidden = false;
        door.Replicated.Interfere = (group, isWrite) =>
        {
            if (isWrite || hidden || group == GroupId.Control)
            {
                return null;
            }

            hidden = true;
            return new Answer { Outcome = Outcome.Done, Group = group, Body = new[] { (byte)AnswerStatus.UnknownTable } };
        };
        Assert.True(wanted.SetEquals(await AllAsync(door, "Scan", """{"TableName":"tab"}""")));
        Assert.Equal(Consistency.Strong, door.Replicated.LastConsistency);
    }

    [Fact]
    public async Task A_table_that_was_made_again_is_read_by_its_new_keys()
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 2);
        await using var other = new EmbeddedTableEngine(door.Replicated, TimeProvider.System);
        await FillAsync(door, 10, 6);
        var call = new TableCall { Timeout = TimeSpan.FromSeconds(5) };
        _ = await other.DeleteTableAsync("tab", call);
        _ = await other.CreateTableAsync(
            new TableDescription { Name = "tab", Hash = new KeyAttribute("id", AttributeType.String), Billing = BillingMode.PayPerRequest }, call);
        JsonNode error = await PageAsync(door, "Scan", """{"TableName":"tab","ExclusiveStartKey":{"h":{"S":"a"},"r":{"N":"1"}}}""", 400);
        Assert.Contains("does not match the schema", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Equal(0, (int)(await PageAsync(door, "Scan", """{"TableName":"tab"}"""))["Count"]!);
    }

    [Fact]
    public async Task A_page_of_a_group_that_is_away_was_not_read()
    {
        await using DoorHost door = await DoorHost.StartAsync(groups: 4);
        await FillAsync(door, 50, 7);
        door.Replicated.Interfere = (group, _) => group.Value == 3
            ? new Answer { Outcome = Outcome.NotDone, Reason = Reason.NoLeader, Group = group }
            : null;
        JsonNode error = await PageAsync(door, "Scan", """{"TableName":"tab"}""", 503);
        Assert.EndsWith("ServiceUnavailable", (string)error["__type"]!);
    }

    private static async Task<HashSet<string>> FillAsync(DoorHost door, int items, ulong seed)
    {
        await door.CreateTableAsync("tab", "h:S", "r:N");
        var prng = new Prng(seed);
        var keys = new HashSet<string>();
        for (int i = 0; i < items; i++)
        {
            (int h, int r) = (prng.Below(12), prng.Between(-50, 50));
            DoorAnswer answer = await door.SendAsync(
                "PutItem", $$$"""{"TableName":"tab","Item":{"h":{"S":"p{{{h}}}"},"r":{"N":"{{{r}}}"},"v":{"S":"x"} } }""");
            Assert.Equal(200, answer.Status);
            keys.Add($"p{h}/{r}");
        }

        return keys;
    }

    private static async Task<List<string>> AllAsync(DoorHost door, string operation, string request)
    {
        var keys = new List<string>();
        JsonNode? start = null;
        do
        {
            JsonNode body = JsonNode.Parse(request)!;
            if (start is not null)
            {
                body["ExclusiveStartKey"] = start.DeepClone();
            }

            JsonNode page = await PageAsync(door, operation, body.ToJsonString());
            keys.AddRange(page["Items"]!.AsArray().Select(i => $"{i!["h"]!["S"]}/{i["r"]!["N"]}"));
            Assert.Equal((int)page["Count"]!, page["Items"]!.AsArray().Count);
            start = page["LastEvaluatedKey"];
        }
        while (start is not null);
        return keys;
    }

    private static async Task<JsonNode> PageAsync(DoorHost door, string operation, string request, int status = 200)
    {
        DoorAnswer answer = await door.SendAsync(operation, request);
        Assert.True(status == answer.Status, answer.Body);
        return JsonNode.Parse(answer.Body)!;
    }
}
