using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

/// <summary>docs/formats/store.md in bytes.</summary>
public sealed class FormatTests
{
    [Fact]
    public void Tables_are_written_as_ever()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        disk.CreateDirectory("t");
        using (var writer = new TableWriter(disk, "t", 7, new StoreOptions { BlockBytes = 64 }))
        {
            Golden.WriteTable(writer);
            TableMeta meta = writer.Finish();
            Assert.Equal(Golden.TableHex, Convert.ToHexString(disk.Peek($"t/{TableFormat.Name(7)}")));
            Assert.Equal(Golden.Meta.FooterChecksum, meta.FooterChecksum);
            Assert.Equal(Golden.Meta.Largest, meta.Largest);
            Assert.Equal(Golden.Meta.Length, meta.Length);
        }
    }

    [Fact]
    public void Tables_of_version_1_are_read()
    {
        SimulatedDisk disk = StoreRig.NewDisk();
        disk.CreateDirectory("t");
        using (IDiskFile file = disk.Open("t/x", DiskOpen.Create))
        {
            file.Write(0, Golden.TableBytes);
        }

        var reader = new TableReader(Golden.Meta, "t/x", disk.Open("t/x", DiskOpen.Read), new BlockCache(1 << 20));
        for (int piece = 0; piece < reader.Pieces(); piece++)
        {
            reader.Check(piece);
        }

        Assert.Equal(Lookup.Found, Get(reader, "", out string value));
        Assert.Equal("value of the empty key", value);
        Assert.Equal(Lookup.Found, Get(reader, "key/alpha", out value));
        Assert.Equal("first", value);
        Assert.Equal(Lookup.Deleted, Get(reader, "key/alpha/1", out _));
        Assert.Equal(Lookup.Found, Get(reader, "key/alpha/2", out value));
        Assert.Equal("", value);
        Assert.Equal(Lookup.Found, Get(reader, "key/beta", out value));
        Assert.Equal("last", value);
        Assert.Equal(Lookup.Missing, Get(reader, "key/alpha/4", out _));
    }

    [Fact]
    public void Manifests_are_written_as_ever() =>
        Assert.Equal(Golden.ManifestHex, Convert.ToHexString(Golden.Manifest.Encode()));

    [Fact]
    public void Manifests_of_version_1_are_read()
    {
        Manifest manifest = Manifest.Decode(Golden.ManifestBytes)!;
        Assert.Equal(300, manifest.NextFile);
        Assert.Equal(new LogPosition(new Term(3), new LogIndex(1000)), manifest.Point.Position);
        Assert.Equal("meta"u8.ToArray(), manifest.Point.Metadata.ToArray());
        Assert.Equal([250L, 9, 7, 8, 5], manifest.Tables.Select(t => t.Number));
        Assert.Equal(Golden.ManifestHex, Convert.ToHexString(manifest.Encode()));
    }

    private static Lookup Get(TableReader reader, string key, out string value)
    {
        byte[] bytes = StoreRig.Value(key);
        Lookup found = reader.TryGet(bytes, KeyHash.Of(bytes), out ReadOnlyMemory<byte> memory);
        value = System.Text.Encoding.ASCII.GetString(memory.Span);
        return found;
    }
}
