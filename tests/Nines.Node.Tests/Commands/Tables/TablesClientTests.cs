using System.Text.Json.Nodes;
using Nines.Node.Commands.Tables;

namespace Nines.Node.Tests.Commands.Tables;

public sealed class TablesClientTests
{
    private readonly ImmediateTime _time = new();

    [Theory]
    [InlineData(400, "ProvisionedThroughputExceededException")]
    [InlineData(400, "ThrottlingException")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(500, "InternalServerError")]
    public async Task What_may_pass_is_sent_again_under_one_invocation_id(int status, string type)
    {
        int calls = 0;
        var door = new FakeDoor(_ => ++calls < 4 ? FakeAnswer.Error(status, type) : new FakeAnswer("""{"ok":true}"""));
        Assert.True((await Send(door, "http://one:1")).GetProperty("ok").GetBoolean());
        Assert.Equal(4, door.Requests.Count);
        Assert.Single(door.Requests.Select(r => r.Invocation).Distinct());
        Assert.Equal(3, _time.Waits.Count);
    }

    [Fact]
    public async Task What_is_refused_for_good_is_not_sent_again()
    {
        var door = new FakeDoor(_ => FakeAnswer.Error(400, "ValidationException", "no such thing"));
        TablesException e = await Assert.ThrowsAsync<TablesException>(() => Send(door, "http://one:1"));
        Assert.Equal("ValidationException: no such thing", e.ToString());
        Assert.True(e.IsValidation);
        Assert.Single(door.Requests);
    }

    [Fact]
    public async Task Patience_ends()
    {
        var door = new FakeDoor(_ => FakeAnswer.Error(503, "ServiceUnavailable", "no leader"));
        TablesException e = await Assert.ThrowsAsync<TablesException>(() => Send(door, "http://one:1"));
        Assert.Equal("ServiceUnavailable: no leader", e.ToString());
        Assert.InRange(door.Requests.Count, 10, 20);
    }

    [Fact]
    public async Task The_server_says_how_long_to_wait_within_reason()
    {
        int calls = 0;
        var door = new FakeDoor(_ => ++calls == 1 ? FakeAnswer.Error(503, "ServiceUnavailable", retryAfterSeconds: 3) : new FakeAnswer("{}"));
        await Send(door, "http://one:1");
        Assert.Equal([TimeSpan.FromSeconds(3)], _time.Waits);
    }

    [Fact]
    public async Task A_node_that_is_gone_is_left_for_another_and_stays_left()
    {
        var door = new FakeDoor(r => r.Authority == "one:1" ? FakeAnswer.Refused() : new FakeAnswer("{}"));
        using var client = new TablesClient(door, ["http://one:1", "http://two:2"], _time);
        await client.SendAsync("ListTables", new JsonObject(), default);
        await client.SendAsync("ListTables", new JsonObject(), default);
        Assert.Equal(["one:1", "two:2", "two:2"], door.Requests.Select(r => r.Authority));
        Assert.Empty(_time.Waits);
    }

    [Fact]
    public async Task A_node_that_was_there_is_waited_for()
    {
        int calls = 0;
        var door = new FakeDoor(_ => ++calls is 2 or 3 ? FakeAnswer.Refused() : new FakeAnswer("{}"));
        using var client = new TablesClient(door, ["http://one:1"], _time);
        await client.SendAsync("ListTables", new JsonObject(), default);
        await client.SendAsync("ListTables", new JsonObject(), default);
        Assert.Equal(4, calls);
        Assert.Equal(2, _time.Waits.Count);
    }

    [Fact]
    public async Task Where_nobody_ever_answered_nothing_is_waited_for()
    {
        var door = new FakeDoor(_ => FakeAnswer.Refused());
        TablesException e = await Assert.ThrowsAsync<TablesException>(() => Send(door, "http://one:1", "http://two:2"));
        Assert.Contains("no node answers at http://one:1 or at the 1 other", e.Message, StringComparison.Ordinal);
        Assert.Contains("nines up", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, door.Requests.Count);
        Assert.Empty(_time.Waits);
    }

    [Theory]
    [InlineData(200, "<html>hello</html>")]
    [InlineData(404, "{\"error\":\"not found\"}")]
    public async Task What_is_no_tables_door_is_said_so(int status, string body)
    {
        TablesException e = await Assert.ThrowsAsync<TablesException>(() => Send(new FakeDoor(_ => new FakeAnswer(body, status)), "http://one:1"));
        Assert.Contains($"what answers at http://one:1 is no tables door (HTTP {status})", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Waits_double_up_to_a_bound_and_half_of_each_is_chance()
    {
        Assert.Equal(Backoff.First / 2, Backoff.Delay(1, 0));
        Assert.Equal(Backoff.First * 4, Backoff.Delay(3, 1));
        Assert.Equal(Backoff.Longest, Backoff.Delay(1000, 1));
        Assert.Equal(Backoff.Longest, Backoff.Delay(1, 0, TimeSpan.FromHours(1)));
    }

    private async Task<System.Text.Json.JsonElement> Send(FakeDoor door, params string[] endpoints)
    {
        using var client = new TablesClient(door, endpoints, _time);
        return await client.SendAsync("ListTables", new JsonObject(), default);
    }
}
