using Amazon.DynamoDBv2;
using Nines.Kernel;
using Nines.Tables.Protocol;

namespace Nines.Client.Tests;

/// <summary>Amazon's client with our handler, over nodes that are not there.</summary>
public sealed class TablesClientTests
{
    private const string Session = "x-nines-session";
    private const string Consistency = "x-nines-consistency";

    [Fact]
    public async Task A_session_is_sent_and_takes_in_what_comes_back()
    {
        string seen = Token(1, 10);
        using var nodes = new FakeNodes(_ => FakeNodes.Answer(
            200, (Session, seen), ("x-nines-node", "n2"), ("x-nines-outcome", "done"), ("x-nines-group", "1"), ("x-nines-position", "10"), ("x-nines-staleness-ms", "7")));
        using TablesClient client = nodes.Client();
        var session = new TablesSession();
        using (session.Enter())
        {
            await client.ListTablesAsync(TestContext.Current.CancellationToken);
            await client.ListTablesAsync(TestContext.Current.CancellationToken);
        }

        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["", seen], nodes.Asked.Take(2).Select(a => a.Headers[Session]));
        Assert.All(nodes.Asked.Take(2), a => Assert.Equal("sequential", a.Headers[Consistency]));
        Assert.False(nodes.Asked[2].Headers.ContainsKey(Session));
        Assert.False(nodes.Asked[2].Headers.ContainsKey(Consistency));
        Assert.Equal(
            new Answered { Node = "n2", Outcome = Outcome.Done, Group = 1, Position = 10, Staleness = TimeSpan.FromMilliseconds(7) }, session.Last);
    }

    [Fact]
    public async Task Calls_of_a_session_at_the_same_time_lose_nothing_of_each_other()
    {
        var both = new TaskCompletionSource();
        int came = 0;
        using var nodes = new FakeNodes(async (_, _) =>
        {
            int mine = Interlocked.Increment(ref came);
            if (mine == 2)
            {
                both.SetResult();
            }

            // Neither knows of the other when it is sent.
            await both.Task;
            return FakeNodes.Answer(200, (Session, Token(mine, 100 + mine)));
        });
        using TablesClient client = nodes.Client();
        var session = new TablesSession();
        using (session.Enter())
        {
            await Task.WhenAll(client.ListTablesAsync(TestContext.Current.CancellationToken), client.ListTablesAsync(TestContext.Current.CancellationToken));
        }

        SessionToken read = SessionToken.TryDecode(session.Token)!;
        Assert.Equal(new LogIndex(101), read.PositionIn(new GroupId(1)));
        Assert.Equal(new LogIndex(102), read.PositionIn(new GroupId(2)));
    }

    [Fact]
    public async Task Sessions_are_entered_inside_each_other_and_one_may_stand_for_all_other_calls()
    {
        using var nodes = new FakeNodes(_ => FakeNodes.Answer(200));
        using TablesClient client = nodes.Client(new TablesOptions { Session = new TablesSession(Token(3, 3)) { Consistency = ReadConsistency.Eventual } });
        var outer = new TablesSession(Token(1, 1));
        var inner = new TablesSession(Token(2, 2));
        using (outer.Enter())
        {
            using (inner.Enter(ReadConsistency.Strong))
            {
                await client.ListTablesAsync(TestContext.Current.CancellationToken);
            }

            await client.ListTablesAsync(TestContext.Current.CancellationToken);
        }

        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            [(inner.Token, "strong"), (outer.Token, "sequential"), (Token(3, 3), "eventual")],
            nodes.Asked.Select(a => (a.Headers[Session], a.Headers[Consistency])));
    }

    [Fact]
    public async Task What_was_not_sent_goes_to_the_next_node_at_once_and_the_host_stays_the_one_that_was_signed()
    {
        using var nodes = new FakeNodes(r => r.RequestUri!.Port == 3 ? FakeNodes.Answer(200) : throw FakeNodes.Refused());
        using TablesClient client = nodes.Client(new TablesOptions { MaxErrorRetry = 0 });
        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3, 3], nodes.Asked.Select(static a => a.Port));
        Assert.All(nodes.Asked, static a => Assert.Equal("one:1", a.Headers["Host"]));
    }

    [Fact]
    public async Task What_may_have_arrived_is_sent_again_by_the_sdk_under_the_same_id_to_another_node()
    {
        using var nodes = new FakeNodes(r => r.RequestUri!.Port == 2 ? FakeNodes.Answer(200) : throw new HttpRequestException(HttpRequestError.ResponseEnded, "ended"));
        using TablesClient client = nodes.Client(new TablesOptions { MaxErrorRetry = 1 });
        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1, 2], nodes.Asked.Select(static a => a.Port));
        Assert.Single(nodes.Asked.Select(static a => a.Headers["amz-sdk-invocation-id"]).Distinct());
    }

    [Fact]
    public async Task A_node_that_says_it_cannot_is_left_alone()
    {
        using var nodes = new FakeNodes(r => FakeNodes.Answer(r.RequestUri!.Port == 1 ? 503 : 200));
        using TablesClient client = nodes.Client(new TablesOptions { MaxErrorRetry = 1 });
        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 2], nodes.Asked.Select(static a => a.Port));
    }

    [Fact]
    public async Task A_node_that_is_silent_is_given_up_and_told_so_before()
    {
        using var nodes = new FakeNodes(async (request, cancel) =>
        {
            if (request.RequestUri!.Port == 1)
            {
                await new TaskCompletionSource().Task.WaitAsync(cancel);
            }

            return FakeNodes.Answer(200);
        });
        using TablesClient client = nodes.Client(new TablesOptions { AttemptTimeout = TimeSpan.FromMilliseconds(50), MaxErrorRetry = 1 });
        await client.ListTablesAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1, 2], nodes.Asked.Select(static a => a.Port));
        Assert.All(nodes.Asked, static a => Assert.Equal("50", a.Headers["x-nines-timeout-ms"]));
    }

    [Fact]
    public async Task When_no_node_answers_the_error_names_one_and_says_why()
    {
        using var nodes = new FakeNodes(_ => throw FakeNodes.Refused());
        using TablesClient client = nodes.Client(new TablesOptions { MaxErrorRetry = 0 });
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => client.ListTablesAsync(TestContext.Current.CancellationToken));
        Assert.Contains("http://three:3/: connection refused", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(3, nodes.Asked.Count);
    }

    [Fact]
    public void Nodes_must_be_named() => Assert.Multiple(
        static () => Assert.Throws<ArgumentException>(static () => new TablesClient(new TablesOptions { Nodes = [] })),
        static () => Assert.Throws<ArgumentException>(static () => new TablesClient(new TablesOptions { Preferred = 3 })),
        static () => Assert.IsAssignableFrom<AmazonDynamoDBClient>(new TablesClient()));

    private static string Token(int group, long position)
    {
        var token = new SessionToken();
        token.Observe(new GroupId(group), new LogIndex(position));
        return token.Encode();
    }
}
