using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Hosting;
using Nines.Node.Transport;

namespace Nines.Node.Tests.Hosting;

public sealed class PeerBootsFileTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nines-test-").FullName;
    private readonly FileDisk _disk;

    public PeerBootsFileTests()
    {
        _disk = new FileDisk(_root);
    }

    public void Dispose()
    {
        _disk.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void A_directory_that_was_refused_is_remembered_as_such()
    {
        var file = new DisownedFile(_disk);
        Assert.Null(file.Read());
        file.Write(new BootId(9, 5), "n1 saw number 9");
        Assert.Equal((new BootId(9), "n1 saw number 9"), new DisownedFile(_disk).Read());
        file.Clear();
        Assert.Null(file.Read());
    }

    [Fact]
    public void Boots_of_peers_are_remembered_and_a_damaged_memory_is_none()
    {
        PeerBoots boots = new PeerBootsFile(_disk).Open();
        Assert.True(boots.TryAdvance(new NodeId(1), new BootId(5)));
        Assert.True(boots.TryAdvance(new NodeId(2), new BootId(6, 77)));
        PeerBoots again = new PeerBootsFile(_disk).Open();
        Assert.False(again.TryAdvance(new NodeId(1), new BootId(4)));
        Assert.Equal(new BootId(6, 77), again.Highest(new NodeId(2)));
        Assert.False(again.TryAdvance(new NodeId(2), new BootId(6, 78)));
        Assert.True(again.TryAdvance(new NodeId(2), new BootId(6, 77)));

        string path = Path.Combine(_root, "peers");
        byte[] bytes = File.ReadAllBytes(path);

        // Checksum, count, then node, boot and nonce of each; docs/formats/replication.md.
        Assert.Equal(
            "02" + "01000000" + "0500000000000000" + "0000000000000000" + "02000000" + "0600000000000000" + "4D00000000000000",
            Convert.ToHexString(bytes.AsSpan(4)));
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] bad = [.. bytes];
            bad[i] ^= 1;
            File.WriteAllBytes(path, bad);
            Assert.True(new PeerBootsFile(_disk).Open().Highest(new NodeId(2)).Value == 0);
            File.WriteAllBytes(path, bytes[..i]);
            Assert.True(new PeerBootsFile(_disk).Open().Highest(new NodeId(2)).Value == 0);
        }
    }
}
