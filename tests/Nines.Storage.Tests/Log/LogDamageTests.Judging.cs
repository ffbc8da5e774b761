using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>How logs are filled and harmed, and what is asked of their recovery.</summary>
public partial class LogDamageTests
{
    /// <summary>What was recovered says the truth about everything that was acknowledged.</summary>
    private static void Judge(LogRig rig, string where)
    {
        string findings = $"{where}\n{string.Join('\n', rig.Recovery.Findings)}";
        bool differs = false;
        foreach ((int id, ModelGroup durable) in rig.Durable.Groups)
        {
            RecoveredGroup? group = rig.Recovery.Groups.SingleOrDefault(g => g.Group.Value == id);
            if (group == null)
            {
                Assert.True(rig.Recovery.AnyGroupMayBeLost, findings);
                continue;
            }

            if (group.Lost)
            {
                continue;
            }

            Assert.True(durable.HardState == group.HardState, findings);
            Assert.True(durable.Base == group.Base, findings);
            Assert.True(durable.Entries.Count == group.Entries.Count, findings);
            for (int i = 0; i < durable.Entries.Count; i++)
            {
                LogEntry expected = durable.Entries[i];
                LogEntry actual = group.Entries[i];
                bool hole = group.Holes.Any(h => expected.Index >= h.First && expected.Index <= h.Last && h.Term == expected.Term);
                Assert.True(expected.Position == actual.Position, findings);
                Assert.True(hole == (actual.Kind == LogHole.EntryKind), findings);
                Assert.True(hole || expected.Payload.Span.SequenceEqual(actual.Payload.Span), findings);
                differs |= hole;
            }
        }

        Assert.True(!differs || rig.Recovery.Condition == LogCondition.Damaged, findings);
        Assert.True(rig.Recovery.Groups.All(g => g.Lost || rig.Durable.Groups.ContainsKey(g.Group.Value)), findings);
    }

    private static LogRig Filled(ulong seed, Prng prng)
    {
        var rig = new LogRig(seed, Options) { PayloadMax = prng.Chance(0.5) ? 60 : 1500 };
        for (int i = prng.Between(30, 120); i > 0; i--)
        {
            rig.Append();
            if (prng.Chance(0.1))
            {
                rig.Vote();
            }

            if (prng.Chance(0.05))
            {
                rig.Discard();
            }

            if (prng.Chance(0.5))
            {
                rig.Flush();
                rig.MaintainAll();
            }

            if (prng.Chance(0.03))
            {
                rig.Flush();
                rig.CrashAndCompare(null);
            }
        }

        rig.Flush();
        rig.Append();
        rig.Flush();
        return rig;
    }

    // A log with one segment, of which everything but the last batch is gone.
    private static LogRig Lost()
    {
        var rig = new LogRig(1, Options);
        for (int i = 0; i < 40; i++)
        {
            rig.Append(group: i % 2, count: 2, bytes: 200);
            rig.Flush();
        }

        LogTail tail = LogTail.Find(rig.Disk, LogRig.Directory)!.Value;
        rig.Disk.Corrupt(tail.Path, 10_000, new byte[tail.ProvenOffset - 10_000]);
        rig.Reopen();
        return rig;
    }

    private static (string Path, int Offset) Place(LogRig rig, Prng prng)
    {
        string[] files = [.. rig.Disk.AllFiles().Where(path => rig.Disk.Peek(path).AsSpan().IndexOf("N9BH"u8) >= 0)];
        string path = prng.Pick(files);
        LogTail tail = LogTail.Find(rig.Disk, LogRig.Directory)!.Value;
        byte[] bytes = rig.Disk.Peek(path);
        int end = path == tail.Path ? (int)tail.End : bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        return (path, prng.Below(end));
    }

    private static void Harm(SimulatedDisk disk, Prng prng, string path, int offset)
    {
        int length = (int)disk.Peek(path).Length;
        int page = offset / 4096 * 4096;
        int pageBytes = Math.Min(4096, length - page);
        var noise = new byte[pageBytes];
        switch (prng.Below(4))
        {
            case 0:
                disk.FlipBits(path, offset, 1, 1);
                break;
            case 1:
                disk.Corrupt(path, page, noise);
                break;
            case 2:
                prng.Fill(noise);
                disk.Corrupt(path, page, noise);
                break;
            default:
                disk.Inject(new DiskFault
                {
                    Kind = DiskFaultKind.ReadFails, Pattern = path, From = page, To = page + pageBytes, TimesLeft = DiskFault.UntilLifted,
                });
                break;
        }
    }
}
