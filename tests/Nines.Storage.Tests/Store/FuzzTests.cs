using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>Decoders meet random bytes and valid bytes with mutations, behind correct checksums where those would hide them.</summary>
public sealed class FuzzTests
{
    private const int Rounds = 30_000;

    [Fact]
    public void Blocks()
    {
        var prng = new Prng(11);
        var builder = new BlockBuilder();
        for (int i = 0; i < 12; i++)
        {
            builder.Add(StoreRig.Key(i), StoreRig.Value($"value {i}"), i % 5 == 0);
        }

        var valid = new ByteBuffer();
        builder.Finish(valid);
        int accepted = 0;
        foreach (byte[] bytes in Inputs(prng, valid.ToArray()))
        {
            if (Block.Parse(bytes) is not { } block)
            {
                continue;
            }

            accepted++;
            byte[] last = [];
            for (int i = 0; i < block.Count; i++)
            {
                byte[] key = block.KeyOf(i);
                Assert.True(i == 0 || key.AsSpan().SequenceCompareTo(last) > 0);
                Assert.Equal(i, block.LowerBound(key));
                _ = block.Value(block.Entry(i));
                last = key;
            }
        }

        Assert.True(accepted > 0);
    }

    [Fact]
    public void Manifests()
    {
        var prng = new Prng(12);
        byte[] body = Golden.Manifest.Encode();
        int accepted = 0;
        foreach (byte[] bytes in Inputs(prng, body))
        {
            accepted += Manifest.Decode(bytes) is null ? 0 : 1;
            if (bytes.Length > 4)
            {
                // Again with the checksum made right, so that the body's own checks are met.
                BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), Crc32C.Of(bytes.AsSpan(0, bytes.Length - 4)));
                accepted += Manifest.Decode(bytes) is null ? 0 : 1;
            }
        }

        Assert.True(accepted > 0);
    }

    [Fact]
    public void Footers_handles_and_filters()
    {
        var prng = new Prng(13);
        byte[] footer = Golden.TableBytes[^TableFormat.FooterBytes..];
        foreach (byte[] bytes in Inputs(prng, footer))
        {
            _ = TableFooter.Parse(bytes, 7, 1000);
            if (bytes.Length > 4)
            {
                uint checksum = TableFormat.Checksum(7, 1000, bytes.AsSpan(0, bytes.Length - 4));
                BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), checksum);
                TableFooter? parsed = TableFooter.Parse(bytes, 7, 1000);
                Assert.True(parsed is null || parsed.Index.Offset + parsed.Index.Length <= 1000);
            }

            TableFormat.TryReadHandle(bytes, out _);
            BloomFilter.Parse(bytes)?.MayContain(prng.Next());
        }
    }

    /// <summary>Whole tables whose footer the manifest vouches for, so that everything behind it is met.</summary>
    [Fact]
    public void Tables()
    {
        var prng = new Prng(14);
        byte[] valid = Golden.TableBytes;
        int found = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = Mutate(prng, valid);
            if (bytes.Length <= TableFormat.FooterBytes)
            {
                continue;
            }

            SimulatedDisk disk = StoreRig.NewDisk();
            disk.CreateDirectory("t");
            using (IDiskFile file = disk.Open("t/x", DiskOpen.Create))
            {
                file.Write(0, bytes);
            }

            byte[] footer = bytes[^TableFormat.FooterBytes..];
            TableMeta meta = Golden.Meta with
            {
                Length = bytes.Length,
                FooterChecksum = TableFooter.ChecksumOf(footer, 7, bytes.Length - TableFormat.FooterBytes),
            };
            var reader = new TableReader(meta, "t/x", disk.Open("t/x", DiskOpen.Read), new BlockCache(1 << 20));
            try
            {
                for (int piece = 0; piece < reader.Pieces(); piece++)
                {
                    reader.Check(piece);
                }

                var cursor = new TableCursor(new[] { reader }, reverse: round % 2 == 0, keep: true);
                for (cursor.Seek(default); cursor.IsValid; cursor.Advance())
                {
                    Assert.NotEqual(Lookup.Missing, reader.TryGet(cursor.Key, KeyHash.Of(cursor.Key), out _));
                }
            }
            catch (DamagedException)
            {
                found++;
            }
        }

        Assert.True(found > 1000);
    }

    private static IEnumerable<byte[]> Inputs(Prng prng, byte[] valid)
    {
        yield return valid.ToArray();
        for (int i = 0; i < Rounds; i++)
        {
            if (i % 3 == 0)
            {
                byte[] random = new byte[prng.Below(200)];
                prng.Fill(random);
                yield return random;
            }
            else
            {
                yield return Mutate(prng, valid);
            }
        }
    }

    private static byte[] Mutate(Prng prng, byte[] valid)
    {
        var bytes = new List<byte>(valid);
        for (int changes = 1 + prng.Below(3); changes > 0; changes--)
        {
            int at = prng.Below(bytes.Count);
            switch (prng.Below(5))
            {
                case 0: bytes[at] ^= (byte)(1 << prng.Below(8)); break;
                case 1: bytes[at] = prng.Pick([(byte)0, (byte)0x7F, (byte)0x80, (byte)0xFF]); break;
                case 2: bytes.RemoveRange(at, Math.Min(prng.Below(9), bytes.Count - at - 1)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(prng.Below(9), bytes.Count - at))); break;
                default: (bytes[at], bytes[^(1 + prng.Below(bytes.Count))]) = (bytes[prng.Below(bytes.Count)], bytes[at]); break;
            }
        }

        return [.. bytes];
    }
}
