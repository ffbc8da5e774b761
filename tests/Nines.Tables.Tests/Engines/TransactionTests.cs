using System.Text;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>
/// Transactions over groups whose commands fail, or whose answers are lost, at every step: all or nothing is done, what is reported is true,
/// and nothing stays locked.
/// </summary>
public sealed class TransactionTests : IAsyncDisposable
{
    private const string Transfer = """
        {"TransactItems":[
          {"Update":{"TableName":"acc","Key":{"id":{"S":"a"}},"UpdateExpression":"SET n = n - :v","ConditionExpression":"n >= :v","ExpressionAttributeValues":{":v":{"N":"5"}}}},
          {"Update":{"TableName":"acc","Key":{"id":{"S":"b"}},"UpdateExpression":"ADD n :v","ExpressionAttributeValues":{":v":{"N":"5"}}}},
          {"Put":{"TableName":"acc","Item":{"id":{"S":"c"}}}},
          {"Put":{"TableName":"acc","Item":{"id":{"S":"g"}}}}]
        """;

    private readonly ManualTime _time = new();
    private readonly MemoryReplicated _replicated = new(6);
    private readonly EmbeddedTableEngine _engine;

    public TransactionTests()
    {
        _engine = new EmbeddedTableEngine(_replicated, _time);
        _engine.Start();
        Create();
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    /// <summary>The items are in four groups, so a transfer is 4 prepares, 1 decision and 4 ends.</summary>
    public static TheoryData<int, bool> Steps
    {
        get
        {
            var steps = new TheoryData<int, bool>();
            for (int step = 0; step < 9; step++)
            {
                steps.Add(step, false);
                steps.Add(step, true);
            }

            return steps;
        }
    }

    [Fact]
    public void A_transfer_is_in_four_groups() =>
        Assert.Equal(4, new[] { "a", "b", "c", "g" }.Select(id => GroupOf(id)).Distinct().Count());

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_that_fails_leaves_all_or_nothing(int step, bool hasEffect)
    {
        int first = _replicated.Commands;
        FailAt(first + step, hasEffect);
        TransactWriteResult result = await WriteAsync(Transfer + ""","ClientRequestToken":"t"}""");
        _replicated.Interfere = null;
        _replicated.Lose = null;
        Sweep();

        bool isDone = Number("a") == 5;
        Assert.Equal(isDone ? "5 15 True True" : "10 10 False False", $"{Number("a")} {Number("b")} {Exists("c")} {Exists("g")}");
        Assert.True(
            result.Certificate.Outcome == Outcome.Unknown || isDone == (result.Certificate.Outcome == Outcome.Done),
            $"reported {result.Certificate.Outcome}, is {isDone}");
        AssertNothingIsLocked();

        // Sent again it is done once, whatever became of the first sending.
        Assert.Null((await WriteAsync(Transfer + ""","ClientRequestToken":"t"}""")).Error);
        Assert.Equal("5 15 True True", $"{Number("a")} {Number("b")} {Exists("c")} {Exists("g")}");
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_coordinator_that_is_gone_is_replaced(int step, bool hasEffect)
    {
        int first = _replicated.Commands;
        int last = first + step;
        _replicated.Interfere = (group, isWrite) => isWrite && (_replicated.Commands > last + 1 || (_replicated.Commands == last + 1 && !hasEffect))
            ? new Answer { Outcome = Outcome.Unknown, Group = group }
            : null;
        _replicated.Lose = (group, isWrite) => Lost(group, isWrite && _replicated.Commands == last + 1);
        _ = await WriteAsync(Transfer + "}");
        _replicated.Interfere = null;
        _replicated.Lose = null;
        Sweep();

        bool isDone = Number("a") == 5;
        Assert.Equal(isDone ? "5 15 True True" : "10 10 False False", $"{Number("a")} {Number("b")} {Exists("c")} {Exists("g")}");

        // The fifth command is the decision.
        Assert.Equal(step > 4 || (step == 4 && hasEffect), isDone);
        AssertNothingIsLocked();
    }

    [Fact]
    public async Task A_locked_item_is_as_it_was_and_strong_reads_wait_for_it()
    {
        var id = new TransactionId(1, 2);
        Prepare(id, "a", "ADD n :v");
        Assert.Equal(10, Number("a"));

        ValueTask<ItemResult> waiting = _engine.ItemAsync(Get("a", isStrong: true), Call());
        Assert.False(waiting.IsCompleted);
        ValueTask<ItemResult> writing = _engine.ItemAsync(Put("a"), Call());
        Assert.False(writing.IsCompleted);
        End(id, "a", isCommitted: true);
        _time.Tick(TimeSpan.FromMilliseconds(2));

        // Whichever of the two came first, the transaction was before both.
        ItemResult read = await waiting;
        Assert.Null(read.Error);
        Assert.Null((await writing).Error);
        AssertNothingIsLocked();
    }

    [Fact]
    public async Task A_lock_nobody_ends_is_resolved_by_who_waits_for_it()
    {
        Prepare(new TransactionId(1, 2), "a", "ADD n :v");
        ValueTask<ItemResult> waiting = _engine.ItemAsync(Get("a", isStrong: true), Call());
        for (int i = 0; i < 60 && !waiting.IsCompleted; i++)
        {
            _time.Tick(TimeSpan.FromMilliseconds(50));
        }

        Assert.True(waiting.IsCompleted);
        Assert.Null((await waiting).Error);
        Assert.Equal(10, Number("a"));
        AssertNothingIsLocked();
    }

    [Fact]
    public async Task A_transaction_that_finds_a_lock_is_cancelled_and_a_snapshot_waits()
    {
        var id = new TransactionId(1, 2);
        Prepare(id, "b", "ADD n :v");
        TransactWriteResult result = await WriteAsync(Transfer + "}");
        Assert.Equal("None TransactionConflict None None", string.Join(" ", result.Error!.Reasons!.Select(r => r.Code)));

        ValueTask<TransactGetResult> snapshot = _engine.TransactGetAsync(
            RequestParser.TransactGet(Encoding.UTF8.GetBytes("""
                {"TransactItems":[{"Get":{"TableName":"acc","Key":{"id":{"S":"a"}}}},{"Get":{"TableName":"acc","Key":{"id":{"S":"b"}}}}]}
                """)).Request!,
            Call());
        Assert.False(snapshot.IsCompleted);
        End(id, "b", isCommitted: true);
        _time.Tick(TimeSpan.FromMilliseconds(2));
        TransactGetResult read = await snapshot;
        Assert.Null(read.Error);
        Assert.True(ItemCodec.TryDecode(read.Items[1], out Item b));
        Assert.Equal("15", b["n"]!.ToString());
    }

    [Fact]
    public async Task A_snapshot_is_read_again_when_an_item_changes_between_its_rounds()
    {
        int reads = 0;
        _replicated.Interfere = (_, isWrite) =>
        {
            // After the first group was read and before the second is: the item of the first is changed and changed back.
            if (!isWrite && ++reads == 2)
            {
                _replicated.Interfere = null;
                Write("a", 99);
                Write("a", 10);
            }

            return null;
        };
        TransactGetResult read = await _engine.TransactGetAsync(
            RequestParser.TransactGet(Encoding.UTF8.GetBytes("""
                {"TransactItems":[{"Get":{"TableName":"acc","Key":{"id":{"S":"a"}}}},{"Get":{"TableName":"acc","Key":{"id":{"S":"b"}}}}]}
                """)).Request!,
            Call());
        Assert.Null(read.Error);
        Assert.Equal(2, read.Items.Count);
    }

    [Fact]
    public void A_prepare_that_comes_after_the_end_is_refused()
    {
        var id = new TransactionId(7, 8);
        End(id, "a", isCommitted: false);
        Assert.Equal(TransactionVerdict.GivenUp, Prepare(id, "a", "ADD n :v").Verdict);
        AssertNothingIsLocked();
    }

    [Fact]
    public void Of_decision_and_resolution_the_first_counts()
    {
        GroupId group = _replicated.GroupOf(new TransactionId(9, 0).Slot);
        Assert.Equal(TransactionVerdict.GivenUp, Send(group, c => TransactionCommand.Resolve(c, new TransactionId(9, 1))).Verdict);
        Assert.Equal(TransactionVerdict.GivenUp, Send(group, c => TransactionCommand.Decide(c, new TransactionId(9, 1), 5, [group])).Verdict);
        Assert.Equal(TransactionVerdict.Done, Send(group, c => TransactionCommand.Decide(c, new TransactionId(9, 2), 5, [group])).Verdict);
        Assert.Equal(TransactionVerdict.Done, Send(group, c => TransactionCommand.Resolve(c, new TransactionId(9, 2))).Verdict);
        TransactionAnswer third = Send(group, c => TransactionCommand.Decide(c, new TransactionId(9, 3), 6, [group]));
        Assert.Equal((TransactionVerdict.DoneBefore, (UInt128)5), (third.Verdict, third.Fingerprint));
        Assert.Equal(TransactionVerdict.GivenUp, Send(group, c => TransactionCommand.Resolve(c, new TransactionId(9, 3))).Verdict);
    }

    private void FailAt(int command, bool hasEffect)
    {
        if (hasEffect)
        {
            _replicated.Lose = (group, isWrite) => Lost(group, isWrite && _replicated.Commands == command + 1);
        }
        else
        {
            _replicated.Interfere = (group, isWrite) => isWrite && _replicated.Commands == command + 1
                ? new Answer { Outcome = Outcome.NotDone, Reason = Reason.NoLeader, Group = group }
                : null;
        }
    }

    private static Answer? Lost(GroupId group, bool isLost) => isLost ? new Answer { Outcome = Outcome.Unknown, Group = group } : null;

    /// <summary>Long enough for the leaders to take over what was left.</summary>
    private void Sweep()
    {
        for (int i = 0; i < 50; i++)
        {
            _time.Tick(TimeSpan.FromMilliseconds(200));
        }
    }

    private void AssertNothingIsLocked()
    {
        foreach (GroupId group in _replicated.Groups)
        {
            MemoryState state = _replicated.StateOf(group);
            foreach (byte range in new[] { Keyspace.Lock, Keyspace.TransactionPart, Keyspace.UnfinishedTransaction })
            {
                using IOrderedCursor cursor = state.Range([range], [(byte)(range + 1)]);
                Assert.False(cursor.MoveNext(), $"group {group} has {range} left");
            }

            Assert.Equal(0u, Registration.Of(Schema.Id, state).Locks);
        }
    }

    private TableSchema Schema { get; set; } = null!;

    private void Create()
    {
        ParsedRequest<TableDescription> wanted = RequestParser.CreateTable("""
            {"TableName":"acc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
            "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}
            """u8);
        Schema = _engine.CreateTableAsync(wanted.Request!, Call()).AsTask().Result.Table!.Schema;
        Write("a", 10);
        Write("b", 10);
    }

    private static TableCall Call() => new() { Timeout = TimeSpan.FromSeconds(10) };

    private ValueTask<TransactWriteResult> WriteAsync(string body)
    {
        ParsedRequest<TransactWriteRequest> parsed = RequestParser.TransactWrite(Encoding.UTF8.GetBytes(body));
        Assert.True(parsed.IsGood, parsed.Error?.Message);
        return _engine.TransactWriteAsync(parsed.Request, Call());
    }

    private void Write(string id, long number) =>
        Assert.Null(_engine.ItemAsync(
            Put(id) with { Item = Item.Of(("id", AttributeValue.Of(id)), ("n", AttributeValue.Of(number))) }, Call()).AsTask().Result.Error);

    private static ItemRequest Put(string id) => new()
    {
        Operation = ItemOperation.Put, TableName = "acc", Item = Item.Of(("id", AttributeValue.Of(id))),
    };

    private static ItemRequest Get(string id, bool isStrong) => new()
    {
        Operation = ItemOperation.Get, TableName = "acc", Item = Item.Of(("id", AttributeValue.Of(id))), ConsistentRead = isStrong,
    };

    private Item? Find(string id)
    {
        ItemResult result = _engine.ItemAsync(Get(id, isStrong: false), Call()).AsTask().Result;
        Assert.Null(result.Error);
        return result.Item.IsEmpty ? null : ItemCodec.TryDecode(result.Item, out Item item) ? item : throw new InvalidOperationException("damaged");
    }

    private bool Exists(string id) => Find(id) is not null;

    private long Number(string id) => long.Parse(Find(id)!["n"]!.ToString()!, System.Globalization.CultureInfo.InvariantCulture);

    private GroupId GroupOf(string id) =>
        _replicated.GroupOf(KeyRules.SlotAndPartition(Schema, Item.Of(("id", AttributeValue.Of(id)))).Slot);

    private TransactionAnswer Prepare(TransactionId id, string item, string update)
    {
        var operation = new ByteBuffer();
        ItemRequest request = RequestParser.TransactWrite(Encoding.UTF8.GetBytes($$$"""
            {"TransactItems":[{"Update":{"TableName":"acc","Key":{"id":{"S":"{{{item}}}"}},"UpdateExpression":"{{{update}}}","ExpressionAttributeValues":{":v":{"N":"5"} } } }]}
            """)).Request!.Operations[0];
        byte[] place = KeyRules.Place(Schema, request.Item);
        ItemCommands.WriteChange(operation, Schema, new ItemKey(Keyspace.SlotOf(place), place.AsSpan(Keyspace.SlotPrefixLength)), request);
        return Send(GroupOf(item), c => TransactionCommand.Prepare(c, id, TransactionFlags.None, [operation.ToArray()]));
    }

    private void End(TransactionId id, string item, bool isCommitted) =>
        Assert.Equal(TransactionVerdict.Done, Send(GroupOf(item), c => TransactionCommand.End(c, id, isCommitted)).Verdict);

    private TransactionAnswer Send(GroupId group, Action<ByteBuffer> write)
    {
        var command = new ByteBuffer();
        write(command);
        Answer answer = _replicated.WriteAsync(
            group, TablesMachine.MachineId, RequestId.None, command.WrittenMemory, TimeSpan.FromSeconds(1)).AsTask().Result;
        return TransactionAnswer.TryRead(answer.Body)!;
    }
}
