namespace Nines.Replication.Tests;

/// <summary>The first start: founders that meet late found the cluster all the same; nobody is taken for one that lost its data.</summary>
public class FoundingTests
{
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
}
