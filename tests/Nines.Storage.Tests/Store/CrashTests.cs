using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>The power goes before every single change that flush, compaction and snapshot install make to the disk.</summary>
public sealed class CrashTests
{
    private const int Keys = 120;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_crash_state_opens_with_data_and_point_together(int kind)
    {
        int states = 0;
        bool finished = false;
        for (int after = 0; !finished; after++)
        {
            // The same each time, until the power goes.
            SimulatedDisk disk = StoreRig.NewDisk(5);
            var rig = new StoreRig(disk);
            rig.Fill(Keys, rounds: 2);
            StoreContent durable = StoreContent.Of(rig.Store);
            finished = RunUntilPowerLoss(rig, disk, after);
            disk.Crash(Options(kind, after));
            using var next = new StoreRig(disk);
            StoreContent found = StoreContent.Of(next.Store);

            // The log replays what is behind the durable point: the content must be exactly that of some sealed point.
            Assert.Contains(found, finished ? [Later(3)] : (StoreContent[])[durable, Later(1), Later(2), Later(3)]);
            next.Run(next.Store.Scrub());
            next.RunAll();
            Assert.Equal(found, StoreContent.Of(next.Store));
            Assert.Equal(Debris.None, Debris.Of(disk, next.Store));
            states++;
        }

        Assert.True(states > 40);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_crash_at_any_step_of_an_install_leaves_the_old_or_the_new(int kind)
    {
        using var sender = new StoreRig(StoreRig.NewDisk(9));
        sender.Fill(Keys, rounds: 3, value: (k, r) => $"sent {k} {r}");
        StoreContent sent = StoreContent.Of(sender.Store);
        using StoreSnapshot snapshot = sender.Store.TakeSnapshot();
        var seen = new HashSet<bool>();
        bool finished = false;
        for (int after = 0; !finished; after++)
        {
            SimulatedDisk disk = StoreRig.NewDisk(5);
            var rig = new StoreRig(disk);
            rig.Fill(Keys);
            StoreContent old = StoreContent.Of(rig.Store);
            disk.PowerLossAfter = after;
            try
            {
                SnapshotReceiver receiver = rig.Store.BeginInstall(snapshot.Point, snapshot.Files)!;
                SnapshotCopy.Copy(snapshot, receiver, new Prng(3));
                rig.Run(receiver.Finish());
                rig.RunAll();
                finished = true;
            }
            catch (PowerLossException)
            {
            }

            disk.Crash(Options(kind, after));
            using var next = new StoreRig(disk);
            StoreContent found = StoreContent.Of(next.Store);
            Assert.True(found == old || found == sent);
            Assert.True(!finished || found == sent);
            Assert.Equal(Debris.None, Debris.Of(disk, next.Store));
            seen.Add(found == sent);
        }

        Assert.Equal(2, seen.Count);
    }

    private static CrashOptions Options(int kind, int after) => kind switch
    {
        0 => CrashOptions.LoseAll,
        1 => CrashOptions.KeepAll,
        _ => CrashOptions.Draw(new Prng((ulong)((kind * 1000) + after))),
    };

    /// <summary>Three more sealed memtables, deletions among them, flushed and compacted.</summary>
    private static bool RunUntilPowerLoss(StoreRig rig, SimulatedDisk disk, int after)
    {
        disk.PowerLossAfter = after;
        try
        {
            for (int part = 1; part <= 3; part++)
            {
                WritePart(rig, part);
                rig.Flush();
            }

            return true;
        }
        catch (PowerLossException)
        {
            return false;
        }
    }

    private static void WritePart(StoreRig rig, int part)
    {
        for (int i = part; i < Keys; i += 4)
        {
            if (i % 3 == 0)
            {
                rig.Delete(i);
            }
            else
            {
                rig.Put(i, $"part {part} of {i}");
            }
        }
    }

    private static StoreContent Later(int parts)
    {
        using var rig = new StoreRig(StoreRig.NewDisk(5));
        rig.Fill(Keys, rounds: 2);
        for (int part = 1; part <= parts; part++)
        {
            WritePart(rig, part);
            rig.Flush();
        }

        return StoreContent.Of(rig.Store);
    }
}

/// <summary>What a store says it holds.</summary>
internal readonly record struct StoreContent(LogIndex Durable, LogIndex Applied, ulong Hash)
{
    public static StoreContent Of(SortedStore store)
    {
        using StoreView view = store.View();
        return new StoreContent(store.Durable.Position.Index, store.Applied, SortedStore.StateHash(view));
    }
}

/// <summary>Files that nobody needs.</summary>
internal readonly record struct Debris(string Names)
{
    public static readonly Debris None = new("");

    public static Debris Of(IDisk disk, SortedStore store)
    {
        using StoreSnapshot snapshot = store.TakeSnapshot();
        return new Debris(string.Join(' ', disk.List(StoreRig.Directory).Except(snapshot.Files.Select(f => f.Name))));
    }
}
