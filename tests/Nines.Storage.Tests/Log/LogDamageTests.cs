using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>
/// Rows D4 to D6, bug 11: damage in what was durable becomes a hole, a healed copy or a loss that is said; it is never cut in
/// silence, and nothing is invented.
/// </summary>
public partial class LogDamageTests
{
    private static readonly LogOptions Options = LogRig.Small with { SegmentBytes = 64 << 10, GrowingSegmentBytes = 64 << 10 };

    [Fact]
    public void One_bad_place_of_any_size_never_costs_more_than_known_holes_once_the_log_is_sealed()
    {
        int holes = 0, healed = 0, harmless = 0;
        for (ulong seed = 1; seed <= 300; seed++)
        {
            var prng = new Prng(seed + 77);
            LogRig rig = Filled(seed, prng);
            rig.Seal();
            rig.StepFlush();
            rig.StepFlush();
            (string path, int offset) = Place(rig, prng);
            Harm(rig.Disk, prng, path, offset);
            rig.Reopen();
            Judge(rig, $"seed={seed} {path} at {offset}");
            if (rig.Recovery.AnyGroupMayBeLost || rig.Recovery.Groups.Any(group => group.Lost))
            {
                Assert.Fail($"seed={seed} {path} at {offset}: {string.Join('\n', rig.Recovery.Findings)}{rig.Dump()}");
            }

            holes += rig.Recovery.Groups.Any(group => group.Holes.Count > 0) ? 1 : 0;
            healed += rig.Recovery.Condition == LogCondition.Damaged && rig.Recovery.Groups.All(g => g.Holes.Count == 0) ? 1 : 0;
            harmless += rig.Recovery.Condition == LogCondition.Clean ? 1 : 0;
        }

        Assert.True(holes > 50 && healed > 20 && harmless > 5, $"holes {holes}, healed {healed}, harmless {harmless}");
    }

    [Fact]
    public void Many_bad_places_are_never_silent()
    {
        int lost = 0;
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var prng = new Prng(seed + 99);
            LogRig rig = Filled(seed, prng);
            LogTail tail = LogTail.Find(rig.Disk, LogRig.Directory)!.Value;
            for (int i = prng.Between(2, 12); i > 0; i--)
            {
                (string path, int offset) = Place(rig, prng);
                if (path != tail.Path || offset + 4096 < tail.ProvenOffset)
                {
                    Harm(rig.Disk, prng, path, Math.Max(0, offset - 4096));
                }
            }

            rig.Reopen();
            Judge(rig, $"seed={seed}");
            lost += rig.Recovery.AnyGroupMayBeLost ? 1 : 0;
        }

        Assert.InRange(lost, 5, 195);
    }

    [Theory]
    [InlineData("segment header", 0, 64)]
    [InlineData("first head", 64, 48)]
    [InlineData("checkpoint, first copy", 112, 16)]
    public void The_beginning_of_a_segment_is_there_twice(string part, int offset, int length)
    {
        LogRig rig = Filled(3, new Prng(3));
        string path = LogTail.Find(rig.Disk, LogRig.Directory)!.Value.Path;
        DiskImage image = rig.Disk.Save();
        for (int at = offset; at < offset + length; at++)
        {
            rig.Disk.Restore(image);
            Assert.True(rig.Disk.FlipBits(path, at, 1, 1), part);
            rig.Reopen();
            Assert.Equal(LogCondition.Damaged, rig.Recovery.Condition);
            Assert.Equal(rig.Durable.Text(), LogModel.Of(rig.Recovery).Text());
        }
    }

    [Fact]
    public void Every_byte_of_a_batch_that_matters_is_watched()
    {
        var rig = new LogRig(1, Options) { PayloadMax = 40 };
        for (int i = 0; i < 5; i++)
        {
            rig.Append(group: i % 2, count: 2);
            rig.Flush();
        }

        DiskImage image = rig.Disk.Save();
        LogTail tail = LogTail.Find(rig.Disk, LogRig.Directory)!.Value;
        byte[] bytes = rig.Disk.Peek(tail.Path);
        int unseen = 0, holes = 0;
        int first = bytes.AsSpan(64 + 1024).IndexOf("N9BH"u8) + 64 + 1024;
        for (int at = first; at < tail.ProvenOffset; at++)
        {
            rig.Disk.Restore(image);
            rig.Disk.FlipBits(tail.Path, at, 1, 1);
            rig.Reopen();
            Judge(rig, $"at {at}");
            holes += rig.Recovery.Groups.Any(group => group.Holes.Count > 0) ? 1 : 0;
            unseen += rig.Recovery.Condition == LogCondition.Clean ? 1 : 0;
        }

        // Only padding, up to 15 bytes each behind directories and frames and 3 behind payloads, may change unseen.
        Assert.True(holes > 100, $"holes {holes}");
        Assert.True(unseen < (tail.ProvenOffset - first) / 8, $"unseen {unseen} of {tail.ProvenOffset - first}");
    }

    [Fact]
    public void The_last_batch_is_torn_without_a_seal_and_damaged_with_one()
    {
        foreach (bool seal in new[] { false, true })
        {
            var rig = new LogRig(1, Options);
            rig.Append(group: 0, count: 3, bytes: 100);
            rig.Flush();
            rig.Append(group: 0, count: 3, bytes: 100);
            rig.Flush();
            LogTail tail = LogTail.Find(rig.Disk, LogRig.Directory)!.Value;
            if (seal)
            {
                rig.Seal();
                rig.StepFlush();
                rig.StepFlush();
                Assert.True(LogTail.Find(rig.Disk, LogRig.Directory)!.Value.IsSealed);
            }

            rig.Disk.FlipBits(tail.Path, tail.ProvenOffset + 150, 20, 1);
            rig.Reopen();
            RecoveredGroup group = Assert.Single(rig.Recovery.Groups);
            Assert.Equal(seal ? LogCondition.Damaged : LogCondition.TornTail, rig.Recovery.Condition);
            Assert.Equal(seal ? 6 : 3, group.Entries.Count);
            Assert.Equal(seal ? 1 : 0, group.Holes.Count);
        }
    }

    [Fact]
    public void A_vote_survives_even_in_a_batch_that_is_cut()
    {
        // Bug 28: one copy of the record is enough, and to remember a promise that was perhaps not made is safe.
        var rig = new LogRig(1, Options);
        rig.Append(group: 0, count: 1);
        rig.Flush();
        rig.Log.SetHardState(new GroupId(0), new HardState(new Term(9), new NodeId(2)));
        rig.Flush();
        LogTail tail = LogTail.Find(rig.Disk, LogRig.Directory)!.Value;
        rig.Disk.FlipBits(tail.Path, tail.ProvenOffset + 50, 4, 1);
        rig.Reopen();
        Assert.Equal(LogCondition.TornTail, rig.Recovery.Condition);
        Assert.Equal(new HardState(new Term(9), new NodeId(2)), Assert.Single(rig.Recovery.Groups).HardState);
    }

    [Fact]
    public void A_hole_is_filled_by_a_repair_that_lasts()
    {
        var rig = new LogRig(1, Options);
        rig.Append(group: 0, count: 3, bytes: 100);
        rig.Flush();
        rig.Append(group: 0, count: 3, bytes: 100);
        rig.Flush();
        string path = LogTail.Find(rig.Disk, LogRig.Directory)!.Value.Path;
        int at = rig.Disk.Peek(path).AsSpan().IndexOf(rig.Durable.Groups[0].Entries[1].Payload.Span);
        rig.Disk.FlipBits(path, at, 100, 3);
        rig.Reopen();
        LogHole hole = Assert.Single(Assert.Single(rig.Recovery.Groups).Holes);
        LogEntry good = rig.Durable.Groups[0].Entries[1];
        Assert.Equal(new LogHole(good.Index, good.Index, good.Term), hole);
        Assert.Equal(LogHole.EntryKind, rig.Recovery.Groups[0].Entries[1].Kind);

        rig.Log.Repair(new GroupId(0), good);
        rig.Flush();
        for (int i = 0; i < 3; i++)
        {
            rig.Reopen();
            Assert.Empty(rig.Recovery.Groups[0].Holes);
            Assert.Equal(good.Payload.ToArray(), rig.Recovery.Groups[0].Entries[1].Payload.ToArray());
        }
    }

    [Fact]
    public void A_hole_that_is_not_repaired_is_still_known_after_more_restarts()
    {
        var rig = new LogRig(1, Options);
        rig.Append(group: 0, count: 3, bytes: 100);
        rig.Flush();
        rig.Append(group: 0, count: 3, bytes: 100);
        rig.Flush();
        string path = LogTail.Find(rig.Disk, LogRig.Directory)!.Value.Path;
        rig.Disk.FlipBits(path, rig.Disk.Peek(path).AsSpan().IndexOf(rig.Durable.Groups[0].Entries[0].Payload.Span), 100, 3);
        for (int i = 0; i < 3; i++)
        {
            rig.Reopen();
            Assert.Single(rig.Recovery.Groups[0].Holes);
            rig.Settle();
            rig.Append(group: 1, count: 1);
            rig.Flush();
        }
    }

    [Fact]
    public void A_group_that_was_lost_stays_lost_until_a_snapshot_or_its_removal()
    {
        LogRig rig = Lost();
        for (int i = 0; i < 3; i++)
        {
            Assert.True(rig.Recovery.AnyGroupMayBeLost);
            Assert.True(rig.Recovery.Groups.All(group => group.Lost && group.Entries.Count == 0));
            rig.Log.SetHardState(new GroupId(7), new HardState(new Term(50), NodeId.None));
            rig.Flush();
            rig.Disk.Kill();
            rig.Reopen();
            Assert.False(rig.Recovery.Groups.Single(group => group.Group.Value == 7).Lost);
            rig.Log.RemoveGroup(new GroupId(7));
            rig.Flush();
            rig.Disk.Kill();
            rig.Reopen();
        }

        rig.Log.SetBase(new GroupId(0), new LogPosition(new Term(60), new LogIndex(500)));
        rig.Log.RemoveGroup(new GroupId(1));
        rig.Log.AcceptLoss();
        rig.Flush();
        rig.Disk.Kill();
        rig.Reopen();
        Assert.False(rig.Recovery.AnyGroupMayBeLost);
        Assert.False(Assert.Single(rig.Recovery.Groups).Lost);
    }

    [Fact]
    public void A_missing_segment_in_the_middle_is_noticed_and_what_it_held_is_known()
    {
        LogRig rig = Filled(5, new Prng(5));
        rig.Disk.Kill();
        string[] started = [.. rig.Disk.AllFiles().Where(path => rig.Disk.Peek(path).AsSpan(0, 8).SequenceEqual("NINESLOG"u8))];
        Assert.True(started.Length > 2);
        rig.Disk.Delete(started[^2]);
        rig.Reopen();
        Assert.Equal(LogCondition.Damaged, rig.Recovery.Condition);
        Judge(rig, "segment missing");
        Assert.Contains(rig.Recovery.Groups, group => group.Holes.Count > 0);
        Assert.DoesNotContain(rig.Recovery.Groups, group => group.Lost);
    }

    [Fact]
    public void A_write_that_went_astray_is_damage()
    {
        int damaged = 0;
        for (ulong seed = 1; seed <= 60; seed++)
        {
            LogRig rig = Filled(seed, new Prng(seed));
            rig.Disk.Inject(DiskFaultKind.SyncMisdirects, "log/*");
            rig.Append();
            rig.Flush();
            rig.Append();
            rig.Flush();
            rig.Disk.Crash(CrashOptions.KeepAll);
            rig.Reopen();
            LogModel recovered = LogModel.Of(rig.Recovery);
            if (rig.Recovery.Condition == LogCondition.Damaged)
            {
                damaged++;
                Judge(rig, $"seed={seed}");
            }
            else
            {
                Assert.Equal(rig.Durable.Text(), recovered.Text());
            }
        }

        Assert.True(damaged > 20, $"damaged {damaged}");
    }
}
