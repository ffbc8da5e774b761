using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Storage.Tests.Disk;

public sealed class SimulatedDiskTests : DiskSuite
{
    private readonly SimulatedDisk _disk = new(new Prng(7));

    protected override IDisk Disk => _disk;

    [Fact]
    public void A_power_loss_takes_what_was_not_synced_and_a_kill_does_not()
    {
        Put("a", 1);
        _disk.SyncDirectory("");
        using (IDiskFile file = _disk.Open("a", DiskOpen.ReadWrite))
        {
            file.Write(0, [2]);
        }

        _disk.Kill();
        Assert.Equal(2, Peek("a"));
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Equal(1, Peek("a"));
    }

    [Fact]
    public void An_unsynced_name_is_lost_and_a_synced_one_kept()
    {
        Put("a", 1);
        _disk.SyncDirectory("");
        Put("b", 2);
        _disk.Rename("a", "c");
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Equal(["a"], _disk.List(""));
    }

    [Fact]
    public void A_rename_shows_the_old_or_the_new_file_never_none()
    {
        var seen = new HashSet<int>();
        for (ulong seed = 1; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(new Prng(seed));
            foreach (byte version in new byte[] { 1, 2 })
            {
                using IDiskFile file = disk.Open("new", DiskOpen.Create);
                file.Write(0, [version]);
                file.Sync();
                disk.Rename("new", "name");
                if (version == 1)
                {
                    disk.SyncDirectory("");
                }
            }

            disk.Crash(CrashOptions.Draw(new Prng(seed)));
            seen.Add(disk.Peek("name")[0]);
        }

        Assert.Equal([1, 2], seen.Order());
    }

    [Fact]
    public void Unsynced_pages_are_kept_lost_torn_or_noise_but_synced_ones_stay()
    {
        bool kept = false, lost = false, torn = false;
        for (ulong seed = 1; seed < 300; seed++)
        {
            var disk = new SimulatedDisk(new Prng(seed));
            using (IDiskFile file = disk.Open("a", DiskOpen.Create))
            {
                file.Write(0, Filled(1, 3 * 4096));
                file.Sync();
                disk.SyncDirectory("");
                file.Write(4096 + 100, Filled(2, 4096 + 1000));
            }

            disk.Crash(CrashOptions.Draw(new Prng(seed)));
            byte[] after = disk.Peek("a");
            Assert.Equal(3 * 4096, after.Length);
            Assert.All(after[..(4096 + 100)], b => Assert.Equal(1, b));
            Assert.All(after[((2 * 4096) + 1100)..], b => Assert.Equal(1, b));
            byte[] middle = after[(4096 + 100)..(2 * 4096)];
            kept |= middle.All(b => b == 2);
            lost |= middle.All(b => b == 1);
            torn |= middle.Contains((byte)1) && middle.Contains((byte)2);
        }

        Assert.True(kept && lost && torn);
    }

    [Fact]
    public void A_length_may_grow_without_its_data()
    {
        bool zeros = false;
        for (ulong seed = 1; seed < 100; seed++)
        {
            var disk = new SimulatedDisk(new Prng(seed));
            using (IDiskFile file = disk.Open("a", DiskOpen.Create))
            {
                disk.SyncDirectory("");
                file.Write(0, Filled(1, 8192));
            }

            disk.Crash(CrashOptions.Draw(new Prng(seed)));
            zeros |= disk.Peek("a") is { Length: 8192 } bytes && bytes.Contains((byte)0);
        }

        Assert.True(zeros);
    }

    [Fact]
    public void After_a_failed_sync_a_later_one_succeeds_and_the_pages_are_lost_all_the_same()
    {
        Put("a", 1);
        _disk.SyncDirectory("");
        using (IDiskFile file = _disk.Open("a", DiskOpen.ReadWrite))
        {
            file.Write(0, [2]);
            _disk.Inject(DiskFaultKind.SyncFails, "a");
            Assert.Throws<DiskException>(file.Sync);
            file.Sync();
            Assert.Equal(2, First(file));
        }

        _disk.Crash(CrashOptions.KeepAll);
        Assert.Equal(1, Peek("a"));
    }

    [Fact]
    public void A_sync_can_lie_and_can_misdirect()
    {
        using (IDiskFile file = _disk.Open("a", DiskOpen.Create))
        {
            file.Write(0, Filled(1, 2 * 4096));
            file.Sync();
            _disk.SyncDirectory("");
            _disk.Inject(DiskFaultKind.SyncLies, "a");
            file.Write(0, [2]);
            file.Sync();
        }

        _disk.Crash(CrashOptions.KeepAll);
        Assert.Equal(1, Peek("a"));
        using (IDiskFile file = _disk.Open("a", DiskOpen.ReadWrite))
        {
            _disk.Inject(DiskFaultKind.SyncMisdirects, "*");
            file.Write(0, [3]);
            file.Sync();
        }

        _disk.Crash(CrashOptions.KeepAll);
        Assert.Equal(1, _disk.Peek("a")[0]);
        Assert.Equal(3, _disk.Peek("a")[4096]);
    }

    [Fact]
    public void Reads_fail_where_told_until_lifted()
    {
        Put("x", 1);
        using IDiskFile file = _disk.Open("x", DiskOpen.ReadWrite);
        file.Write(0, Filled(1, 100));
        DiskFault fault = _disk.Inject(new DiskFault
        {
            Kind = DiskFaultKind.ReadFails, Pattern = "x", From = 50, To = 60, TimesLeft = DiskFault.UntilLifted,
        });
        Assert.Equal(50, file.Read(0, new byte[50]));
        Assert.Throws<DiskException>(() => file.Read(0, new byte[51]));
        Assert.Throws<DiskException>(() => file.Read(59, new byte[1]));
        _disk.Lift(fault);
        Assert.Equal(100, file.Read(0, new byte[100]));
        Assert.Equal(2, fault.Fired);
    }

    [Fact]
    public void A_full_disk_refuses_growth_but_not_overwriting()
    {
        using IDiskFile file = _disk.Open("a", DiskOpen.Create);
        file.Write(0, new byte[1000]);
        _disk.Capacity = 1500;
        Assert.Equal(500, _disk.FreeBytes);
        Assert.Equal(DiskFailure.Full, Assert.Throws<DiskException>(() => file.Write(900, new byte[700])).Failure);
        Assert.Equal(DiskFailure.Full, Assert.Throws<DiskException>(() => file.Allocate(2000)).Failure);
        file.Write(0, new byte[1000]);
        file.Truncate(100);
        Assert.Equal(1400, _disk.FreeBytes);
        _disk.Delete("a");
        Assert.Equal(1500, _disk.FreeBytes);
    }

    [Fact]
    public void An_image_brings_back_a_file_or_the_whole_disk()
    {
        Put("a", 1);
        Put("b", 1);
        DiskImage image = _disk.Save();
        Put("a", 2);
        Put("b", 2);
        Assert.True(_disk.RestoreFile(image, "a"));
        Assert.Equal((1, 2), (Peek("a"), Peek("b")));
        Put("c", 2);
        _disk.Restore(image);
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Equal(["a", "b"], _disk.List(""));
        Assert.Equal((1, 1), (Peek("a"), Peek("b")));
        _disk.Wipe();
        Assert.Empty(_disk.AllFiles());
        Assert.Equal(0, _disk.UsedBytes);
    }

    [Fact]
    public void Bits_rot_on_the_device()
    {
        Put("a", 0);
        _disk.SyncDirectory("");
        Assert.True(_disk.FlipBits("a", 0, 1, 1));
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Equal(1, System.Numerics.BitOperations.PopCount((uint)Peek("a")));
        Assert.False(_disk.FlipBits("a", 1, 1, 1));
    }

    [Fact]
    public void The_power_goes_off_where_told_and_stays_off()
    {
        using IDiskFile file = _disk.Open("a", DiskOpen.Create);
        _disk.PowerLossAfter = 2;
        file.Write(0, [1]);
        file.Sync();
        Assert.Throws<PowerLossException>(() => _disk.SyncDirectory(""));
        Assert.Throws<PowerLossException>(() => file.Read(0, new byte[1]));
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Empty(_disk.List(""));
        Assert.Throws<InvariantBrokenException>(() => file.Read(0, new byte[1]));
    }

    [Fact]
    public void The_same_seed_gives_the_same_disk()
    {
        Assert.Equal(Run(3), Run(3));
        Assert.NotEqual(Run(3), Run(4));

        static string Run(ulong seed)
        {
            var prng = new Prng(seed);
            var disk = new SimulatedDisk(prng.Fork());
            for (int i = 0; i < 300; i++)
            {
                using IDiskFile file = disk.Open($"f{prng.Below(5)}", DiskOpen.Create);
                file.Write(prng.Below(10_000), Filled((byte)i, prng.Between(1, 9_000)));
                if (prng.Chance(0.3))
                {
                    file.Sync();
                    disk.SyncDirectory("");
                }

                if (prng.Chance(0.05))
                {
                    disk.Crash(CrashOptions.Draw(prng));
                }
            }

            uint state = Crc32C.Start;
            foreach (string path in disk.AllFiles())
            {
                state = Crc32C.Add(state, disk.Peek(path));
            }

            return $"{state} {disk.UsedBytes} {disk.Statistics.PagesSynced}";
        }
    }

    private static byte[] Filled(byte value, int count)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private int Peek(string path) => _disk.Peek(path)[0];
}
