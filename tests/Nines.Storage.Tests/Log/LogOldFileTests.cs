using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>Row D8: one file of the log becomes what it was some time ago, in this life of the directory or an earlier one.</summary>
public class LogOldFileTests
{
    private static readonly GroupId Group = new(1);

    [Fact]
    public void A_segment_of_an_earlier_life_makes_nothing_void()
    {
        // The world this is from: number 3 was prepared and not used yet, and the old number 3 begins before what number 2 holds.
        var disk = new SimulatedDisk(new Prng(1));
        Run(disk, life: 7, flushes: 3);
        Run(disk, life: 7, flushes: 3);
        Run(disk, life: 7, flushes: 3);
        DiskImage old = disk.Save();
        disk.Wipe();
        Run(disk, life: 8, flushes: 20);
        Run(disk, life: 8, flushes: 20);
        Assert.True(disk.RestoreFile(old, "log/0000000000000003.log"));
        Lost(disk, life: 8);
    }

    [Fact]
    public void A_segment_of_an_earlier_life_in_the_middle_leaves_known_holes()
    {
        var disk = new SimulatedDisk(new Prng(1));
        Run(disk, life: 7, flushes: 3);
        Run(disk, life: 7, flushes: 3);
        DiskImage old = disk.Save();
        disk.Wipe();
        Run(disk, life: 8, flushes: 5);
        Run(disk, life: 8, flushes: 5);
        Run(disk, life: 8, flushes: 5);
        Assert.True(disk.RestoreFile(old, "log/0000000000000002.log"));
        LogRecovery recovery = Recover(disk, life: 8);
        Assert.Equal(LogCondition.Damaged, recovery.Condition);
        Assert.Contains(recovery.Findings, finding => finding.Kind == LogFindingKind.Foreign);
        RecoveredGroup group = Assert.Single(recovery.Groups);
        Assert.False(group.Lost);
        Assert.Equal(15, group.Entries.Count);
        Assert.Equal([new LogHole(new(6), new(10), new(1))], group.Holes);
    }

    [Fact]
    public void What_was_lost_with_a_foreign_segment_stays_lost_and_the_file_is_used_again()
    {
        var disk = new SimulatedDisk(new Prng(1));
        Run(disk, life: 7, flushes: 3);
        DiskImage old = disk.Save();
        disk.Wipe();
        Run(disk, life: 8, flushes: 5);
        Assert.True(disk.RestoreFile(old, "log/0000000000000002.log"));
        Lost(disk, life: 8);
        for (int i = 0; i < 3; i++)
        {
            LogRecovery recovery = Recover(disk, life: 8);
            Assert.True(Assert.Single(recovery.Groups, group => group.Group == Group).Lost);
            recovery.Log.SetHardState(new GroupId(2), new HardState(new Term(9 + i), NodeId.None));
            recovery.Log.BeginFlush().RunToEnd(recovery.Log);
            Maintain(recovery.Log);
            recovery.Log.Dispose();
        }

        Assert.DoesNotContain(Recover(disk, life: 8).Findings, finding => finding.Kind == LogFindingKind.Foreign);
    }

    /// <summary>The same life: the file was prepared then, and is the one in use now.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_last_segment_does_not_become_unused_unnoticed(bool emptied)
    {
        var disk = new SimulatedDisk(new Prng(1));
        Run(disk, life: 8, flushes: 4);
        DiskImage old = disk.Save();
        Run(disk, life: 8, flushes: 4);
        string last = LogTail.Find(disk, "log")!.Value.Path;
        if (emptied)
        {
            disk.Delete(last);
        }
        else
        {
            Assert.True(disk.RestoreFile(old, last));
        }

        Lost(disk, life: 8);
    }

    /// <summary>The same life: a run that wrote nothing lies between. Its start noted how far the log had come.</summary>
    [Fact]
    public void The_last_segment_of_an_earlier_run_does_not_become_shorter_unnoticed()
    {
        var disk = new SimulatedDisk(new Prng(1));
        SegmentedLog log = Recover(disk, life: 8).Log;
        Maintain(log);
        Write(log, 1, 4);
        Maintain(log);
        DiskImage old = disk.Save();
        Write(log, 5, 4);
        log.Dispose();
        Recover(disk, life: 8).Log.Dispose();
        Assert.True(disk.RestoreFile(old, LogTail.Find(disk, "log")!.Value.Path));
        Lost(disk, life: 8);
    }

    [Fact]
    public void Segments_that_were_never_used_go_when_another_life_begins()
    {
        var disk = new SimulatedDisk(new Prng(1));
        SegmentedLog log = Recover(disk, life: 7).Log;
        Maintain(log);
        log.Dispose();
        SegmentedLog.ForgetPrepared(disk, "log");
        Assert.Equal(LogCondition.Empty, Recover(disk, life: 8).Condition);
        Assert.Empty(disk.List("log"));
    }

    private static void Lost(SimulatedDisk disk, long life)
    {
        for (int i = 0; i < 2; i++)
        {
            LogRecovery recovery = Recover(disk, life);
            Assert.Equal(LogCondition.Damaged, recovery.Condition);
            Assert.True(recovery.AnyGroupMayBeLost);
            Assert.All(recovery.Groups, group => Assert.True(group.Lost));
            recovery.Log.Dispose();
        }

        LogRecovery last = Recover(disk, life);
        last.Log.SetHardState(new GroupId(2), new HardState(new Term(9), NodeId.None));
        last.Log.BeginFlush().RunToEnd(last.Log);
        last.Log.Dispose();
    }

    // One start of a node: each flush has one entry.
    private static void Run(SimulatedDisk disk, long life, int flushes)
    {
        LogRecovery recovery = Recover(disk, life);
        Assert.NotEqual(LogCondition.Damaged, recovery.Condition);
        Maintain(recovery.Log);
        Write(recovery.Log, recovery.Groups.Count == 0 ? 1 : recovery.Groups[0].Entries.Count + 1, flushes);
        recovery.Log.Dispose();
    }

    private static void Write(SegmentedLog log, int first, int flushes)
    {
        for (int i = 0; i < flushes; i++)
        {
            log.SetHardState(Group, new HardState(new Term(1), NodeId.None));
            log.Append(Group, new LogEntry(new Term(1), new LogIndex(first + i), EntryKind.Command, new byte[] { 1 }));
            log.BeginFlush().RunToEnd(log);
            Maintain(log);
        }
    }

    private static void Maintain(SegmentedLog log)
    {
        while (log.TakeMaintenance() is { } work)
        {
            while (work.Step())
            {
            }

            log.EndMaintenance(work, null);
        }
    }

    private static LogRecovery Recover(SimulatedDisk disk, long life) => SegmentedLog.Recover(disk, "log", LogRig.Small, life);
}
