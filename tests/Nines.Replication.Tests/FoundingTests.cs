using Nines.Simulation.Disk;
using Nines.Storage.Store;

namespace Nines.Replication.Tests;

/// <summary>The first start: founders that meet late found the cluster all the same; nobody is taken for one that lost its data.</summary>
public class FoundingTests
{
    [Fact]
    public void Nobody_waits_for_silence_before_the_first_election_and_leaders_are_spread_at_once()
    {
        var cluster = new TestCluster(3, 6);
        cluster.Until(() => cluster.Nodes.All(n => !n.Reactor.IsJoining));
        int aSilence = new ReactorOptions().ElectionTimeoutTicks;
        cluster.Until(() => Enumerable.Range(0, 7).All(g => cluster.Leader(new(g)) != 0), aSilence);
        Assert.All(Enumerable.Range(0, 7), g => Assert.Equal(cluster[1].Reactor.Map.ReplicasOf(new(g))[0].Value, cluster.Leader(new(g))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_founder_that_comes_last_founds_as_a_voter(int late)
    {
        var cluster = new TestCluster(3, 4);
        foreach (int other in (int[])[1, 2, 3])
        {
            cluster.Cut.Add((late, other));
            cluster.Cut.Add((other, late));
        }

        cluster.Tick(30);
        Assert.All(cluster.Nodes, n => Assert.True(n.Reactor.IsJoining));

        // The others settle while they hear the last one's first words, and must answer as ones who know it.
        cluster.Cut.Clear();
        cluster.Until(() => cluster.Nodes.All(n => !n.Reactor.IsJoining));
        Assert.All(cluster.Nodes, n => Assert.Empty(n.Reactor.Status().Lost));
        Assert.All(cluster.Nodes, n => Assert.Equal(5, n.Reactor.Status().Replicas.Count));
        Assert.All(
            cluster.Nodes.SelectMany(n => n.Reactor.Status().Replicas), r => Assert.Equal(3, r.Configuration.Voters.Count));
    }

    [Fact]
    public void A_directory_that_peers_refuse_begins_again_as_another_when_it_never_met_its_cluster()
    {
        var cluster = new TestCluster(3, 4);
        cluster.Cut.Add((3, 2));
        cluster.Until(() => !cluster[1].Reactor.IsJoining && cluster[2].Reactor.IsJoining);

        // The first node has met this directory; as another one with its number it must not pass for it.
        cluster.Kill(2);
        Assert.True(RefusedDirectory.BeginAgain(cluster[2].Disk));
        cluster.Start(2);
        cluster.Cut.Clear();
        cluster.Until(() => cluster.Nodes.All(n => !n.Reactor.IsJoining && n.Reactor.Status().Lost.Count == 0));
        Assert.True(MemberFile.Read(cluster[2].Disk)!.IsRejoining);
        cluster.Until(() => cluster.Nodes.SelectMany(n => n.Reactor.Status().Replicas).Count(r => r.Configuration.Voters.Count == 3) == 15);
    }

    [Fact]
    public void A_directory_that_met_its_cluster_is_not_used_any_more_when_peers_refuse_it()
    {
        var cluster = new TestCluster(3, 4);
        cluster.Until(() => cluster.Nodes.All(n => !n.Reactor.IsJoining));
        Assert.False(RefusedDirectory.BeginAgain(cluster[2].Disk));
        Assert.True(cluster[2].Disk.Exists("incarnation"));
    }

    [Theory]
    [InlineData("map")]
    [InlineData("members")]
    [InlineData("incarnation")]
    public void A_damaged_place_in_a_file_that_a_node_cannot_start_without_is_repaired(string file)
    {
        var cluster = new TestCluster(3, 4);
        cluster.Until(() => cluster.Nodes.All(n => !n.Reactor.IsJoining));
        foreach (int copy in (int[])[0, 1])
        {
            cluster.Kill(2);
            SimulatedDisk disk = cluster[2].Disk;
            int half = disk.Peek(file).Length / 2;
            Assert.True(disk.Corrupt(file, half * copy, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]));

            cluster.Start(2);
            Assert.False(cluster[2].Reactor.IsJoining);
            Assert.True(disk.Peek(file).AsSpan(0, half).SequenceEqual(disk.Peek(file).AsSpan(half)));
        }

        cluster.Kill(2);
        byte[] nothing = new byte[cluster[2].Disk.Peek(file).Length];
        Assert.True(cluster[2].Disk.Corrupt(file, 0, nothing));
        Assert.Throws<DamagedException>(() => cluster.Start(2));
    }
}
