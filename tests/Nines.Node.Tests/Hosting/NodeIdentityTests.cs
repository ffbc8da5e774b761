using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Hosting;
using Nines.Node.Transport;

namespace Nines.Node.Tests.Hosting;

public sealed class NodeIdentityTests : IDisposable
{
    private static readonly ClusterId Cluster = new(new UInt128(1, 2));

    private readonly string _root = Directory.CreateTempSubdirectory("nines-test-").FullName;
    private readonly FileDisk _disk;

    public NodeIdentityTests()
    {
        _disk = new FileDisk(_root);
    }

    public void Dispose()
    {
        _disk.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void Every_start_has_a_number_of_its_own()
    {
        Assert.Equal(new BootId(1), Next().Boot);
        Assert.Equal(new BootId(2), Next().Boot);
        Assert.Equal(new NodeIdentity(Cluster, new NodeId(3), new BootId(2)), NodeIdentity.Read(_disk));
    }

    [Fact]
    public void Anothers_directory_is_refused_with_what_to_do()
    {
        Next();
        string cluster = Assert.Throws<StartRefusedException>(() => NodeIdentity.NextBoot(_disk, new ClusterId(9), new NodeId(3), 0)).Message;
        Assert.Contains("belongs to cluster 00000000000000010000000000000002", cluster, StringComparison.Ordinal);
        string node = Assert.Throws<StartRefusedException>(() => NodeIdentity.NextBoot(_disk, Cluster, new NodeId(4), 0)).Message;
        Assert.Contains("belongs to node 3", node, StringComparison.Ordinal);
        Assert.Equal(new BootId(2), Next().Boot);
    }

    [Fact]
    public void Every_flipped_bit_and_every_cut_is_refused()
    {
        Next();
        string path = Path.Combine(_root, NodeIdentity.FileName);
        byte[] good = File.ReadAllBytes(path);
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, bad);
            Assert.Throws<StartRefusedException>(Next);
        }

        for (int length = 0; length < good.Length; length++)
        {
            File.WriteAllBytes(path, good[..length]);
            Assert.Throws<StartRefusedException>(Next);
        }
    }

    [Fact]
    public void Files_without_an_identity_belong_to_nobody_known()
    {
        File.WriteAllText(Path.Combine(_root, "log-1"), "x");
        Assert.Contains("no identity file", Assert.Throws<StartRefusedException>(Next).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bytes_stay_as_they_are() => Assert.Equal(
        "4E394944" + "01" + "0100000000000000" + "0200000000000000" + "03000000" + "0700000000000000",
        Convert.ToHexString(new NodeIdentity(Cluster, new NodeId(3), new BootId(7)).Encode()[..^4]));

    [Fact]
    public void Boots_of_peers_are_remembered_and_a_damaged_memory_is_none()
    {
        PeerBoots boots = new PeerBootsFile(_disk).Open();
        Assert.True(boots.TryAdvance(new NodeId(1), new BootId(5)));
        Assert.True(boots.TryAdvance(new NodeId(2), new BootId(6)));
        PeerBoots again = new PeerBootsFile(_disk).Open();
        Assert.False(again.TryAdvance(new NodeId(1), new BootId(4)));
        Assert.Equal(new BootId(6), again.Highest(new NodeId(2)));

        string path = Path.Combine(_root, "peers");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.True(new PeerBootsFile(_disk).Open().TryAdvance(new NodeId(1), new BootId(1)));
    }

    private NodeIdentity Next() => NodeIdentity.NextBoot(_disk, Cluster, new NodeId(3), 0);
}
