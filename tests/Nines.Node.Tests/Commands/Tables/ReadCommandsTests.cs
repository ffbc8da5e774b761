using System.Text.Json;

namespace Nines.Node.Tests.Commands.Tables;

public sealed class ReadCommandsTests : IDisposable
{
    private const string One = """{"Items":[{"id":{"S":"a"},"n":{"N":"1"}}],"Count":1,"ScannedCount":3}""";

    private readonly FakeDoor _door = new(r => new FakeAnswer(r.Operation == "DescribeTable" ? $$"""{"Table":{{FakeTables.Indexed}}}""" : One));

    public void Dispose() => _door.Dispose();

    [Theory]
    [InlineData("id=a", "#nines_p = :nines_p", """{":nines_p":{"S":"a"}}""")]
    [InlineData("id=a|n=5", "#nines_p = :nines_p AND #nines_s = :nines_s0", """{":nines_p":{"S":"a"},":nines_s0":{"N":"5"}}""")]
    [InlineData("""{"id":"a","n":5}""", "#nines_p = :nines_p AND #nines_s = :nines_s0", """{":nines_p":{"S":"a"},":nines_s0":{"N":"5"}}""")]
    [InlineData("id=a|--sort|>= -5", "#nines_p = :nines_p AND #nines_s >= :nines_s0", """{":nines_p":{"S":"a"},":nines_s0":{"N":"-5"}}""")]
    [InlineData("id=a|--sort|<5", "#nines_p = :nines_p AND #nines_s < :nines_s0", """{":nines_p":{"S":"a"},":nines_s0":{"N":"5"}}""")]
    [InlineData("id=a|--sort|begins_with a b", "#nines_p = :nines_p AND begins_with(#nines_s, :nines_s0)", """{":nines_p":{"S":"a"},":nines_s0":{"N":"a b"}}""")]
    [InlineData("id=a|--sort-between|1|7", "#nines_p = :nines_p AND #nines_s BETWEEN :nines_s0 AND :nines_s1", """{":nines_p":{"S":"a"},":nines_s0":{"N":"1"},":nines_s1":{"N":"7"}}""")]
    [InlineData("name=x|--index|byName", "#nines_p = :nines_p", """{":nines_p":{"S":"x"}}""")]
    [InlineData("id=a|--filter|z = :z|--values|{\":z\":[1]}", "#nines_p = :nines_p", """{":z":{"L":[{"N":"1"}]},":nines_p":{"S":"a"}}""")]
    public async Task A_query_says_the_key_condition_in_dynamodbs_words(string arguments, string expression, string values)
    {
        TablesRun run = await TablesRun.Of(_door, ["query", "t", .. arguments.Split('|')]);
        Assert.Equal("", run.Error);
        FakeRequest query = Assert.Single(_door.Of("Query"));
        Assert.Equal(expression, query["KeyConditionExpression"]);
        Assert.Equal(values, query["ExpressionAttributeValues"]);
        Assert.Equal(arguments.Contains("byName", StringComparison.Ordinal) ? "byName" : "", query["IndexName"]);
        Assert.Equal("""{"id":{"S":"a"},"n":{"N":"1"}}""", run.Out.Trim());
    }

    [Fact]
    public async Task Options_are_passed_on()
    {
        await TablesRun.Of(
            _door, ["query", "t", "id=a", "--reverse", "--strong", "--limit", "7", "--names", """{"#s":"status"}"""]);
        await TablesRun.Of(_door, ["scan", "t", "--filter", "#s = :s", "--limit", "7", "--values", """{":s":{"S":"x"}}"""]);
        FakeRequest query = Assert.Single(_door.Of("Query"));
        Assert.Equal(("False", "True", "7"), (query["ScanIndexForward"], query["ConsistentRead"], query["Limit"]));
        Assert.Equal("""{"#s":"status","#nines_p":"id"}""", query["ExpressionAttributeNames"]);
        FakeRequest scan = Assert.Single(_door.Of("Scan"));
        Assert.Equal(("#s = :s", """{":s":{"S":"x"}}""", ""), (scan["FilterExpression"], scan["ExpressionAttributeValues"], scan["Limit"]));
    }

    [Fact]
    public async Task All_pages_are_read_and_a_limit_is_kept_across_them()
    {
        FakeDoor door = Paged(5);
        Assert.Equal(5, (await TablesRun.Of(door, ["scan", "t"])).Lines.Length);
        Assert.Equal("""{"id":{"S":"3"}}""", door.Of("Scan").Last()["ExclusiveStartKey"]);
        door = Paged(5);
        Assert.Equal(3, (await TablesRun.Of(door, ["scan", "t", "--limit", "3"])).Lines.Length);
        Assert.Equal(3, door.Requests.Count);
    }

    [Fact]
    public async Task Counts_are_summed()
    {
        TablesRun run = await TablesRun.Of(Paged(5), ["scan", "t", "--count", "--filter", "x = y"]);
        Assert.Equal("5", run.Out.Trim());
        Assert.Equal("""{"count":5,"scanned":10}""", (await TablesRun.Of(Paged(5), ["scan", "t", "--count", "--json"])).Out.Trim());
    }

    [Fact]
    public async Task A_scan_in_segments_asks_for_each()
    {
        TablesRun run = await TablesRun.Of(_door, ["scan", "t", "--segments", "3", "--plain"]);
        Assert.Equal(3, run.Lines.Length);
        Assert.Equal(["0/3", "1/3", "2/3"], _door.Of("Scan").Select(r => $"{r["Segment"]}/{r["TotalSegments"]}").Order(StringComparer.Ordinal));
        Assert.Equal("""{"id":"a","n":1}""", run.Lines[0]);
    }

    [Fact]
    public async Task A_failed_segment_fails_the_scan_with_its_own_reason()
    {
        var door = new FakeDoor(r => r["Segment"] == "1" ? FakeAnswer.Error(400, "AccessDeniedException", "not yours") : new FakeAnswer(One));
        TablesRun run = await TablesRun.Of(door, ["scan", "t", "--segments", "4"]);
        Assert.Equal(ExitCodes.NotWell, run.ExitCode);
        Assert.Contains("AccessDeniedException: not yours", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_sees_the_keys_first_and_a_hundred_items()
    {
        string items = string.Join(',', Enumerable.Range(0, 150).Select(i => $$$"""{"alpha":{"S":"[z]{{{i}}}"},"n":{"N":"{{{i}}}"},"id":{"S":"i{{{i}}}"}}"""));
        var door = new FakeDoor(r => new FakeAnswer(r.Operation == "DescribeTable" ? $$"""{"Table":{{FakeTables.Indexed}}}""" : $$"""{"Items":[{{items}}],"Count":150}"""));
        TablesRun run = await TablesRun.Of(door, ["query", "t", "id=a"], terminal: true);
        Assert.Matches(@"id +n +alpha", run.Out);
        Assert.Contains("[z]99", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("[z]100", run.Out, StringComparison.Ordinal);
        Assert.Contains("100 items; there may be more: --limit N shows N, --limit 0 all.", run.Error, StringComparison.Ordinal);
        TablesRun all = await TablesRun.Of(door, ["query", "t", "id=a", "--limit", "0"], terminal: true);
        Assert.Contains("[z]149", all.Out, StringComparison.Ordinal);
        Assert.Contains("150 items.", all.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n=5", "KEY: a query needs the partition key; expected id=VALUE")]
    [InlineData("id=a|n=5|--sort|< 7", "KEY: n is given here and by --sort")]
    [InlineData("id=a|--sort|about 7", "--sort: \"about 7\" is not allowed; expected '= V'")]
    [InlineData("id=a|--sort|< 7|--sort-between|1|2", "--sort: is given beside --sort-between")]
    [InlineData("id=a|--index|byAge", "--index: the table has no index \"byAge\"; it has byName")]
    [InlineData("id=a|--count|--limit|5", "--count: counts all")]
    [InlineData("id=a|--filter|x|--values|nonsense", "--values: is not JSON")]
    [InlineData("id=a|--names|[]", "--names: is JSON, but no object")]
    public async Task What_cannot_be_meant_is_refused_in_words(string arguments, string said)
    {
        TablesRun run = await TablesRun.Of(_door, ["query", "t", .. arguments.Split('|')]);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.Empty(_door.Of("Query"));
    }

    /// <summary>As many pages of one item as asked for.</summary>
    private static FakeDoor Paged(int pages) => new(r =>
    {
        int at = r.Body.TryGetProperty("ExclusiveStartKey", out JsonElement start)
            ? int.Parse(start.GetProperty("id").GetProperty("S").GetString()!) + 1
            : 0;
        string last = at < pages - 1 ? $$$""","LastEvaluatedKey":{"id":{"S":"{{{at}}}"}}""" : "";
        return new FakeAnswer($$$"""{"Items":[{"id":{"S":"{{{at}}}"}}],"Count":1,"ScannedCount":2{{{last}}}}""");
    });
}
