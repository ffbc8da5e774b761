using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Indexes over several groups: that they come to hold what the table holds, whatever goes wrong on the way.</summary>
public sealed class IndexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Indexes_equal_the_table_once_it_is_quiet(ulong seed)
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByRank, IndexRig.ByGroup, IndexRig.ByTag, IndexRig.ByNumber);
        var prng = new Prng(seed);
        for (int i = 0; i < 400; i++)
        {
            Assert.Null((await rig.WriteAsync(prng)).Error);
            if (prng.Chance(0.1))
            {
                rig.Time.Tick(TimeSpan.FromMilliseconds(2));
            }
        }

        Assert.True(rig.Waiting() > 0, "some changes should still wait, or nothing was tested");
        rig.Settle();
        await rig.AssertIndexesEqualTableAsync();
    }

    [Fact]
    public async Task A_local_index_is_written_in_the_same_step()
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByRank);
        var prng = new Prng(5);
        for (int i = 0; i < 100; i++)
        {
            Assert.Null((await rig.WriteAsync(prng)).Error);
        }

        await rig.AssertIndexesEqualTableAsync();
        Assert.Equal(0, rig.Waiting());
    }

    [Theory]
    [InlineData(Outcome.NotDone)]
    [InlineData(Outcome.Unknown)]
    public async Task Sending_may_fail_at_any_step(Outcome outcome)
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByGroup, IndexRig.ByTag);
        var prng = new Prng(7);
        for (int failing = 0; failing < 40; failing++)
        {
            for (int i = 0; i < 12; i++)
            {
                Assert.Null((await rig.WriteAsync(prng)).Error);
            }

            // The step fails once, before or after what it does, while the changes are sent.
            int step = 0;
            bool isLost = failing % 2 == 0;
            rig.Replicated.Interfere = (_, _) => isLost && step++ == failing / 2 ? Failed(outcome) : null;
            rig.Replicated.Lose = (_, _) => !isLost && step++ == failing / 2 ? Failed(outcome) : null;
            rig.Time.Tick(TimeSpan.FromMilliseconds(3));
            rig.Replicated.Interfere = null;
            rig.Replicated.Lose = null;
            if (failing % 5 == 0)
            {
                rig.Settle();
                await rig.AssertIndexesEqualTableAsync();
            }
        }

        rig.Settle();
        await rig.AssertIndexesEqualTableAsync();
    }

    [Fact]
    public async Task How_far_indexes_lag_is_measured()
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByGroup);
        Assert.Equal(default, rig.Engine.Backlog);
        var prng = new Prng(3);
        for (int i = 0; i < 50; i++)
        {
            Assert.Null((await rig.WriteAsync(prng)).Error);
        }

        // Nobody takes anything in for three seconds.
        rig.Replicated.Interfere = (_, isWrite) => isWrite ? Failed(Outcome.NotDone) : null;
        for (int i = 0; i < 3; i++)
        {
            rig.Time.Tick(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(rig.Waiting(), rig.Engine.Backlog.IndexChanges);
        Assert.InRange(rig.Engine.Backlog.IndexLagMs, 2_900, 3_000);
        rig.Replicated.Interfere = null;
        rig.Settle();
        Assert.Equal(0, rig.Engine.Backlog.IndexChanges);
        Assert.InRange(rig.Engine.Backlog.IndexLagMs, 3001, 5000);
        rig.Time.Tick(TimeSpan.FromSeconds(11));
        Assert.Equal(default, rig.Engine.Backlog);
    }

    [Fact]
    public async Task An_index_is_filled_while_items_are_written()
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByTag);
        var prng = new Prng(11);
        for (int i = 0; i < 1200; i++)
        {
            Assert.Null((await rig.WriteAsync(prng, keys: 1500)).Error);
        }

        // A write of a client comes between any two steps.
        bool isWriting = false;
        int between = 0;
        rig.Replicated.Interfere = (group, isWrite) =>
        {
            if (!isWriting && isWrite && group != GroupId.Control)
            {
                isWriting = true;
                Assert.True(rig.WriteAsync(prng, keys: 1500) is { IsCompletedSuccessfully: true, Result.Error: null });
                between++;
                isWriting = false;
            }

            return null;
        };
        Assert.Null((await rig.AddAsync(IndexRig.ByGroup)).Error);
        rig.Replicated.Interfere = null;
        Assert.True(between > 15, $"only {between} writes came between");
        TableDescription row = await rig.DescribeAsync();
        Assert.All(row.Indexes, i => Assert.Equal(IndexStatus.Active, i.Status));
        Assert.Equal(2, row.Indexes.Count);
        rig.Settle();
        await rig.AssertIndexesEqualTableAsync();
    }

    [Fact]
    public async Task An_index_that_goes_while_items_are_written_leaves_nothing()
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByTag, IndexRig.ByGroup);
        var prng = new Prng(12);
        for (int i = 0; i < 1400; i++)
        {
            Assert.Null((await rig.WriteAsync(prng, keys: 2000)).Error);
            rig.Time.Tick(TimeSpan.FromMilliseconds(i % 3));
        }

        TableDescription before = await rig.DescribeAsync();
        ulong id = before.Shape.IndexOf("byGroup")!.Id;
        Assert.True(rig.EntriesOf(before.Id, id).Count > 256, $"{rig.EntriesOf(before.Id, id).Count} entries are too few to be deleted in several steps");
        bool isWriting = false;
        rig.Replicated.Interfere = (group, isWrite) =>
        {
            if (!isWriting && isWrite && group != GroupId.Control)
            {
                isWriting = true;
                Assert.True(rig.WriteAsync(prng, keys: 1200) is { IsCompletedSuccessfully: true, Result.Error: null });
                isWriting = false;
            }

            return null;
        };
        Assert.Null((await rig.RemoveAsync("byGroup")).Error);
        rig.Replicated.Interfere = null;
        rig.Settle();
        TableDescription row = await rig.DescribeAsync();
        Assert.Equal(["byTag"], row.Indexes.Select(static i => i.Shape.Name));
        Assert.Empty(rig.EntriesOf(row.Id, id));
        await rig.AssertIndexesEqualTableAsync();
        PageResult gone = await rig.Engine.ScanAsync(new ScanRequest { TableName = IndexRig.Table, IndexName = "byGroup" }, IndexRig.Call);
        Assert.Equal("The table does not have the specified index: byGroup", gone.Error?.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_node_carries_an_index_on_from_any_step(bool isAdded)
    {
        for (int step = 1; step < 60; step += 4)
        {
            await using var rig = new IndexRig(groups: 3);
            await rig.CreateAsync(isAdded ? [IndexRig.ByTag] : [IndexRig.ByTag, IndexRig.ByGroup]);
            var prng = new Prng(13);
            for (int i = 0; i < 700; i++)
            {
                Assert.Null((await rig.WriteAsync(prng, keys: 900)).Error);
            }

            if (!isAdded)
            {
                rig.Settle();
            }

            // From some step on the first node does nothing any more.
            int steps = 0;
            rig.Replicated.Interfere = (_, isWrite) => isWrite && steps++ > step ? Failed(Outcome.NotDone) : null;
            Assert.Null((isAdded ? await rig.AddAsync(IndexRig.ByGroup) : await rig.RemoveAsync("byGroup")).Error);
            await rig.StopAsync();
            rig.Replicated.Interfere = null;

            var time = new ManualTime();
            await using var other = new EmbeddedTableEngine(rig.Replicated, time);
            other.Start();
            for (int i = 0; i < 1000 && (await rig.DescribeAsync()).IsPending; i++)
            {
                // A sweep runs beside the ticks; each question gives it room.
                time.Tick(TimeSpan.FromSeconds(5));
            }

            TableDescription row = await rig.DescribeAsync();
            Assert.False(row.IsPending, $"step {step}");
            Assert.Equal(isAdded ? 2 : 1, row.Indexes.Count);
            for (int i = 0; i < 100 && rig.Waiting() > 0; i++)
            {
                time.Tick(TimeSpan.FromSeconds(1));
            }

            await rig.AssertIndexesEqualTableAsync();
        }
    }

    [Fact]
    public async Task Writes_are_refused_while_too_much_waits_to_be_sent()
    {
        await using var rig = new IndexRig(groups: 1);
        await rig.CreateAsync(IndexRig.ByGroup);
        MemoryState state = rig.Replicated.StateOf(rig.Replicated.Groups[0]);
        byte[] size = new byte[16];
        BitConverter.TryWriteBytes(size, Outbox.EntriesMax);
        state.Put([Keyspace.Outbox], size);
        ItemResult refused = await rig.SendAsync(ItemOperation.Put, IndexRig.KeyOf(1).With("g", AttributeValue.Of("a")));
        Assert.Equal(TableError.ThrottlingType, refused.Error?.Type);
        Assert.Equal(Outcome.NotDone, refused.Certificate.Outcome);
        BatchWriteResult batch = await rig.Engine.BatchWriteAsync(
            new BatchWriteRequest([new BatchWrite(IndexRig.Table, IsPut: true, IndexRig.KeyOf(2))], CapacityReturn.None), IndexRig.Call);
        Assert.Equal(TableError.ThrottlingType, batch.Error?.Type);
        BitConverter.TryWriteBytes(size, Outbox.EntriesMax - 1);
        state.Put([Keyspace.Outbox], size);
        Assert.Null((await rig.SendAsync(ItemOperation.Put, IndexRig.KeyOf(1).With("g", AttributeValue.Of("a")))).Error);
    }

    [Fact]
    public async Task A_deleted_table_leaves_nothing_of_its_indexes()
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByRank, IndexRig.ByGroup, IndexRig.ByTag);
        var prng = new Prng(17);
        for (int i = 0; i < 300; i++)
        {
            Assert.Null((await rig.WriteAsync(prng)).Error);
        }

        Assert.True(rig.Waiting() > 0);
        Assert.Null((await rig.Engine.DeleteTableAsync(IndexRig.Table, IndexRig.Call)).Error);
        rig.Settle();
        foreach (GroupId group in rig.Replicated.Groups)
        {
            // The mark of the table, and how far each group has taken in the changes of the others.
            using IOrderedCursor cursor = rig.Replicated.StateOf(group).Range([], []);
            while (cursor.MoveNext())
            {
                Assert.Contains(cursor.Key[0], new[] { Keyspace.Registration, Keyspace.InboxMark });
            }
        }
    }

    [Fact]
    public async Task A_group_that_appears_later_is_told_of_indexes_by_those_who_send_to_it()
    {
        await using var rig = new IndexRig(groups: 1);
        await rig.CreateAsync(IndexRig.ByGroup);
        rig.Replicated.AddGroup();
        rig.Replicated.AddGroup();
        var prng = new Prng(19);
        for (int i = 0; i < 200; i++)
        {
            Assert.Null((await rig.WriteAsync(prng)).Error);
        }

        rig.Settle();
        await rig.AssertIndexesEqualTableAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_of_a_query_are_the_partition_in_order(bool forward)
    {
        await using var rig = new IndexRig();
        await rig.CreateAsync(IndexRig.ByGroup);
        var prng = new Prng(23);
        for (int i = 0; i < 300; i++)
        {
            Assert.Null((await rig.WriteAsync(prng, keys: 300)).Error);
        }

        rig.Settle();
        var got = new List<decimal>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        Item? start = null;
        do
        {
            PageResult page = await rig.Engine.QueryAsync(
                new QueryRequest
                {
                    TableName = IndexRig.Table,
                    IndexName = "byGroup",
                    Conditions = [new("g", KeyComparator.Equal, [AttributeValue.Of("g1")]), new("n", KeyComparator.GreaterOrEqual, [AttributeValue.Of(-2)])],
                    IsReverse = !forward,
                    Limit = 3,
                    StartKey = start,
                },
                IndexRig.Call);
            Assert.Null(page.Error);
            foreach (Item item in page.Items.Select(IndexRig.Decoded))
            {
                got.Add(decimal.Parse(((NumberValue)item["n"]!).Number.ToString()!, System.Globalization.CultureInfo.InvariantCulture));
                Assert.True(keys.Add(IndexRig.Print(item)), "an item came twice");
            }

            start = page.LastKey;
        }
        while (start is not null);

        List<Item> all = await rig.ScanAsync(null);
        int wanted = all.Count(i => i["g"]?.Equals(AttributeValue.Of("g1")) == true && i["n"] is { } n && ValueOrder.Compare(n, AttributeValue.Of(-2)) >= 0);
        Assert.Equal(wanted, got.Count);
        Assert.True(wanted > 10);
        Assert.Equal(forward ? got.Order() : got.OrderDescending(), got);
    }

    private static Answer Failed(Outcome outcome) => new() { Outcome = outcome, Reason = Reason.NoLeader, StalenessMs = -1 };
}
