using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class StoreTests
{
    [Fact]
    public void A_crash_loses_the_memtable_and_nothing_else()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        var rig = new StoreRig(disk);
        rig.Put(1, "durable");
        rig.Flush();
        rig.Put(1, "volatile");
        disk.Crash(CrashOptions.LoseAll);
        using var next = new StoreRig(disk);
        Assert.Equal("durable", next.Get(1));
        Assert.Equal(new LogIndex(1), next.Store.Applied);
        Assert.Equal(StoreRig.PointAt(new LogIndex(1)).Position, next.Store.Durable.Position);
    }

    [Fact]
    public void The_durable_point_moves_without_writes_too()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        var rig = new StoreRig(disk);
        rig.Store.Skip(new LogIndex(5));
        rig.Flush();
        disk.Crash(CrashOptions.LoseAll);
        using var next = new StoreRig(disk);
        Assert.Equal(new LogIndex(5), next.Store.Durable.Position.Index);
        Assert.Equal(0, next.Store.Statistics().TableBytes);
    }

    [Fact]
    public void Seals_are_bounded_and_a_full_memtable_then_stalls()
    {
        using var rig = new StoreRig(StoreRig.NewDisk());
        int seals = 0;
        for (int i = 0; !rig.Store.IsStalled; i++)
        {
            rig.Put(i, "a value of some length");
            if (rig.Store.WantsFlush)
            {
                rig.Store.Seal(StoreRig.PointAt(rig.Store.Applied));
                seals++;
            }
        }

        Assert.Equal(StoreRig.Tiny.MaxSealed, seals);
        Assert.False(rig.Store.WantsFlush);
        IBackgroundWork work = rig.Store.TakeWork()!;
        Assert.Null(rig.Store.TakeWork());
        rig.Run(work);
        Assert.False(rig.Store.IsStalled);
    }

    /// <summary>etcd-io/etcd#17780: a compaction that forgot a deletion brought the old value back.</summary>
    [Fact]
    public void A_deletion_hides_older_values_until_the_bottom_and_then_goes_itself()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        using var rig = new StoreRig(disk);
        rig.Fill(200, rounds: 2);
        for (int i = 0; i < 200; i++)
        {
            rig.Delete(i);
            if (i % 20 == 0)
            {
                rig.Flush();
            }

            Assert.Null(rig.Get(i));
        }

        rig.Flush();
        rig.Fill(1, rounds: 40);
        for (int i = 1; i < 200; i++)
        {
            Assert.Null(rig.Get(i));
        }

        // Enough new data passes through every level to take all deletions to the bottom.
        for (int i = 0; i < 4000; i++)
        {
            rig.Put(i % 400, $"filling {i}");
            if (rig.Store.WantsFlush)
            {
                rig.Flush();
            }
        }

        rig.Flush();
        Assert.InRange(rig.Store.Statistics().TableEntries, 400, 900);
    }

    [Fact]
    public void A_deletion_as_the_last_write_survives_compaction_and_crash()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        var rig = new StoreRig(disk);
        rig.Fill(100, rounds: 2);
        rig.Delete(50);
        LogIndex last = rig.Store.Applied;
        rig.Flush();
        disk.Crash(CrashOptions.LoseAll);
        using var next = new StoreRig(disk);
        Assert.Null(next.Get(50));
        Assert.Equal(last, next.Store.Applied);
    }

    [Fact]
    public void Expired_entries_go_when_a_compaction_meets_them_and_do_not_count_before()
    {
        var filter = new ExpiredFilter();
        using var rig = new StoreRig(StoreRig.NewDisk(), StoreRig.Tiny with { Filter = filter });
        using var plain = new StoreRig(StoreRig.NewDisk());
        rig.Fill(300, rounds: 4, value: (k, _) => k % 2 == 0 ? $"expired {k}" : $"kept {k}");
        plain.Fill(300, rounds: 4, value: (k, _) => k % 2 == 0 ? $"expired {k}" : $"kept {k}");
        Assert.True(rig.Store.Statistics().TableEntries < 250);
        Assert.Equal("kept 17", rig.Get(17));
        using StoreView some = rig.Store.View();
        using StoreView all = plain.Store.View();
        Assert.NotEqual(SortedStore.StateHash(some), SortedStore.StateHash(all));
        Assert.Equal(SortedStore.StateHash(some, filter), SortedStore.StateHash(all, filter));
    }

    [Fact]
    public void State_hash_depends_on_content_only()
    {
        using var one = new StoreRig(StoreRig.NewDisk());
        using var two = new StoreRig(StoreRig.NewDisk(), StoreRig.Tiny with { BlockBytes = 1000, MemtableBytes = 1 << 20 });
        one.Fill(300, rounds: 3);
        two.Fill(300, value: (k, _) => $"value {k} of round 2");
        using StoreView a = one.Store.View();
        using StoreView b = two.Store.View();
        Assert.Equal(SortedStore.StateHash(a), SortedStore.StateHash(b));
        two.Put(299, "value 299 of round 3");
        using StoreView c = two.Store.View();
        Assert.NotEqual(SortedStore.StateHash(a), SortedStore.StateHash(c));
    }

    [Fact]
    public void Files_are_closed_with_the_last_view_that_needs_them()
    {
        var disk = new CountingDisk(StoreRig.NewDisk());
        var rig = new StoreRig(disk);
        rig.Fill(200);
        StoreView view = rig.Store.View();
        IOrderedCursor cursor = view.Range(default, default);
        ulong hash = SortedStore.StateHash(view);
        int open = disk.Open;
        rig.Fill(200, rounds: 4);
        Assert.True(disk.Open > open);
        Assert.Equal(hash, SortedStore.StateHash(view));
        view.Dispose();
        view.Dispose();
        Assert.True(cursor.MoveNext());
        Assert.Equal("value 0 of round 0", System.Text.Encoding.ASCII.GetString(cursor.Value.Span));
        cursor.Dispose();
        Assert.Equal(rig.Store.Statistics().Levels.Sum(l => l.Tables), disk.Open);
        rig.Dispose();
        Assert.Equal(0, disk.Open);
    }

    [Fact]
    public void Data_may_exceed_memory()
    {
        var options = new StoreOptions
        {
            MemtableBytes = 256 << 10, TableBytes = 512 << 10, LevelBaseBytes = 1 << 20, BlockBytes = 4 << 10,
        };
        var cache = new BlockCache(512 << 10);
        using var rig = new StoreRig(StoreRig.NewDisk(), options, cache);
        const int Count = 16_000;
        byte[] value = new byte[1000];
        var prng = new Prng(3);
        for (int i = 0; i < Count; i++)
        {
            BitConverter.TryWriteBytes(value, i);
            rig.Write(t => t.Put(StoreRig.Key((int)(i * 7919L % Count)), value));
            if (rig.Store.WantsFlush)
            {
                rig.Flush();
            }
        }

        Assert.True(rig.Store.Statistics().TableBytes > 14 << 20);
        using StoreView view = rig.Store.View();
        for (int i = 0; i < 5_000; i++)
        {
            int number = prng.Below(Count);
            Assert.True(view.TryGet(StoreRig.Key((int)(number * 7919L % Count)), out ReadOnlyMemory<byte> read));
            Assert.Equal(number, BitConverter.ToInt32(read.Span));
            Assert.True(cache.Bytes <= cache.CapacityBytes);
        }

        int seen = 0;
        using IOrderedCursor cursor = view.Range(default, default, reverse: true);
        while (cursor.MoveNext())
        {
            seen++;
        }

        Assert.Equal(Count, seen);
        Assert.True(cache.Bytes <= cache.CapacityBytes);
    }

    [Fact]
    public void A_get_that_hits_memory_or_cache_does_not_allocate()
    {
        using var rig = new StoreRig(StoreRig.NewDisk(), StoreRig.Tiny with { LevelBaseBytes = 1 << 20 }, new BlockCache(4 << 20));
        rig.Fill(500, rounds: 2);
        for (int i = 0; i < 10; i++)
        {
            rig.Put(i, "in memory");
        }

        byte[][] keys = [.. Enumerable.Range(0, 600).Select(StoreRig.Key)];
        using StoreView view = rig.Store.View();
        int found = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (byte[] key in keys)
            {
                found += view.TryGet(key, out _) ? 1 : 0;
            }

            if (round == 1)
            {
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }

        Assert.Equal(1000, found);
    }

    [Fact]
    public void A_put_allocates_only_arena_chunks()
    {
        using var rig = new StoreRig(StoreRig.NewDisk(), new StoreOptions { MemtableBytes = 1L << 30 });
        byte[] key = StoreRig.Key(0);
        byte[] value = new byte[100];
        PutMany(rig.Store, key, value, 1000);
        long memory = rig.Store.Statistics().MemtableBytes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        PutMany(rig.Store, key, value, 10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // Beside it: the smaller tables that the key index grew out of.
        Assert.InRange(allocated, 1, (rig.Store.Statistics().MemtableBytes - memory) + 100_000);
    }

    private static void PutMany(SortedStore store, byte[] key, byte[] value, int count)
    {
        for (int i = 0; i < count; i++)
        {
            BitConverter.TryWriteBytes(key, i * 7919);
            WriteTransaction transaction = store.Begin(store.Applied.Next);
            transaction.Put(key, value);
            store.Commit(transaction);
        }
    }

    private sealed class ExpiredFilter : ICompactionFilter
    {
        public bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => value.StartsWith("expired"u8);
    }
}
