using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class DiskFailureTests
{
    /// <summary>The disk is full at every possible byte of flushes and compactions; the work is done once there is room.</summary>
    [Fact]
    public void A_full_disk_stops_work_cleanly_and_is_recovered_from()
    {
        int failures = 0;
        for (int room = 0; room < 14_000; room += 450)
        {
            SimulatedDisk disk = StoreRig.NewDisk();
            using var rig = new StoreRig(new OptimisticDisk(disk));
            rig.Fill(150);
            long used = disk.UsedBytes;
            disk.Capacity = used + room;
            for (int round = 0; round < 3; round++)
            {
                for (int i = round; i < 150; i += 3)
                {
                    rig.Put(i, $"round {round} of {i}");
                }

                if (rig.Store.CanSeal)
                {
                    rig.Store.Seal(StoreRig.PointAt(rig.Store.Applied));
                }

                failures += FailsAsFull(rig.RunAll);
            }

            Assert.Null(rig.Store.Failure);
            Assert.Null(rig.Store.Damage);
            for (int i = 0; i < 150; i++)
            {
                Assert.Equal($"round {i % 3} of {i}", rig.Get(i));
            }

            disk.Capacity = long.MaxValue;
            rig.Flush();
            rig.RunAll();
            Assert.Equal(rig.Store.Applied, rig.Store.Durable.Position.Index);
            Assert.Equal(Debris.None, Debris.Of(disk, rig.Store));
        }

        Assert.True(failures > 10);
    }

    [Fact]
    public void Work_that_cannot_fit_is_not_begun()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        using var rig = new StoreRig(disk, StoreRig.Tiny with { ReserveBytes = 50_000 });
        rig.Fill(100);
        rig.Put(1, "more");
        rig.Store.Seal(StoreRig.PointAt(rig.Store.Applied));
        disk.Capacity = disk.UsedBytes + 50_000;
        Assert.Null(rig.Store.TakeWork());
        disk.Capacity += 50_000;
        rig.RunAll();
        Assert.Equal(rig.Store.Applied, rig.Store.Durable.Position.Index);
    }

    [Theory]
    [InlineData(DiskFaultKind.SyncFails, "*.table", DiskFailure.Device)]
    [InlineData(DiskFaultKind.SyncFails, "*MANIFEST.new", DiskFailure.Device)]
    [InlineData(DiskFaultKind.SyncDirectoryFails, "*", DiskFailure.Device)]
    [InlineData(DiskFaultKind.WriteFails, "*.table", DiskFailure.Device)]
    public void A_failing_device_ends_all_writing(DiskFaultKind kind, string pattern, DiskFailure failure)
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        using var rig = new StoreRig(disk);
        rig.Fill(50);
        LogIndex durable = rig.Store.Durable.Position.Index;
        rig.Put(1, "lost in memory only");
        disk.Inject(kind, pattern, failure: failure);
        Assert.Throws<DiskException>(rig.Flush);

        // Nothing is tried again, though the device would say yes now.
        Assert.NotNull(rig.Store.Failure);
        Assert.Null(rig.Store.TakeWork());
        Assert.Equal(durable, rig.Store.Durable.Position.Index);
        Assert.Equal("lost in memory only", rig.Get(1));
    }

    /// <summary>From the rename on it is not known which manifest is in force, so even "full" is final.</summary>
    [Fact]
    public void A_directory_sync_that_fails_after_the_rename_is_final_whatever_it_says()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        using var rig = new StoreRig(disk);
        rig.Fill(50);
        rig.Put(1, "maybe durable");
        rig.Store.Seal(StoreRig.PointAt(rig.Store.Applied));
        IBackgroundWork work = rig.Store.TakeWork()!;
        while (disk.Exists($"{StoreRig.Directory}/{ManifestFile.NewName}")
            || disk.List(StoreRig.Directory).Count == 2)
        {
            Assert.True(work.Step());
        }

        while (!disk.Exists($"{StoreRig.Directory}/{ManifestFile.NewName}"))
        {
            Assert.True(work.Step());
        }

        while (disk.Exists($"{StoreRig.Directory}/{ManifestFile.NewName}"))
        {
            Assert.True(work.Step());
        }

        disk.Inject(DiskFaultKind.SyncDirectoryFails, "*", failure: DiskFailure.Full);
        DiskException e = Assert.Throws<DiskException>(() => rig.Run(work));
        Assert.Equal(DiskFailure.Device, e.Failure);
        Assert.NotNull(rig.Store.Failure);

        // Both states of the name are whole.
        foreach (CrashOptions options in (CrashOptions[])[CrashOptions.KeepAll, CrashOptions.LoseAll])
        {
            SimulatedDisk copy = StoreRig.NewDisk();
            copy.Restore(disk.Save());
            using var next = new StoreRig(copy);
            Assert.NotNull(next.Get(1));
        }
    }

    private static int FailsAsFull(Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (DiskException e)
        {
            Assert.Equal(DiskFailure.Full, e.Failure);
            return 1;
        }
    }
}

/// <summary>A disk that claims to have room, so that the write itself meets the end of it.</summary>
internal sealed class OptimisticDisk(IDisk disk) : IDisk
{
    public long FreeBytes => long.MaxValue;

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    public bool Exists(string path) => disk.Exists(path);

    public IDiskFile Open(string path, DiskOpen mode) => disk.Open(path, mode);

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string path) => disk.Delete(path);

    public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

    public void SyncDirectory(string directory) => disk.SyncDirectory(directory);
}
