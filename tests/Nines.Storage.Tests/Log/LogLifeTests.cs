using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>Rotation and recycling, full and failing disks, and what the log allocates.</summary>
public class LogLifeTests
{
    private static readonly GroupId Group = new(3);

    [Fact]
    public void Segments_are_prepared_used_and_recycled_so_that_the_log_stays_small()
    {
        var rig = new LogRig(1) { GroupCount = 100, PayloadMax = 200 };
        int filesMax = 0;
        for (int i = 0; i < 1_000; i++)
        {
            rig.Append(group: i % 100, count: 2);
            rig.Discard((i + 50) % 100);
            rig.Flush();
            rig.MaintainAll();
            filesMax = Math.Max(filesMax, rig.Disk.List(LogRig.Directory).Count);
        }

        Assert.InRange(filesMax, 3, 14);
        Assert.True(rig.Log.Bytes < 14 * LogRig.Small.SegmentBytes);
        rig.CrashAndCompare(CrashOptions.LoseAll);
    }

    [Fact]
    public void A_recycled_segment_is_full_of_old_bytes_and_none_of_them_comes_back()
    {
        var rig = new LogRig(2) { GroupCount = 1, PayloadMax = 50 };
        int stale = 0;
        for (int i = 0; i < 400; i++)
        {
            rig.Append(group: 0, count: 3);
            rig.Flush();
            rig.Discard(0);
            rig.Flush();
            rig.MaintainAll();
            if (i % 20 == 0)
            {
                // The prepared segment has a new name and holds nothing but old bytes.
                string last = rig.Disk.AllFiles()[^1];
                stale += Convert.ToHexString(rig.Disk.Peek(last).AsSpan(16, 1)) != last.Substring(last.Length - 6, 2) ? 1 : 0;
                rig.CrashAndCompare(i % 40 == 0 ? CrashOptions.LoseAll : null);
            }
        }

        Assert.True(stale > 5, $"stale {stale}");
    }

    [Fact]
    public void A_flush_writes_once_and_syncs_once_and_a_prepared_segment_does_not_grow()
    {
        var rig = new LogRig(3);
        rig.MaintainAll();
        rig.Append(group: 0, count: 5, bytes: 100);
        long writes = rig.Disk.Statistics.Writes, syncs = rig.Disk.Statistics.Syncs, used = rig.Disk.UsedBytes;
        rig.Flush();
        rig.Append(group: 0, count: 5, bytes: 100);
        rig.Flush();
        Assert.Equal(2, rig.Disk.Statistics.Writes - writes);
        Assert.Equal(2, rig.Disk.Statistics.Syncs - syncs);
        Assert.Equal(used, rig.Disk.UsedBytes);
    }

    [Fact]
    public void The_group_that_keeps_the_log_from_shrinking_is_named()
    {
        var rig = new LogRig(4) { GroupCount = 3 };
        rig.Append(group: 2, count: 1, bytes: 10);
        rig.Flush();
        for (int i = 0; i < 300; i++)
        {
            rig.Append(group: i % 2, count: 2, bytes: 300);
            rig.Flush();
            rig.Discard(i % 2);
            rig.Flush();
            rig.MaintainAll();
        }

        Assert.Equal(new GroupId(2), rig.Log.HoldsOldestSegment());
        long before = rig.Log.Bytes;
        rig.Append(group: 2, count: 1, bytes: 10);
        rig.Flush();
        Assert.Equal(2, rig.Log.Discard(new GroupId(2), new LogIndex(2)).Value);
        rig.Log.BeginFlush().RunToEnd(rig.Log);
        rig.MaintainAll();
        Assert.NotEqual(new GroupId(2), rig.Log.HoldsOldestSegment());
        Assert.True(rig.Log.Bytes < before / 2);
    }

    [Fact]
    public void A_batch_larger_than_a_segment_is_written_all_the_same()
    {
        var rig = new LogRig(5);
        rig.Append(group: 0, count: 3, bytes: 40_000);
        rig.Flush();
        rig.Append(group: 0, count: 1, bytes: 10);
        rig.Flush();
        rig.CrashAndCompare(CrashOptions.LoseAll);
    }

    [Fact]
    public void A_full_disk_refuses_a_flush_which_then_goes_through_unchanged()
    {
        var rig = new LogRig(6);
        for (int i = 0; i < 5; i++)
        {
            rig.Append(group: 0, count: 3, bytes: 500);
            rig.Flush();
        }

        rig.Disk.Capacity = rig.Disk.UsedBytes + 500;
        rig.Append(group: 0, count: 3, bytes: 500);
        LogFlush flush = rig.Log.BeginFlush();
        var full = Assert.Throws<DiskException>(() => flush.Step());
        Assert.Equal(DiskFailure.Full, full.Failure);
        rig.Log.EndFlush(flush, full);
        Assert.Null(rig.Log.Failure);
        Assert.True(rig.Log.LowOnSpace && rig.Log.HasStaged);

        rig.Disk.Capacity = long.MaxValue;
        rig.Log.Append(new GroupId(9), new LogEntry(new Term(1), new LogIndex(1), EntryKind.Noop, default));
        rig.Log.BeginFlush().RunToEnd(rig.Log);
        rig.MaintainAll();
        Assert.False(rig.Log.LowOnSpace);
        Assert.True(rig.Log.HasStaged);
        rig.Log.BeginFlush().RunToEnd(rig.Log);
        rig.Disk.Crash(CrashOptions.LoseAll);
        rig.Reopen();
        Assert.Equal(LogCondition.Clean, rig.Recovery.Condition);
        Assert.Equal([18, 1], rig.Recovery.Groups.Select(group => group.Entries.Count));
    }

    [Fact]
    public void Space_is_low_before_it_is_gone()
    {
        LogOptions options = LogRig.Small with { ReserveBytes = 100_000, SpaceCheckBytes = 1_000 };
        var rig = new LogRig(7, options);
        rig.Disk.Capacity = 250_000;
        while (!rig.Log.LowOnSpace)
        {
            rig.Append(group: 0, count: 1, bytes: 500);
            rig.Flush();
            rig.Log.TakeMaintenance()?.RunToEnd(rig.Log);
        }

        Assert.InRange(rig.Disk.FreeBytes, 50_000, 100_000);
        rig.Disk.Capacity = 1_000_000;
        rig.Log.TakeMaintenance()!.RunToEnd(rig.Log);
        Assert.False(rig.Log.LowOnSpace);
    }

    [Theory]
    [InlineData(DiskFailure.Device)]
    [InlineData(DiskFailure.Full)]
    public void A_failed_sync_is_final(DiskFailure failure)
    {
        var rig = new LogRig(8);
        rig.Append(group: 0, count: 1);
        rig.Disk.Inject(DiskFaultKind.SyncFails, "log/*", failure: failure);
        LogFlush flush = rig.Log.BeginFlush();
        Assert.True(flush.Step());
        DiskException e = Assert.Throws<DiskException>(() => flush.Step());
        rig.Log.EndFlush(flush, e);
        Assert.Same(e, rig.Log.Failure);
        Assert.Throws<InvariantBrokenException>(() => rig.Log.SetHardState(Group, default));
        Assert.Throws<InvariantBrokenException>(() => rig.Log.BeginFlush());
        Assert.Null(rig.Log.TakeMaintenance());
    }

    [Fact]
    public void What_a_restart_finds_after_a_failed_sync_is_durable_from_then_on()
    {
        // The pages are in the cache, marked clean and not on the device; the next process must not build upon them.
        var rig = new LogRig(9);
        rig.Append(group: 0, count: 1);
        rig.Flush();
        rig.Append(group: 0, count: 2);
        rig.Disk.Inject(DiskFaultKind.SyncFails, "log/*");
        LogFlush flush = rig.Log.BeginFlush();
        flush.Step();
        Assert.Throws<DiskException>(() => flush.Step());
        rig.Disk.Kill();
        rig.Reopen();
        string found = LogModel.Of(rig.Recovery).Text();
        rig.Disk.Crash(CrashOptions.LoseAll);
        rig.Reopen();
        Assert.Equal(found, LogModel.Of(rig.Recovery).Text());
    }

    [Fact]
    public void Appending_and_flushing_allocate_nothing_in_steady_state()
    {
        var rig = new LogRig(10, LogRig.Small with { SegmentBytes = 32 << 20, GrowingSegmentBytes = 32 << 20, SpaceCheckBytes = 1 << 30 });
        var payload = new byte[256];
        long index = 0;
        Cycle(300);

        // The runtime may allocate now and then on any thread; what an append allocates is there in each cycle.
        Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => Cycle(50)));

        long Cycle(int times)
        {
            long sum = 0;
            for (int i = 0; i < times; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int j = 0; j < 50; j++)
                {
                    index++;
                    for (int group = 0; group < 4; group++)
                    {
                        rig.Log.Append(new GroupId(group), new LogEntry(new Term(1), new LogIndex(index), EntryKind.Command, payload));
                    }
                }

                rig.Log.SetHardState(Group, new HardState(new Term(index), NodeId.None));
                LogFlush flush = rig.Log.BeginFlush();
                sum += GC.GetAllocatedBytesForCurrentThread() - before;
                while (flush.Step())
                {
                }

                before = GC.GetAllocatedBytesForCurrentThread();
                rig.Log.EndFlush(flush, null);
                sum += GC.GetAllocatedBytesForCurrentThread() - before;
            }

            return sum;
        }
    }
}

internal static class WorkExtensions
{
    public static void RunToEnd(this LogFlush flush, SegmentedLog log)
    {
        while (flush.Step())
        {
        }

        log.EndFlush(flush, null);
    }

    public static void RunToEnd(this LogMaintenance work, SegmentedLog log)
    {
        while (work.Step())
        {
        }

        log.EndMaintenance(work, null);
    }
}
