using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class SnapshotTests : IDisposable
{
    private readonly SimulatedDisk _disk = StoreRig.NewDisk(2);
    private readonly StoreRig _sender = new(StoreRig.NewDisk(1));
    private readonly StoreRig _receiver;

    public SnapshotTests()
    {
        _receiver = new StoreRig(_disk);
        _receiver.Fill(30);
        _sender.Fill(200, rounds: 2);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    [Fact]
    public void A_snapshot_stays_while_what_it_holds_is_compacted_away()
    {
        StoreContent before = StoreContent.Of(_sender.Store);
        StoreSnapshot snapshot = _sender.Store.TakeSnapshot();
        _sender.Fill(200, rounds: 3, value: (k, r) => $"later {k} {r}");
        Assert.Contains(snapshot.Files, f => !_sender.Disk.Exists($"{StoreRig.Directory}/{f.Name}"));
        Install(snapshot);
        Assert.Equal(before, StoreContent.Of(_receiver.Store));
        snapshot.Dispose();
    }

    [Fact]
    public void Installed_point_metadata_and_data_survive_a_crash_and_can_be_built_upon()
    {
        using StoreSnapshot snapshot = _sender.Store.TakeSnapshot();
        using StoreView old = _receiver.Store.View();
        ulong oldHash = SortedStore.StateHash(old);
        Install(snapshot);
        Assert.Equal(oldHash, SortedStore.StateHash(old));
        Assert.Equal(snapshot.Point.Position, _receiver.Store.Durable.Position);
        Assert.Equal(snapshot.Point.Metadata.ToArray(), _receiver.Store.Durable.Metadata.ToArray());
        _disk.Crash(CrashOptions.LoseAll);
        using var next = new StoreRig(_disk);
        Assert.Equal(StoreContent.Of(_sender.Store), StoreContent.Of(next.Store));
        next.Fill(50, rounds: 3, value: (k, r) => $"after {k} {r}");
        Assert.Equal("after 7 2", next.Get(7));
        Assert.Equal("value 77 of round 1", next.Get(77));
        Assert.Equal(Debris.None, Debris.Of(_disk, next.Store));
    }

    [Fact]
    public void The_same_snapshot_again_or_an_older_one_is_declined()
    {
        using StoreSnapshot snapshot = _sender.Store.TakeSnapshot();
        Install(snapshot);
        Assert.Null(_receiver.Store.BeginInstall(snapshot.Point, snapshot.Files));
        Assert.Null(_receiver.Store.BeginInstall(StoreRig.PointAt(new LogIndex(1)), snapshot.Files));
        Assert.NotNull(_receiver.Store.BeginInstall(snapshot.Point, snapshot.Files, isRepair: true));
    }

    [Fact]
    public void A_second_snapshot_replaces_the_one_being_received()
    {
        using StoreSnapshot first = _sender.Store.TakeSnapshot();
        SnapshotReceiver early = _receiver.Store.BeginInstall(first.Point, first.Files)!;
        Assert.True(early.Write(1, 0, "partly"u8));
        _sender.Fill(100, value: (k, _) => $"second {k}");
        using StoreSnapshot second = _sender.Store.TakeSnapshot();
        Install(second);
        Assert.False(early.IsOpen);
        Assert.False(early.Write(1, 0, "late"u8));
        Assert.Equal(StoreContent.Of(_sender.Store), StoreContent.Of(_receiver.Store));
        Assert.Equal(Debris.None, Debris.Of(_disk, _receiver.Store));
    }

    [Fact]
    public void A_second_snapshot_can_be_received_while_the_first_is_being_checked()
    {
        using StoreSnapshot first = _sender.Store.TakeSnapshot();
        SnapshotReceiver early = _receiver.Store.BeginInstall(first.Point, first.Files)!;
        SnapshotCopy.Copy(first, early, new Prng(1));
        IBackgroundWork work = early.Finish();
        for (int i = 0; i < 5; i++)
        {
            Assert.True(work.Step());
        }

        Assert.Throws<InvariantBrokenException>(() => _receiver.Store.Begin(_receiver.Store.Applied.Next));
        _sender.Fill(100, value: (k, _) => $"second {k}");
        using StoreSnapshot second = _sender.Store.TakeSnapshot();
        SnapshotReceiver late = _receiver.Store.BeginInstall(second.Point, second.Files)!;
        SnapshotCopy.Copy(second, late, new Prng(2));
        _receiver.Run(work);
        Assert.Equal(first.Point.Position, _receiver.Store.Durable.Position);
        _receiver.RunAll();
        _receiver.Run(late.Finish());
        _receiver.RunAll();
        Assert.Equal(StoreContent.Of(_sender.Store), StoreContent.Of(_receiver.Store));
        Assert.Equal(Debris.None, Debris.Of(_disk, _receiver.Store));
    }

    [Fact]
    public void Damaged_bytes_in_any_file_are_refused_and_the_old_store_goes_on()
    {
        StoreContent old = StoreContent.Of(_receiver.Store);
        using StoreSnapshot snapshot = _sender.Store.TakeSnapshot();
        var prng = new Prng(4);
        for (int round = 0; round < 120; round++)
        {
            int damaged = round % snapshot.Files.Count;
            long at = prng.Below(snapshot.Files[damaged].Length);
            SnapshotReceiver receiver = _receiver.Store.BeginInstall(snapshot.Point, snapshot.Files)!;
            SnapshotCopy.Copy(snapshot, receiver, prng, (file, offset, bytes) =>
            {
                if (file == damaged && at >= offset && at < offset + bytes.Length)
                {
                    bytes[at - offset] ^= (byte)(1 << prng.Below(8));
                }
            });
            Assert.Throws<DamagedException>(() => _receiver.Run(receiver.Finish()));
            _receiver.RunAll();
            Assert.Equal(old, StoreContent.Of(_receiver.Store));
            Assert.Null(_receiver.Store.Damage);
            Assert.Equal(Debris.None, Debris.Of(_disk, _receiver.Store));
        }

        Install(snapshot);
    }

    [Fact]
    public void An_incomplete_or_misannounced_snapshot_is_refused()
    {
        using StoreSnapshot snapshot = _sender.Store.TakeSnapshot();
        SnapshotFile[] files = [.. snapshot.Files];
        Assert.Null(_receiver.Store.BeginInstall(snapshot.Point, []));
        Assert.Null(_receiver.Store.BeginInstall(snapshot.Point, files[1..]));
        Assert.Null(_receiver.Store.BeginInstall(snapshot.Point, [files[0] with { Length = long.MaxValue }]));
        Assert.Null(_receiver.Store.BeginInstall(snapshot.Point, [files[0], files[1] with { Length = -1 }]));

        // Nothing received; one table missing; another point than the manifest's; files swapped.
        Refuse(snapshot.Point, files, (_, _) => false);
        Refuse(snapshot.Point, files, (file, _) => file != 2);
        Refuse(StoreRig.PointAt(snapshot.Point.Position.Index.Next), files, (_, _) => true);
        Refuse(snapshot.Point, [files[0], files[2], files[1], .. files[3..]], (_, _) => true);

        void Refuse(StorePoint point, SnapshotFile[] announced, Func<int, long, bool> passes)
        {
            SnapshotReceiver receiver = _receiver.Store.BeginInstall(point, announced)!;
            byte[] bytes = new byte[1 << 16];
            for (int file = 0; file < announced.Length; file++)
            {
                int count = snapshot.Read(file, 0, bytes);
                if (passes(file, 0))
                {
                    receiver.Write(file, 0, bytes.AsSpan(0, count));
                }
            }

            Assert.False(receiver.Write(0, announced[0].Length, "x"u8));
            Assert.False(receiver.Write(announced.Length, 0, "x"u8));
            Assert.False(receiver.Write(0, -1, "x"u8));
            Assert.Throws<DamagedException>(() => _receiver.Run(receiver.Finish()));
            _receiver.RunAll();
            Assert.Equal(Debris.None, Debris.Of(_disk, _receiver.Store));
        }
    }

    [Fact]
    public void A_damaged_store_is_repaired_by_a_snapshot_of_the_same_point()
    {
        using var cold = new StoreRig(_sender.Disk, cache: new BlockCache(0));
        using StoreSnapshot snapshot = cold.Store.TakeSnapshot();
        Install(snapshot);
        string table = _disk.AllFiles().First(f => f.EndsWith(TableFormat.Suffix, StringComparison.Ordinal));
        _disk.FlipBits(table, 5, 1, 1);
        using var damaged = new StoreRig(_disk, cache: new BlockCache(0));
        Assert.Throws<DamagedException>(() => damaged.Run(damaged.Store.Scrub()));
        SnapshotReceiver receiver = damaged.Store.BeginInstall(snapshot.Point, snapshot.Files, isRepair: true)!;
        SnapshotCopy.Copy(snapshot, receiver, new Prng(1));
        damaged.Run(receiver.Finish());
        damaged.RunAll();
        Assert.Null(damaged.Store.Damage);
        Assert.Equal(StoreContent.Of(cold.Store), StoreContent.Of(damaged.Store));
    }

    [Fact]
    public void A_disk_that_is_full_while_receiving_or_switching_costs_nothing_but_the_attempt()
    {
        StoreContent old = StoreContent.Of(_receiver.Store);
        using StoreSnapshot snapshot = _sender.Store.TakeSnapshot();
        for (long room = 0; room < snapshot.Bytes + 200; room += 900)
        {
            SnapshotReceiver receiver = _receiver.Store.BeginInstall(snapshot.Point, snapshot.Files)!;
            _disk.Capacity = _disk.UsedBytes + room;
            DiskException e = Assert.Throws<DiskException>(() =>
            {
                SnapshotCopy.Copy(snapshot, receiver, new Prng(1));
                _receiver.Run(receiver.Finish());
            });
            Assert.Equal(DiskFailure.Full, e.Failure);
            receiver.Abandon();
            _receiver.RunAll();
            _disk.Capacity = long.MaxValue;
            Assert.Equal(old, StoreContent.Of(_receiver.Store));
            Assert.Equal(Debris.None, Debris.Of(_disk, _receiver.Store));
        }

        Install(snapshot);
        Assert.Equal(StoreContent.Of(_sender.Store), StoreContent.Of(_receiver.Store));
    }

    [Fact]
    public void A_snapshot_of_an_empty_store_is_a_manifest()
    {
        using var empty = new StoreRig(StoreRig.NewDisk());
        empty.Store.Skip(_receiver.Store.Applied + 5);
        empty.Flush();
        using StoreSnapshot snapshot = empty.Store.TakeSnapshot();
        Assert.Single(snapshot.Files);
        Install(snapshot);
        Assert.Null(_receiver.Get(1));
        Assert.Equal(StoreContent.Of(empty.Store), StoreContent.Of(_receiver.Store));
    }

    private void Install(StoreSnapshot snapshot)
    {
        SnapshotReceiver receiver = _receiver.Store.BeginInstall(snapshot.Point, snapshot.Files)!;
        SnapshotCopy.Copy(snapshot, receiver, new Prng(6));
        _receiver.Run(receiver.Finish());
        _receiver.RunAll();
    }
}
