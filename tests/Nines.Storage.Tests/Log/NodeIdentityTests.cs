using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;

namespace Nines.Storage.Tests.Log;

public class NodeIdentityTests
{
    private static readonly ClusterId Cluster = new(99);
    private static readonly NodeId Node = new(3);

    private readonly SimulatedDisk _disk = new(new Prng(1));

    [Fact]
    public void A_new_directory_has_none_and_gets_one_for_good()
    {
        Assert.Null(NodeIdentity.Read(_disk, ["log"]));
        NodeIdentity.Create(_disk, Cluster, Node);
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Equal(new NodeIdentity(Cluster, Node, new BootId(1)), NodeIdentity.Read(_disk, ["log"]));
    }

    [Fact]
    public void Each_start_counts_one_boot_durably_and_no_crash_takes_one_back()
    {
        NodeIdentity.Create(_disk, Cluster, Node);
        var prng = new Prng(5);
        long started = 1;
        for (int i = 0; i < 300; i++)
        {
            NodeIdentity identity = NodeIdentity.Read(_disk, [])!;
            Assert.InRange(identity.Boot.Value, started, started + 1);
            started = identity.Boot.Value;
            _disk.PowerLossAfter = prng.Below(8);
            try
            {
                started = identity.Start(_disk, Cluster, Node).Boot.Value;
            }
            catch (PowerLossException)
            {
            }

            _disk.Crash(CrashOptions.Draw(prng));
        }

        Assert.True(started > 100);
    }

    [Fact]
    public void A_start_needs_no_free_space()
    {
        NodeIdentity.Create(_disk, Cluster, Node);
        _disk.Capacity -= _disk.FreeBytes;
        for (int boot = 2; boot < 5; boot++)
        {
            NodeIdentity.Read(_disk, [])!.Start(_disk, Cluster, Node);
            _disk.Crash(CrashOptions.LoseAll);
            Assert.Equal(boot, NodeIdentity.Read(_disk, [])!.Boot.Value);
        }
    }

    /// <summary>What a start that ended left in one copy is of no use when it takes the other one's place.</summary>
    [Fact]
    public void A_start_that_ended_between_the_copies_takes_no_boot_back_from_the_next()
    {
        NodeIdentity.Create(_disk, Cluster, Node).Start(_disk);
        DiskFault fault = _disk.Inject(new DiskFault
        {
            Kind = DiskFaultKind.WriteFails, Pattern = NodeIdentity.FileName, From = 4096, TimesLeft = DiskFault.UntilLifted,
        });
        Assert.Throws<DiskException>(() => NodeIdentity.Read(_disk, [])!.Start(_disk));
        _disk.Lift(fault);
        Assert.Equal(3, NodeIdentity.Read(_disk, [])!.Boot.Value);

        // The older copy is the one that is written first, so a power loss there leaves the newer.
        _disk.PowerLossAfter = 0;
        Assert.Throws<PowerLossException>(() => NodeIdentity.Read(_disk, [])!.Start(_disk));
        _disk.Crash(CrashOptions.LoseAll);
        Assert.Equal(3, NodeIdentity.Read(_disk, [])!.Boot.Value);
        Assert.Equal(4, NodeIdentity.Read(_disk, [])!.Start(_disk).Boot.Value);
    }

    [Fact]
    public void Another_clusters_or_nodes_directory_is_refused()
    {
        NodeIdentity identity = NodeIdentity.Create(_disk, Cluster, Node);
        Assert.Equal(IdentityProblem.OtherCluster, Assert.Throws<IdentityException>(() => identity.Start(_disk, new ClusterId(1))).Problem);
        Assert.Equal(IdentityProblem.OtherNode, Assert.Throws<IdentityException>(() => identity.Start(_disk, null, new NodeId(1))).Problem);
        Assert.Equal(1, NodeIdentity.Read(_disk, [])!.Boot.Value);
    }

    [Fact]
    public void Data_without_an_identity_is_refused_with_what_to_do()
    {
        _disk.CreateDirectory("log");
        _disk.Open("log/0000000000000001.log", DiskOpen.Create).Dispose();
        IdentityException e = Assert.Throws<IdentityException>(() => NodeIdentity.Read(_disk, ["store", "log"]));
        Assert.Equal(IdentityProblem.DataWithoutIdentity, e.Problem);
        Assert.Contains("empty the data directory", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_damaged_copy_is_healed_by_the_other_and_two_are_refused()
    {
        NodeIdentity.Create(_disk, Cluster, Node);
        _disk.FlipBits(NodeIdentity.FileName, 20, 1, 1);
        Assert.Equal(Node, NodeIdentity.Read(_disk, [])!.Node);
        DiskFault fault = _disk.Inject(new DiskFault
        {
            Kind = DiskFaultKind.ReadFails, Pattern = NodeIdentity.FileName, From = 4096, TimesLeft = DiskFault.UntilLifted,
        });
        Assert.Equal(IdentityProblem.Damaged, Assert.Throws<IdentityException>(() => NodeIdentity.Read(_disk, [])).Problem);
        _disk.Lift(fault);
        NodeIdentity.Read(_disk, [])!.Start(_disk);
        _disk.FlipBits(NodeIdentity.FileName, 4096 + 20, 1, 1);
        Assert.Equal(2, NodeIdentity.Read(_disk, [])!.Boot.Value);
    }
}
