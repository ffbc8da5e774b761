using System.Text;
using System.Text.Json;
using Nines.Node.Commands.Tables;
using Nines.Tables.Tests.Support;

namespace Nines.Node.Tests.Commands.Tables;

public sealed class ExportImportTests : IDisposable
{
    private const string Described = """{"Table":{"TableName":"t","TableStatus":"ACTIVE","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}}""";

    private readonly string _directory = Directory.CreateTempSubdirectory("nines-tables-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_export_reads_all_pages_of_all_segments()
    {
        var door = new FakeDoor(SegmentedScan);
        TablesRun run = await TablesRun.Of(door, ["export", "t", "--segments", "3", "--strong"]);
        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.Equal(
            ["""{"Item":{"id":{"N":"0"}}}""", """{"Item":{"id":{"N":"1"}}}""", """{"Item":{"id":{"N":"10"}}}""", """{"Item":{"id":{"N":"11"}}}""", """{"Item":{"id":{"N":"20"}}}""", """{"Item":{"id":{"N":"21"}}}"""],
            run.Lines.Order(StringComparer.Ordinal));
        Assert.All(door.Requests, r => Assert.Equal("True", r["ConsistentRead"]));
        Assert.Contains("exported t: 6 items", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_there_only_when_it_is_whole()
    {
        string path = Path.Combine(_directory, "t.jsonl");
        var broken = new FakeDoor(r => r["ExclusiveStartKey"] == "" ? SegmentedScan(r) : FakeAnswer.Error(400, "AccessDeniedException"));
        TablesRun failed = await TablesRun.Of(broken, ["export", "t", "--out", path]);
        Assert.Equal(ExitCodes.NotWell, failed.ExitCode);
        Assert.False(File.Exists(path));
        Assert.True(File.Exists(path + ".partial"));

        TablesRun whole = await TablesRun.Of(new FakeDoor(SegmentedScan), ["export", "t", "--out", path, "--json"]);
        Assert.Equal(ExitCodes.Success, whole.ExitCode);
        Assert.Equal(8, File.ReadAllLines(path).Length);
        Assert.False(File.Exists(path + ".partial"));
        JsonElement figures = JsonElement.Parse(whole.Out);
        Assert.Equal(8, figures.GetProperty("items").GetInt32());
        Assert.Equal(new FileInfo(path).Length, figures.GetProperty("bytes").GetInt64());

        TablesRun again = await TablesRun.Of(new FakeDoor(SegmentedScan), ["export", "t", "--out", path]);
        Assert.Equal(ExitCodes.Usage, again.ExitCode);
        Assert.Contains("--force replaces it", again.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, (await TablesRun.Of(new FakeDoor(SegmentedScan), ["export", "t", "--out", path, "--force"])).ExitCode);
    }

    [Fact]
    public async Task A_packed_export_is_imported_again()
    {
        string path = Path.Combine(_directory, "t.jsonl.gz");
        await TablesRun.Of(new FakeDoor(SegmentedScan), ["export", "t", "--out", path]);
        Assert.Equal(0x1F, File.ReadAllBytes(path)[0]);
        var door = new FakeDoor(Take);
        Assert.Equal(ExitCodes.Success, (await TablesRun.Of(door, ["import", "t", path])).ExitCode);
        Assert.Equal(8, door.Of("BatchWriteItem").Sum(r => Items(r).Count));
    }

    [Fact]
    public async Task All_spellings_of_an_item_arrive_in_the_real_door()
    {
        await using DoorHost door = await DoorHost.StartAsync();
        using var http = new SocketsHttpHandler();
        string description = Path.Combine(_directory, "people.json");
        await File.WriteAllTextAsync(description, """{"Table":{"TableName":"old","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"TableStatus":"ACTIVE"}}""");
        string lines = string.Join('\n', Enumerable.Range(0, 60).Select(i => $$"""{"id":"plain{{i}}"}""")) + "\n\r\n" + """
            {"Item":{"id":{"S":"wrapped"}}}
            {"Item":{"id":"wrapped and plain"}}
            {"id":{"S":"bare"}}
            """;
        TablesRun run = await TablesRun.Of(http, ["import", "people", "-", "--create", description, "--endpoint", door.Address, "--json"], lines);
        Assert.Equal(ExitCodes.Success, run.ExitCode);
        JsonElement figures = JsonElement.Parse(run.Out);
        Assert.Equal(63, figures.GetProperty("items").GetInt32());
        Assert.True(figures.GetProperty("complete").GetBoolean());
        foreach (string id in new[] { "plain59", "wrapped", "wrapped and plain", "bare" })
        {
            Assert.Equal(ExitCodes.Success, (await TablesRun.Of(http, ["get", "people", "id=" + id, "--strong", "--endpoint", door.Address])).ExitCode);
        }
    }

    [Fact]
    public async Task A_bad_line_is_told_by_its_number_and_the_others_are_written()
    {
        await using DoorHost host = await DoorHost.StartAsync();
        await host.CreateTableAsync("people");
        using var http = new SocketsHttpHandler();
        string lines = """
            {"id":"a"}
            nonsense
            {"id":{"S":"b"},"n":1}
            {"name":"no key"}
            {"id":"c","n":{"N":"x"},"m":{"S":"y"}}
            {"id":{"S":"d"},"n":{"N":"not a number"}}
            {"id":"e"}
            """;
        TablesRun run = await TablesRun.Of(http, ["import", "people", "-", "--endpoint", host.Address], lines);
        Assert.Equal(ExitCodes.NotWell, run.ExitCode);
        Assert.Contains("line 2: is not JSON", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 3: \"id\" has a type", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 4: the item has not the table's key, id=TEXT", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 5: \"n\" has a type", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 6: The parameter cannot be converted to a numeric value", run.Error, StringComparison.Ordinal);
        Assert.Contains("7 lines read, 5 bad: 2 items", run.Error, StringComparison.Ordinal);
        Assert.Equal("""{"id":"e"}""", (await TablesRun.Of(http, ["get", "people", "id=e", "--plain", "--endpoint", host.Address])).Out.Trim());
    }

    [Fact]
    public async Task What_comes_back_unprocessed_is_sent_again_after_a_while()
    {
        int batches = 0;
        var time = new ImmediateTime();
        var door = new FakeDoor(r => r.Operation == "BatchWriteItem" && ++batches <= 3 ? Unprocessed(r, keep: 1) : Take(r));
        TablesRun run = await TablesRun.Of(door, ["import", "t", "-", "--json"], Lines(5), time: time);
        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.Equal([5, 4, 3, 2], door.Of("BatchWriteItem").Select(r => Items(r).Count));
        Assert.Equal(5, JsonElement.Parse(run.Out).GetProperty("items").GetInt32());
        Assert.Equal(3, time.Waits.Count);
    }

    [Fact]
    public async Task Patience_with_unprocessed_items_ends_and_says_how_far_it_came()
    {
        var door = new FakeDoor(r => r.Operation == "BatchWriteItem" ? Unprocessed(r, keep: 0) : Take(r));
        TablesRun run = await TablesRun.Of(door, ["import", "t", "-", "--json"], Lines(5));
        Assert.Equal(ExitCodes.NotWell, run.ExitCode);
        Assert.Equal(Backoff.AttemptsMax, door.Of("BatchWriteItem").Count());
        Assert.Contains("5 items of a batch came back unprocessed 12 times in a row", run.Error, StringComparison.Ordinal);
        Assert.False(JsonElement.Parse(run.Out).GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task Batches_are_as_large_as_allowed_and_a_key_is_in_each_only_once()
    {
        var door = new FakeDoor(Take);
        string lines = Lines(60) + """
            {"id":59,"again":1}
            {"id":59.0,"again":2}
            """;
        await TablesRun.Of(door, ["import", "t", "-", "--parallel", "4"], lines);
        List<List<string>> batches = [.. door.Of("BatchWriteItem").Select(Items)];
        Assert.Equal(62, batches.Sum(b => b.Count));
        Assert.All(batches, b => Assert.InRange(b.Count, 1, BatchWriter.BatchItems));
        Assert.All(batches, b => Assert.InRange(b.Count(i => i.Contains("\"59", StringComparison.Ordinal)), 0, 1));
        List<string> same = [.. batches.SelectMany(b => b).Where(i => i.Contains("\"59", StringComparison.Ordinal))];
        Assert.Contains("\"again\":{\"N\":\"2\"}", same[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_table_and_a_missing_file_are_said_so()
    {
        var none = new FakeDoor(_ => FakeAnswer.Error(400, "ResourceNotFoundException", "Requested resource not found"));
        TablesRun table = await TablesRun.Of(none, ["import", "t", "-"], Lines(1));
        Assert.Equal(ExitCodes.NotWell, table.ExitCode);
        Assert.Contains("nines tables list", table.Error, StringComparison.Ordinal);
        TablesRun file = await TablesRun.Of(none, ["import", "t", Path.Combine(_directory, "none")]);
        Assert.Equal(ExitCodes.NotWell, file.ExitCode);
        Assert.Contains("Could not find file", file.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_description_becomes_the_request_that_makes_such_a_table()
    {
        var described = (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(FakeTables.Indexed)!;
        string request = TableCreation.Request("copy", described).ToJsonString();
        Assert.Contains("\"TableName\":\"copy\"", request, StringComparison.Ordinal);
        Assert.Contains("\"ProvisionedThroughput\":{\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":6}", request, StringComparison.Ordinal);
        Assert.Contains("\"IndexName\":\"byName\"", request, StringComparison.Ordinal);
        Assert.All(["IndexStatus", "ItemCount", "TableId", "NumberOfDecreasesToday"], own => Assert.DoesNotContain(own, request, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\nbc\n", "a", "bc")]
    [InlineData("a\n\nb", "a", "", "b")]
    [InlineData("")]
    [InlineData("\n", "")]
    public async Task Lines_end_at_line_feeds_however_the_bytes_arrive(string text, params string[] expected)
    {
        Assert.Equal(expected, await ReadAsync(new Trickle(Encoding.UTF8.GetBytes(text))));
        Assert.Equal(expected, await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public async Task A_line_may_be_long_but_not_endless()
    {
        string longest = new('x', 300_000);
        Assert.Equal([longest, longest, "y"], await ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes($"{longest}\n{longest}\ny"))));
        var endless = new MemoryStream(new byte[(2 * LineReader.LineMax) + 1]);
        FormatException e = await Assert.ThrowsAsync<FormatException>(() => ReadAsync(endless));
        Assert.Contains("line 1 is longer", e.Message, StringComparison.Ordinal);
    }

    private static async Task<List<string>> ReadAsync(Stream stream)
    {
        var reader = new LineReader(stream);
        List<string> lines = [];
        while (await reader.ReadAsync(default) is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line.Span));
        }

        Assert.Equal(lines.Count, reader.Number);
        return lines;
    }

    private static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"{{\"id\":{i}}}\n"));

    /// <summary>Two pages of one item for each segment.</summary>
    private static FakeAnswer SegmentedScan(FakeRequest request)
    {
        int segment = request.Body.TryGetProperty("Segment", out JsonElement given) ? given.GetInt32() : 0;
        return request["ExclusiveStartKey"] == ""
            ? new FakeAnswer($$$$"""{"Items":[{"id":{"N":"{{{{segment * 10}}}}"}}],"Count":1,"LastEvaluatedKey":{"id":{"N":"{{{{segment * 10}}}}"}}}""")
            : new FakeAnswer($$$"""{"Items":[{"id":{"N":"{{{(segment * 10) + 1}}}"}}],"Count":1}""");
    }

    private static FakeAnswer Take(FakeRequest request) => new(request.Operation == "DescribeTable" ? Described : """{"UnprocessedItems":{}}""");

    private static FakeAnswer Unprocessed(FakeRequest request, int keep)
    {
        IEnumerable<string> back = Items(request).Skip(keep).Select(i => $$$"""{"PutRequest":{"Item":{{{i}}}}}""");
        return new FakeAnswer($$$"""{"UnprocessedItems":{"t":[{{{string.Join(',', back)}}}]}}""");
    }

    private static List<string> Items(FakeRequest batch) =>
        [.. batch.Body.GetProperty("RequestItems").GetProperty("t").EnumerateArray().Select(r => r.GetProperty("PutRequest").GetProperty("Item").GetRawText())];

    /// <summary>Gives a byte at a time.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
