#if PLANTED_BUGS
using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>Each planted bug of the log really bites; built and run only with -p:PlantedBugs=true.</summary>
public sealed class LogPlantedBugTests : IDisposable
{
    public void Dispose() => Planted.Active = PlantedBug.None;

    [Fact]
    public void Truncating_at_damage_loses_in_silence()
    {
        var rig = new LogRig(1);
        for (int i = 0; i < 20; i++)
        {
            rig.Append(group: 0, count: 3, bytes: 300);
            rig.Flush();
        }

        byte[] payload = rig.Durable.Groups[0].Entries[20].Payload.ToArray();
        string path = rig.Disk.AllFiles().First(file => rig.Disk.Peek(file).AsSpan().IndexOf(payload) >= 0);
        rig.Disk.FlipBits(path, rig.Disk.Peek(path).AsSpan().IndexOf(payload), 300, 1);
        Planted.Active = PlantedBug.TruncateAtDamage;
        rig.Reopen();
        Assert.NotEqual(LogCondition.Damaged, rig.Recovery.Condition);
        Assert.InRange(Assert.Single(rig.Recovery.Groups).Entries.Count, 1, 20);
        Assert.Empty(rig.Recovery.Groups[0].Holes);
        rig.Settle();
        rig.Append(group: 0, count: 1);
        rig.Flush();
        rig.CrashAndCompare(CrashOptions.LoseAll);
    }

    [Fact]
    public void Recycling_too_early_loses_in_silence()
    {
        Planted.Active = PlantedBug.LogCutTooEarly;
        var rig = new LogRig(2);
        for (int i = 0; i < 300; i++)
        {
            rig.Append(group: 0, count: 1, bytes: 500);
            rig.Flush();
            rig.MaintainAll();
        }

        rig.Reopen();
        RecoveredGroup group = Assert.Single(rig.Recovery.Groups);
        Assert.Empty(group.Holes);
        Assert.True(group.Base.Index.Value > 0);
    }

    [Fact]
    public void A_retried_flush_loses_what_was_acknowledged()
    {
        Planted.Active = PlantedBug.FlushRetried;
        var rig = new LogRig(3);
        rig.Append(group: 0, count: 1);
        rig.Flush();
        rig.Append(group: 0, count: 1);
        rig.Disk.Inject(DiskFaultKind.SyncFails, "log/*");
        LogFlush flush = rig.Log.BeginFlush();
        flush.Step();
        DiskException e = Assert.Throws<DiskException>(() => flush.Step());
        rig.Log.EndFlush(flush, e);
        Assert.Null(rig.Log.Failure);
        rig.Disk.Crash(CrashOptions.LoseAll);
        rig.Reopen();
        Assert.Single(Assert.Single(rig.Recovery.Groups).Entries);
    }
}
#endif
