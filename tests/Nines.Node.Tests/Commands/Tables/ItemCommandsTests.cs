using Nines.Tables.Tests.Support;

namespace Nines.Node.Tests.Commands.Tables;

/// <summary>The commands about tables and single items, against the door itself.</summary>
public sealed class ItemCommandsTests : IAsyncLifetime
{
    private readonly SocketsHttpHandler _http = new();
    private DoorHost _door = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        await _door.CreateTableAsync("people", "id:S", "n:N");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _door.DisposeAsync();
    }

    [Fact]
    public async Task Tables_are_listed_by_line_and_as_json()
    {
        await _door.CreateTableAsync("cities");
        Assert.Equal(["cities", "people"], (await Run("list")).Lines);
        Assert.Equal("""["cities","people"]""", (await Run("list", "--json")).Out.Trim());
    }

    [Fact]
    public async Task All_pages_of_names_are_read()
    {
        var door = new FakeDoor(r => new FakeAnswer(r["ExclusiveStartTableName"] == "" ? """{"TableNames":["a"],"LastEvaluatedTableName":"a"}""" : """{"TableNames":["b"]}"""));
        Assert.Equal(["a", "b"], (await TablesRun.Of(door, ["list"])).Lines);
        Assert.Equal("a", door.Requests[1]["ExclusiveStartTableName"]);
    }

    [Fact]
    public async Task A_table_is_described_in_words_and_as_it_came()
    {
        TablesRun words = await Run("describe", "people");
        Assert.All(["people", "ACTIVE", "PAY_PER_REQUEST", "id (S)", "n (N)"], said => Assert.Contains(said, words.Out, StringComparison.Ordinal));
        TablesRun raw = await Run("describe", "people", "--json");
        Assert.StartsWith("""{"Table":{"AttributeDefinitions":[""", Assert.Single(raw.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Indexes_are_described()
    {
        var door = new FakeDoor(_ => new FakeAnswer($$"""{"Table":{{FakeTables.Indexed}}}"""));
        TablesRun run = await TablesRun.Of(door, ["describe", "t"]);
        string line = Assert.Single(run.Lines, l => l.Contains("byName", StringComparison.Ordinal));
        Assert.All(["name (S)", "n (N)", "KEYS_ONLY", "CREATING"], said => Assert.Contains(said, line, StringComparison.Ordinal));
        Assert.Contains("5 read and 6 write units", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_goes_in_and_comes_out_and_goes_away()
    {
        Assert.Equal("added", (await Run("put", "people", """{"id":"a","n":1,"name":"Åda"}""")).Out.Trim());
        Assert.Equal("""{"id":{"S":"a"},"n":{"N":"1"},"name":{"S":"Åda"}}""", (await Run("get", "people", "id=a", "n=1")).Out.Trim());
        Assert.Equal("""{"id":"a","n":1,"name":"Åda"}""", (await Run("get", "people", """{"id":{"S":"a"},"n":{"N":"1"}}""", "--plain", "--strong")).Out.Trim());
        Assert.Equal("""{"replaced":true}""", (await Run("put", "people", """{"id":{"S":"a"},"n":{"N":"1"}}""", "--json")).Out.Trim());
        Assert.Equal("deleted", (await Run("delete", "people", "id=a", "n:N=1.0")).Out.Trim());
        Assert.Equal("""{"deleted":false}""", (await Run("delete", "people", "id=a", "n=1", "--json")).Out.Trim());
        TablesRun gone = await Run("get", "people", "id=a", "n=1");
        Assert.Equal(ExitCodes.NotWell, gone.ExitCode);
        Assert.Contains("people has no such item", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_is_read_from_standard_input()
    {
        TablesRun put = await TablesRun.Of(_http, ["put", "people", "-", "--endpoint", _door.Address], "{\"id\":\"in\",\n \"n\":-5}\n");
        Assert.Equal("added", put.Out.Trim());
        Assert.Equal("""{"id":"in","n":-5}""", (await Run("get", "people", "n=-5", "id=in", "--plain")).Out.Trim());
    }

    [Fact]
    public async Task A_person_sees_an_attribute_a_row()
    {
        await Run("put", "people", """{"aaa":[1],"id":"[a]","n":1}""");
        TablesRun run = await TablesRun.Of(_http, ["get", "people", "id=[a]", "n=1", "--endpoint", _door.Address], terminal: true);
        Assert.Matches(@"(?s)attribute +type +value.*id +S +\[a\].*n +N +1.*aaa +L +\[1\]", run.Out);
    }

    [Theory]
    [InlineData("id=a", "KEY: is not the whole key; expected id=TEXT n=NUMBER")]
    [InlineData("id", "KEY: \"id\" is not allowed; expected id=TEXT n=NUMBER")]
    [InlineData("id=a n:S=1", "n has the type N")]
    [InlineData("id=a x=1", "\"x\" is no attribute of this key")]
    [InlineData("id=a id=b", "\"id\" is given twice")]
    [InlineData("{\"id\":", "KEY: is not JSON")]
    public async Task A_key_that_cannot_be_meant_is_refused_in_words(string key, string said)
    {
        TablesRun run = await Run(["get", "people", .. key.Split(' ')]);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mixed_item_is_refused_with_the_way_out()
    {
        TablesRun run = await Run("put", "people", """{"id":{"S":"a"},"n":1}""");
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains("--plain takes any item as plain JSON", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_have_their_type_and_text_and_say_what_to_do()
    {
        TablesRun nobody = await Run("get", "nobody", "id=a");
        Assert.Equal(ExitCodes.NotWell, nobody.ExitCode);
        Assert.Contains("ResourceNotFoundException: Requested resource not found", nobody.Error, StringComparison.Ordinal);
        Assert.Contains("nines tables list", nobody.Error, StringComparison.Ordinal);
        TablesRun invalid = await Run("put", "people", """{"id":"a"}""");
        Assert.Equal(ExitCodes.NotWell, invalid.ExitCode);
        Assert.Contains("ValidationException: ", invalid.Error, StringComparison.Ordinal);
        TablesRun scheme = await TablesRun.Of(_http, ["list", "--endpoint", "ftp://here"]);
        Assert.Equal(ExitCodes.Usage, scheme.ExitCode);
        Assert.Contains("--endpoint: \"ftp://here\"", scheme.Error, StringComparison.Ordinal);
    }

    private Task<TablesRun> Run(params string[] arguments) => TablesRun.Of(_http, [.. arguments, "--endpoint", _door.Address]);
}
