using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

/// <summary>Any bytes in the files: opening ends, throws nothing undeclared and takes no more memory than the files are large.</summary>
public class LogFuzzTests
{
    private const long BytesAllocatedMax = 64L << 20;

    [Fact]
    public void Mutated_segments_open()
    {
        for (ulong seed = 1; seed <= 12; seed++)
        {
            var rig = new LogRig(seed) { PayloadMax = 300 };
            for (int i = 0; i < 150; i++)
            {
                rig.Turn();
            }

            DiskImage image = rig.Disk.Save();
            var prng = new Prng(seed);
            for (int round = 0; round < 60; round++)
            {
                rig.Disk.Restore(image);
                foreach (string path in rig.Disk.AllFiles())
                {
                    Mutate(rig.Disk, path, prng);
                }

                Open(rig.Disk, $"seed={seed} round={round}");
            }
        }
    }

    [Fact]
    public void Random_segments_open()
    {
        var prng = new Prng(1);
        for (int round = 0; round < 100; round++)
        {
            var disk = new SimulatedDisk(prng.Fork());
            disk.CreateDirectory("log");
            for (int i = prng.Between(1, 3); i > 0; i--)
            {
                var bytes = new byte[prng.Below(60_000)];
                prng.Fill(bytes);
                using IDiskFile file = disk.Open($"log/{i:x16}.log", DiskOpen.Create);
                file.Write(0, bytes);
            }

            disk.Open("log/stray", DiskOpen.Create).Dispose();
            disk.Open("log/fffffffffffffff.log", DiskOpen.Create).Dispose();
            Open(disk, $"round={round}");
        }
    }

    [Fact]
    public void Random_identities_are_refused_or_read()
    {
        var prng = new Prng(1);
        for (int round = 0; round < 300; round++)
        {
            var disk = new SimulatedDisk(prng.Fork());
            NodeIdentity.Create(disk, new ClusterId(5), new NodeId(1));
            disk.FlipBits(NodeIdentity.FileName, 0, 64, prng.Below(3));
            disk.FlipBits(NodeIdentity.FileName, 4096, 64, prng.Below(3));
            try
            {
                Assert.Equal(new NodeIdentity(new ClusterId(5), new NodeId(1), new BootId(1)), NodeIdentity.Read(disk, []));
            }
            catch (IdentityException e)
            {
                Assert.Equal(IdentityProblem.Damaged, e.Problem);
            }
        }
    }

    private static void Open(SimulatedDisk disk, string where)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            LogRecovery recovery = SegmentedLog.Recover(disk, LogRig.Directory, LogRig.Small);
            foreach (RecoveredGroup group in recovery.Groups)
            {
                for (int i = 0; i < group.Entries.Count; i++)
                {
                    Assert.Equal(group.Base.Index.Value + 1 + i, group.Entries[i].Index.Value);
                }
            }

            // The log goes on, whatever it was given.
            recovery.Log.SetHardState(new GroupId(77), new HardState(new Term(long.MaxValue), new NodeId(1)));
            recovery.Log.BeginFlush().RunToEnd(recovery.Log);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(where, e);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < BytesAllocatedMax, where);
    }

    private static void Mutate(SimulatedDisk disk, string path, Prng prng)
    {
        byte[] bytes = disk.Peek(path);
        if (bytes.Length < 200)
        {
            return;
        }

        switch (prng.Below(6))
        {
            case 0:
                disk.FlipBits(path, 0, bytes.Length, prng.Between(1, 200));
                break;
            case 1:
                var noise = new byte[prng.Between(1, 5_000)];
                prng.Fill(noise);
                disk.Corrupt(path, prng.Below(Math.Max(1, bytes.Length - noise.Length)), noise.AsSpan(0, Math.Min(noise.Length, bytes.Length / 2)));
                break;
            case 2:
                int from = prng.Below(bytes.Length - 100);
                int length = prng.Between(1, 100);
                disk.Corrupt(path, prng.Below(bytes.Length - length) / 16 * 16, bytes.AsSpan(from, length));
                break;
            case 3:
                using (IDiskFile file = disk.Open(path, DiskOpen.ReadWrite))
                {
                    file.Truncate(prng.Below(bytes.Length));
                }

                break;
            default:
                Lie(disk, path, bytes, prng);
                break;
        }
    }

    /// <summary>Changes a field of a piece, or a directory, and makes the checksums right again.</summary>
    private static void Lie(SimulatedDisk disk, string path, byte[] bytes, Prng prng)
    {
        for (int at = 64; at + 48 < bytes.Length; at += 16)
        {
            Span<byte> piece = bytes.AsSpan(at);
            bool found = piece.StartsWith("N9BH"u8) || piece.StartsWith("N9BT"u8) || piece.StartsWith("N9SL"u8);
            if (!found || !prng.Chance(0.15))
            {
                continue;
            }

            int directory = Math.Min(BinaryPrimitives.ReadInt32LittleEndian(piece[32..]), piece.Length - 48);
            if (prng.Chance(0.7) && directory > 0)
            {
                piece[48 + prng.Below(directory)] = prng.Chance(0.5) ? (byte)0xFF : (byte)prng.Below(256);
                BinaryPrimitives.WriteUInt32LittleEndian(piece[40..], Crc32C.Of(piece.Slice(48, directory)));
            }
            else
            {
                piece[prng.Below(40)] = (byte)prng.Below(256);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(piece[44..], Crc32C.Of(piece[..44]));
        }

        disk.Corrupt(path, 0, bytes);
    }
}
