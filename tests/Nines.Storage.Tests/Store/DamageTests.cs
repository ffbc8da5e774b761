using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>Whatever happens to the bytes on disk: the right answer or <see cref="DamagedException"/>, never a wrong answer.</summary>
public sealed class DamageTests
{
    private const int Keys = 60;

    [Fact]
    public void Every_flipped_byte_of_a_table_is_found()
    {
        SimulatedDisk disk = Filled();
        string path = Table(disk);
        byte[] whole = disk.Peek(path);
        for (int offset = 0; offset < whole.Length; offset++)
        {
            disk.Corrupt(path, offset, [(byte)(whole[offset] ^ (1 << (offset % 8)))]);
            Assert.True(Check(disk), $"offset {offset} was not found");
            disk.Corrupt(path, offset, [whole[offset]]);
        }

        Assert.False(Check(disk));
    }

    [Fact]
    public void Every_flipped_byte_of_the_manifest_is_found()
    {
        SimulatedDisk disk = Filled();
        string path = $"{StoreRig.Directory}/{ManifestFile.Name}";
        byte[] whole = disk.Peek(path);
        int files = disk.AllFiles().Count;
        for (int offset = 0; offset < whole.Length; offset++)
        {
            disk.Corrupt(path, offset, [(byte)(whole[offset] ^ (1 << (offset % 8)))]);
            Assert.Throws<DamagedException>(() => new StoreRig(disk));
            disk.Corrupt(path, offset, [whole[offset]]);
        }

        // Nothing was cleaned up on the word of a damaged manifest.
        Assert.Equal(files, disk.AllFiles().Count);
    }

    [Fact]
    public void A_missing_manifest_beside_tables_is_damage_not_an_empty_store()
    {
        SimulatedDisk disk = Filled();
        disk.Delete($"{StoreRig.Directory}/{ManifestFile.Name}");
        Assert.Throws<DamagedException>(() => new StoreRig(disk));
        Assert.NotEmpty(disk.AllFiles());
        SortedStore.Erase(disk, StoreRig.Directory);
        using var rig = new StoreRig(disk);
        Assert.Equal(StorePoint.Start.Position, rig.Store.Durable.Position);
    }

    [Fact]
    public void A_missing_or_shortened_table_is_found_when_the_store_is_opened()
    {
        SimulatedDisk disk = Filled();
        string path = Table(disk);
        DiskImage image = disk.Save();
        using (IDiskFile file = disk.Open(path, DiskOpen.ReadWrite))
        {
            file.Truncate(file.Length - 1);
        }

        Assert.Equal(path, Assert.Throws<DamagedException>(() => new StoreRig(disk)).File);
        disk.Delete(path);
        Assert.Throws<DamagedException>(() => new StoreRig(disk));
        disk.RestoreFile(image, path);
        Assert.False(Check(disk));
    }

    [Fact]
    public void A_whole_block_in_the_wrong_place_is_found()
    {
        SimulatedDisk disk = Filled();
        string path = Table(disk);
        byte[] whole = disk.Peek(path);

        // The first block over the second one and elsewhere; no flipped bit anywhere.
        for (int offset = 1; offset < 600; offset += 37)
        {
            disk.Corrupt(path, offset, whole.AsSpan(0, 300));
            Assert.True(Check(disk));
            disk.Corrupt(path, 0, whole);
        }
    }

    [Fact]
    public void A_whole_table_of_another_time_under_the_same_name_is_found()
    {
        SimulatedDisk disk = Filled();
        SimulatedDisk other = Filled(value: "VALUE");
        string path = Table(disk);
        byte[] foreign = other.Peek(path);
        Assert.Equal(foreign.Length, disk.Peek(path).Length);
        disk.Corrupt(path, 0, foreign);
        Assert.True(Check(disk));
    }

    [Fact]
    public void A_bad_sector_is_damage_to_readers_and_to_the_scrub()
    {
        SimulatedDisk disk = Filled();
        using var rig = new StoreRig(disk, cache: new BlockCache(0));
        disk.Inject(DiskFaultKind.ReadFails, Table(disk), DiskFault.UntilLifted);
        Assert.Throws<DamagedException>(() => rig.Get(1));
        Assert.Throws<DamagedException>(() => rig.Run(rig.Store.Scrub()));
        Assert.NotNull(rig.Store.Damage);
        Assert.Null(rig.Store.Failure);
        disk.LiftAll();
        Assert.NotNull(rig.Get(1));
    }

    [Fact]
    public void A_compaction_that_meets_damage_changes_nothing_and_flushes_go_on()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        using var rig = new StoreRig(disk, cache: new BlockCache(0));
        for (int i = 0; i < Keys; i++)
        {
            rig.Put(i, "value");
        }

        rig.Flush();
        disk.FlipBits(Table(disk), 10, 1, 1);
        rig.Put(1, "newer");
        Assert.Throws<DamagedException>(rig.Flush);
        rig.Put(2, "newest");
        rig.Flush();
        Assert.Equal("newest", rig.Get(2));
        Assert.Equal(3, rig.Store.Statistics().Levels[0].Tables);
        Assert.Equal(rig.Store.Applied, rig.Store.Durable.Position.Index);
        Assert.NotNull(rig.Store.Damage);
        Assert.Equal(4, disk.List(StoreRig.Directory).Count);
    }

    /// <summary>A device that says "synced" and stored nothing, or stored a page in another's place, and then the power goes.</summary>
    [Theory]
    [InlineData(DiskFaultKind.SyncLies, "*.table")]
    [InlineData(DiskFaultKind.SyncLies, "*MANIFEST.new")]
    [InlineData(DiskFaultKind.SyncMisdirects, "*.table")]
    public void Phantom_and_misdirected_writes_are_found_after_a_crash(DiskFaultKind kind, string pattern)
    {
        // Tables of several pages.
        const int Padding = 200;
        int found = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            var disk = new SimulatedDisk(new Prng(seed));
            disk.Inject(kind, pattern, DiskFault.UntilLifted);
            bool damaged = IsDamaged(() =>
            {
                using var rig = new StoreRig(disk);
                for (int i = 0; i < Keys; i++)
                {
                    rig.Put(i, Text(i, Padding));
                }

                rig.Delete(Keys);
                rig.Flush();
            });
            disk.LiftAll();
            disk.Crash(CrashOptions.Draw(new Prng(seed)));
            bool foundByScrub = false;
            damaged |= IsDamaged(() => foundByScrub = Check(disk, Padding));
            found += damaged || foundByScrub ? 1 : 0;
        }

        Assert.True(found >= 20, $"{found} of 40");
    }

    [Fact]
    public void A_scrub_works_in_portions_and_comes_round()
    {
        using var rig = new StoreRig(StoreRig.NewDisk());
        rig.Fill(600);
        int portions = 0;
        while (rig.Store.ScrubRounds < 2)
        {
            rig.Run(rig.Store.Scrub());
            portions++;
        }

        long rounds = 2 * rig.Store.Statistics().TableBytes / StoreRig.Tiny.ScrubBytes;
        Assert.InRange(portions, rounds / 2, rounds + 4);
    }

    private static SimulatedDisk Filled(string value = "value")
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        using var rig = new StoreRig(disk);
        for (int i = 0; i < Keys; i++)
        {
            rig.Put(i, $"{value} {i}");
        }

        rig.Delete(Keys);
        rig.Flush();
        return disk;
    }

    private static string Table(SimulatedDisk disk) =>
        disk.AllFiles().First(f => f.EndsWith(TableFormat.Suffix, StringComparison.Ordinal));

    /// <returns>True when anything met damage. Fails on any wrong answer, and when only the scrub or only nobody sees damage.</returns>
    private static bool Check(SimulatedDisk disk, int padding = 0)
    {
        using var rig = new StoreRig(disk, cache: new BlockCache(1 << 20));
        bool damaged = false;
        for (int i = 0; i <= Keys; i++)
        {
            damaged |= IsDamaged(() => Assert.Equal(i == Keys ? null : Text(i, padding), rig.Get(i)));
        }

        foreach (bool reverse in (bool[])[false, true])
        {
            damaged |= IsDamaged(() =>
            {
                using StoreView view = rig.Store.View();
                using IOrderedCursor cursor = view.Range(default, default, reverse);
                for (int i = 0; i < Keys; i++)
                {
                    Assert.True(cursor.MoveNext());
                    Assert.Equal(StoreRig.Key(reverse ? Keys - 1 - i : i), cursor.Key.ToArray());
                }

                Assert.False(cursor.MoveNext());
            });
        }

        bool scrubbed = IsDamaged(() =>
        {
            while (rig.Store.ScrubRounds == 0)
            {
                rig.Run(rig.Store.Scrub());
            }
        });
        Assert.True(scrubbed || !damaged);
        return scrubbed;
    }

    private static string Text(int key, int padding) => $"value {key}".PadRight(padding);

    private static bool IsDamaged(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (DamagedException)
        {
            return true;
        }
    }
}
