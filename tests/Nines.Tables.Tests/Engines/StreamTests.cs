using System.Text.Json.Nodes;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Streams over several groups: what is in them, where readers begin, what they are told when it is gone.</summary>
public sealed class StreamTests
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    [Theory]
    [InlineData("KEYS_ONLY")]
    [InlineData("NEW_IMAGE")]
    [InlineData("OLD_IMAGE")]
    [InlineData("NEW_AND_OLD_IMAGES")]
    public async Task A_stream_is_the_log_of_changes_of_each_key(string view)
    {
        await using StreamHost host = await StreamHost.StartAsync(view);
        var changes = new ChangeLog(view);
        await changes.MakeAsync(host, 400);

        List<JsonNode> records = await host.RecordsAsync(await host.LatestArnAsync(), limit: 7);
        Assert.Equal(changes.Expected, ChangeLog.Of(records));
        Assert.Equal(records.Count, records.Select(record => record["eventID"]!.ToString()).Distinct().Count());
        foreach (IGrouping<string, JsonNode> key in records.GroupBy(record => record["dynamodb"]!["Keys"]!["id"]!["S"]!.ToString()))
        {
            string[] numbers = [.. key.Select(record => record["dynamodb"]!["SequenceNumber"]!.ToString())];
            Assert.Equal(numbers.Order(StringComparer.Ordinal), numbers);
        }
    }

    [Fact]
    public async Task A_record_says_what_happened_when_and_where()
    {
        await using StreamHost host = await StreamHost.StartAsync();
        await host.PutAsync("a", ""","n":{"N":"1"}""");
        JsonNode record = Assert.Single(await host.RecordsAsync(await host.LatestArnAsync()));
        string sequence = record["dynamodb"]!["SequenceNumber"]!.ToString();
        Assert.Equal(25, sequence.Length);
        record["eventID"] = "";
        record["dynamodb"]!["SequenceNumber"] = "";
        Assert.Equal(
            """
            {"awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"id":{"S":"a"}},
            "NewImage":{"id":{"S":"a"},"n":{"N":"1"}},"SequenceNumber":"","SizeBytes":9,"StreamViewType":"NEW_AND_OLD_IMAGES"},
            "eventID":"","eventName":"INSERT","eventSource":"aws:dynamodb","eventVersion":"1.1"}
            """.ReplaceLineEndings(""),
            record.ToJsonString());
    }

    [Fact]
    public async Task A_stream_that_is_switched_off_can_be_read_to_its_end_for_24_hours()
    {
        await using StreamHost host = await StreamHost.StartAsync();
        await host.PutAsync("a");
        string first = await host.LatestArnAsync();
        await host.SwitchAsync(null);
        await host.PutAsync("between");
        Assert.Equal(first, await host.LatestArnAsync());
        await host.SwitchAsync("KEYS_ONLY");
        string second = await host.LatestArnAsync();
        await host.PutAsync("b");

        Assert.NotEqual(first, second);
        Assert.Equal(["a"], Ids(await host.RecordsAsync(first)));
        Assert.Equal(["b"], Ids(await host.RecordsAsync(second)));
        foreach (string shard in await host.ShardsAsync(first))
        {
            Assert.True((await host.DrainAsync(await host.IteratorAsync(first, shard))).IsEnded);
        }

        foreach (string shard in await host.ShardsAsync(second))
        {
            Assert.False((await host.DrainAsync(await host.IteratorAsync(second, shard))).IsEnded);
        }

        host.Pass(Day);
        Assert.Equal("ResourceNotFoundException", await host.RefusedAsync("DescribeStream", $$"""{"StreamArn":"{{first}}"}"""));
        JsonNode listed = await host.SendAsync("DynamoDBStreams_20120810.ListStreams", "{}");
        Assert.Equal(second, Assert.Single(listed["Streams"]!.AsArray())!["StreamArn"]!.ToString());
    }

    [Fact]
    public async Task Records_are_gone_after_24_hours_whether_they_were_dropped_or_not()
    {
        await using StreamHost host = await StreamHost.StartAsync(groups: 1);
        string arn = await host.LatestArnAsync();
        string shard = Assert.Single(await host.ShardsAsync(arn));
        await host.PutAsync("a");
        await host.PutAsync("b");
        string first = Sequence((await host.RecordsAsync(arn))[0]);
        host.Pass(Day - TimeSpan.FromMinutes(1));
        await host.PutAsync("c");
        Assert.Equal(["a", "b", "c"], Ids(await host.RecordsAsync(arn)));

        host.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(["c"], Ids(await host.RecordsAsync(arn)));
        Assert.Equal("TrimmedDataAccessException", await host.RefusedAsync("GetShardIterator", StreamHost.IteratorBody(arn, shard, "AT_SEQUENCE_NUMBER", first)));

        host.Pass(Day);
        Assert.Empty(await host.RecordsAsync(arn));
        await host.PutAsync("d");
        Assert.Equal(["d"], Ids(await host.RecordsAsync(arn)));
    }

    [Fact]
    public async Task A_reader_begins_where_it_asks_to()
    {
        await using StreamHost host = await StreamHost.StartAsync(groups: 1);
        string arn = await host.LatestArnAsync();
        string shard = Assert.Single(await host.ShardsAsync(arn));
        await host.PutAsync("a");
        await host.PutAsync("b");
        string latest = await host.IteratorAsync(arn, shard, "LATEST");
        await host.PutAsync("c");
        string b = Sequence((await host.RecordsAsync(arn))[1]);

        Assert.Equal(["c"], Ids((await host.DrainAsync(latest)).Records));
        Assert.Equal(["b", "c"], Ids((await host.DrainAsync(await host.IteratorAsync(arn, shard, "AT_SEQUENCE_NUMBER", b))).Records));
        Assert.Equal(["c"], Ids((await host.DrainAsync(await host.IteratorAsync(arn, shard, "AFTER_SEQUENCE_NUMBER", b))).Records));
        Assert.Equal(["a", "b", "c"], Ids((await host.DrainAsync(await host.IteratorAsync(arn, shard), limit: 1)).Records));
    }

    [Fact]
    public async Task An_iterator_is_good_for_15_minutes_and_only_as_it_was_given_out()
    {
        await using StreamHost host = await StreamHost.StartAsync(groups: 1);
        string arn = await host.LatestArnAsync();
        string iterator = await host.IteratorAsync(arn, Assert.Single(await host.ShardsAsync(arn)));
        host.Time.Tick(TimeSpan.FromMinutes(15));
        _ = await host.PageAsync(iterator);
        host.Time.Tick(TimeSpan.FromMilliseconds(1));
        Assert.Equal("ExpiredIteratorException", await host.RefusedAsync("GetRecords", $$"""{"ShardIterator":"{{iterator}}"}"""));
        string other = iterator[..^3] + (iterator[^3] == 'A' ? 'B' : 'A') + iterator[^2..];
        Assert.Equal("ValidationException", await host.RefusedAsync("GetRecords", $$"""{"ShardIterator":"{{other}}"}"""));
    }

    [Fact]
    public async Task A_page_is_about_a_megabyte()
    {
        await using StreamHost host = await StreamHost.StartAsync("NEW_IMAGE", groups: 1);
        string arn = await host.LatestArnAsync();
        for (int i = 0; i < 6; i++)
        {
            await host.PutAsync($"k{i}", $$""","b":{"S":"{{new string('x', 390_000)}}"}""");
        }

        (IReadOnlyList<JsonNode> page, string? next) = await host.PageAsync(await host.IteratorAsync(arn, Assert.Single(await host.ShardsAsync(arn))));
        Assert.InRange(page.Count, 2, 3);
        Assert.NotNull(next);
        Assert.Equal(["k0", "k1", "k2", "k3", "k4", "k5"], Ids(await host.RecordsAsync(arn)));
    }

    [Fact]
    public async Task A_change_that_not_every_group_knows_is_carried_on_and_meanwhile_the_table_is_updating()
    {
        await using StreamHost host = await StreamHost.StartAsync(view: null);
        host.Door.Replicated.Interfere = (group, isWrite) =>
            isWrite && group.Value == 2 ? new Kernel.Answer { Outcome = Kernel.Outcome.NotDone, Group = group } : null;
        await host.SwitchAsync("KEYS_ONLY");
        JsonNode table = await host.TableAsync();
        Assert.Equal("UPDATING", table["TableStatus"]!.ToString());
        JsonNode described = await host.SendAsync(
            "DynamoDBStreams_20120810.DescribeStream", $$"""{"StreamArn":"{{table["LatestStreamArn"]}}"}""");
        Assert.Equal("ENABLING", described["StreamDescription"]!["StreamStatus"]!.ToString());

        host.Door.Replicated.Interfere = null;
        host.Sweep();
        Assert.Equal("ACTIVE", (await host.TableAsync())["TableStatus"]!.ToString());
        for (int i = 0; i < 20; i++)
        {
            await host.PutAsync($"k{i}");
        }

        Assert.Equal(20, (await host.RecordsAsync(await host.LatestArnAsync())).Count);
    }

    private static IEnumerable<string> Ids(IEnumerable<JsonNode> records) =>
        records.Select(record => record["dynamodb"]!["Keys"]!["id"]!["S"]!.ToString());

    private static string Sequence(JsonNode record) => record["dynamodb"]!["SequenceNumber"]!.ToString();
}
