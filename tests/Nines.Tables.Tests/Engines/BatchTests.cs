using Nines.Kernel;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Batches when some groups fail, and their resends.</summary>
public sealed class BatchTests : IAsyncLifetime
{
    private DoorHost _door = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        await _door.CreateTableAsync("table");
    }

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    [Fact]
    public async Task Items_of_a_group_without_leader_are_left_unprocessed_and_the_others_done()
    {
        FailGroup(2, Outcome.NotDone);
        DoorAnswer written = await _door.SendAsync("BatchWriteItem", Writes(25));
        Assert.Equal(200, written.Status);
        int left = Occurrences(written.Body, "PutRequest");
        Assert.InRange(left, 1, 24);
        DoorAnswer read = await _door.SendAsync("BatchGetItem", Gets(25, ",\"ConsistentRead\":true,\"ProjectionExpression\":\"id\""));
        Assert.Equal(left, Occurrences(read.Body[read.Body.IndexOf("UnprocessedKeys", StringComparison.Ordinal)..], "\"id\":{"));
        Assert.EndsWith("],\"ConsistentRead\":true,\"ProjectionExpression\":\"id\"}}}", read.Body, StringComparison.Ordinal);

        // What is left may be sent again as it stands.
        _door.Replicated.Interfere = null;
        string again = "{\"RequestItems\":" + written.Body["{\"UnprocessedItems\":".Length..];
        Assert.Equal("{\"UnprocessedItems\":{}}", (await _door.SendAsync("BatchWriteItem", again)).Body);
        Assert.Equal(25, Occurrences((await _door.SendAsync("BatchGetItem", Gets(25, ""))).Body, "\"id\":{"));
    }

    [Fact]
    public async Task One_unknown_item_makes_the_batch_unknown()
    {
        FailGroup(2, Outcome.Unknown);
        DoorAnswer written = await _door.SendAsync("BatchWriteItem", Writes(25));
        Assert.Equal(500, written.Status);
        Assert.Equal("unknown", written["x-nines-outcome"]);
    }

    [Fact]
    public async Task When_nothing_was_done_the_batch_is_an_error()
    {
        await _door.SendAsync("BatchWriteItem", Writes(1));
        _door.Replicated.Interfere = (group, _) => group == GroupId.Control ? null : Failed(Outcome.NotDone, group);
        Assert.Equal(503, (await _door.SendAsync("BatchWriteItem", Writes(3))).Status);
        Assert.Equal(503, (await _door.SendAsync("BatchGetItem", Gets(3, ""))).Status);
    }

    [Fact]
    public async Task A_resent_batch_writes_each_item_once()
    {
        (string, string) id = ("amz-sdk-invocation-id", "6c7a1d5e-8f8e-4c5c-9d3b-1f0a5b1c2d3e");
        await _door.SendAsync("BatchWriteItem", Writes(5), id);
        for (int i = 0; i < 5; i++)
        {
            await _door.SendAsync("DeleteItem", "{\"TableName\":\"table\",\"Key\":{\"id\":{\"S\":\"k" + i + "\"}}}");
        }

        Assert.Equal(200, (await _door.SendAsync("BatchWriteItem", Writes(5), id)).Status);
        Assert.Equal(0, Occurrences((await _door.SendAsync("BatchGetItem", Gets(5, ""))).Body, "\"id\":{"));
    }

    private void FailGroup(int failing, Outcome outcome) =>
        _door.Replicated.Interfere = (group, _) => group.Value == failing ? Failed(outcome, group) : null;

    private static Answer Failed(Outcome outcome, GroupId group) =>
        new() { Outcome = outcome, Reason = Reason.NoLeader, Group = group, StalenessMs = -1 };

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;

    private static string Writes(int count) => "{\"RequestItems\":{\"table\":["
        + string.Join(",", Enumerable.Range(0, count).Select(i => "{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"k" + i + "\"}}}}")) + "]}}";

    private static string Gets(int count, string more) => "{\"RequestItems\":{\"table\":{\"Keys\":["
        + string.Join(",", Enumerable.Range(0, count).Select(i => "{\"id\":{\"S\":\"k" + i + "\"}}")) + "]" + more + "}}}";
}
