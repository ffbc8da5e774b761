using System.Text.Json;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Statements over the door, where one request is not enough to see it.</summary>
public sealed class StatementTests : IAsyncLifetime
{
    private const int Items = 25;

    private DoorHost _door = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        await _door.CreateTableAsync("log", "h:S", "r:N");
        for (int i = 0; i < Items; i++)
        {
            await SendAsync($$"""{"Statement":"INSERT INTO log VALUE {'h': ?, 'r': {{i}}, 'even': {{(i % 2 == 0 ? "true" : "false")}}}","Parameters":[{"S":"x"}]}""");
        }
    }

    public async ValueTask DisposeAsync() => await _door.DisposeAsync();

    [Theory]
    [InlineData("SELECT r FROM log WHERE h = ?", Items)]
    [InlineData("SELECT r FROM log WHERE h = ? ORDER BY r DESC", Items)]
    [InlineData("SELECT r FROM log WHERE h = ? AND r >= 5", Items - 5)]
    [InlineData("SELECT r FROM log WHERE h = ? AND even = true", (Items + 1) / 2)]
    [InlineData("SELECT r FROM log WHERE h = ? AND r IN [0, 7, 24]", 3)]
    [InlineData("SELECT r FROM log WHERE even = true OR h <> ?", (Items + 1) / 2)]
    public async Task Pages_follow_each_other_until_all_is_read(string statement, int expected)
    {
        var seen = new List<int>();
        string? token = null;
        int pages = 0;
        do
        {
            string next = token is null ? "" : $",\"NextToken\":\"{token}\"";
            JsonElement page = await SendAsync($$"""{"Statement":"{{statement}}","Parameters":[{"S":"x"}],"Limit":4{{next}}}""");
            seen.AddRange(page.GetProperty("Items").EnumerateArray().Select(static i => int.Parse(i.GetProperty("r").GetProperty("N").GetString()!)));
            Assert.Equal(page.TryGetProperty("LastEvaluatedKey", out _), page.TryGetProperty("NextToken", out JsonElement sent));
            token = sent.ValueKind == JsonValueKind.String ? sent.GetString() : null;
            pages++;
        }
        while (token is not null && pages < 20);
        Assert.Null(token);
        Assert.Equal(expected, seen.Count);
        Assert.Equal(expected, seen.Distinct().Count());
        Assert.True(pages > (expected / 4) - 1);
        Assert.Equal(statement.Contains("DESC", StringComparison.Ordinal) ? seen.OrderDescending() : seen.Order(), seen);
    }

    [Fact]
    public async Task A_token_belongs_to_its_statement_and_parameters_but_not_to_a_limit()
    {
        const string Statement = "SELECT r FROM log WHERE h = ?";
        JsonElement page = await SendAsync($$"""{"Statement":"{{Statement}}","Parameters":[{"S":"x"}],"Limit":2}""");
        string token = page.GetProperty("NextToken").GetString()!;
        const string Mismatch = "NextToken does not match request";
        await RefusedAsync($$"""{"Statement":"{{Statement}} AND r > 1","Parameters":[{"S":"x"}],"NextToken":"{{token}}"}""", Mismatch);
        await RefusedAsync($$"""{"Statement":"{{Statement}}","Parameters":[{"S":"y"}],"NextToken":"{{token}}"}""", Mismatch);
        await RefusedAsync($$"""{"Statement":"{{Statement}}","Parameters":[{"S":"x"}],"NextToken":"{{token[..^3]}}"}""", "Invalid NextToken");
        JsonElement rest = await SendAsync($$"""{"Statement":"{{Statement}}","Parameters":[{"S":"x"}],"Limit":100,"NextToken":"{{token}}"}""");
        Assert.Equal(Items - 2, rest.GetProperty("Items").GetArrayLength());
    }

    [Fact]
    public async Task A_batch_may_change_one_item_twice_and_its_resend_changes_nothing()
    {
        const string Update = """{"Statement":"UPDATE log SET n = if_not_exists(n, 0) + 1 WHERE h = 'x' AND r = 0"}""";
        string batch = $$"""{"Statements":[{{Update}},{{Update}}]}""";
        (string, string)[] headers = [("amz-sdk-invocation-id", "7e6ee4a5-0000-4000-8000-000000000001")];
        DoorAnswer first = await _door.SendAsync("BatchExecuteStatement", batch, headers);
        DoorAnswer again = await _door.SendAsync("BatchExecuteStatement", batch, headers);
        Assert.Equal("""{"Responses":[{"TableName":"log"},{"TableName":"log"}]}""", first.Body);
        Assert.Equal(first.Body, again.Body);
        JsonElement now = await SendAsync("""{"Statement":"SELECT n FROM log WHERE h = 'x' AND r = 0","ConsistentRead":true}""");
        Assert.Equal("2", now.GetProperty("Items")[0].GetProperty("n").GetProperty("N").GetString());
    }

    [Theory]
    [InlineData("SELECT * FROM log WHERE h = 'x' AND r = 1", "done")]
    [InlineData("SLECT", "not-done")]
    public async Task A_batch_says_what_became_of_it_as_a_whole(string statement, string outcome)
    {
        DoorAnswer answer = await _door.SendAsync("BatchExecuteStatement", $$"""{"Statements":[{"Statement":"{{statement}}"},{"Statement":"SLECT"}]}""");
        Assert.Equal(200, answer.Status);
        Assert.Equal(outcome, answer["x-nines-outcome"]);
    }

    [Fact]
    public async Task A_statement_reads_what_its_own_session_wrote()
    {
        DoorAnswer written = await _door.SendAsync(
            "ExecuteStatement", """{"Statement":"UPDATE log SET s = 'w' WHERE h = 'x' AND r = 1"}""", ("x-nines-session", ""));
        Assert.NotEqual("", written["x-nines-session"]);
        DoorAnswer read = await _door.SendAsync(
            "ExecuteStatement",
            """{"Statement":"SELECT s FROM log WHERE h = 'x' AND r = 1"}""",
            ("x-nines-session", written["x-nines-session"]),
            ("x-nines-consistency", "sequential"));
        Assert.Equal("""{"Items":[{"s":{"S":"w"}}]}""", read.Body);
    }

    private async Task<JsonElement> SendAsync(string body)
    {
        DoorAnswer answer = await _door.SendAsync("ExecuteStatement", body);
        Assert.True(answer.Status == 200, answer.Body);
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.Clone();
    }

    private async Task RefusedAsync(string body, string message)
    {
        DoorAnswer answer = await _door.SendAsync("ExecuteStatement", body);
        Assert.Equal(400, answer.Status);
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal(message, json.RootElement.GetProperty("message").GetString());
    }
}
