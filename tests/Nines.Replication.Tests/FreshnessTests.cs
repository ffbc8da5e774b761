using Nines.Kernel;

namespace Nines.Replication.Tests;

/// <summary>A weak read says how old its state can be, and that is true.</summary>
public class FreshnessTests
{
    private static readonly GroupId One = new(1);

    [Theory]
    [InlineData(Consistency.Eventual)]
    [InlineData(Consistency.Sequential)]
    public void Weak_reads_know_how_fresh_they_are_also_when_they_hear_no_news(Consistency consistency)
    {
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "k=1"));
        int follower = cluster.Leader(One) == 3 ? 2 : 3;
        Assert.Equal(-1, Read(cluster, follower, consistency).Freshness);
        for (int i = 0; i < 100; i++)
        {
            cluster.Tick();
            long fresh = Read(cluster, follower, consistency).Freshness;
            Assert.True(i < 15 || fresh >= cluster.NowMs - 500, $"{fresh} at {cluster.NowMs}");
        }

        foreach (int n in (int[])[1, 2, 3])
        {
            cluster.Cut.Add((n, follower));
            cluster.Cut.Add((follower, n));
        }

        long cutAt = cluster.NowMs;
        cluster.Done(cluster.Write(cluster.Leader(One), One, "k=2"));
        cluster.Tick(100);
        TestRequest old = Read(cluster, follower, consistency);
        Assert.Equal("1#1", old.Text);
        Assert.InRange(old.Freshness, cutAt - 500, cutAt);
        cluster.Cut.Clear();
        cluster.Until(() => Read(cluster, follower, consistency).Freshness > cutAt + 2500);
        Assert.Equal("2#2", Read(cluster, follower, consistency).Text);
    }

    [Fact]
    public void A_leader_that_was_replaced_while_it_stood_still_does_not_call_its_state_fresh()
    {
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "k=1"));
        int leader = cluster.Leader(One);
        cluster.Until(() => Read(cluster, leader, Consistency.Eventual).Freshness >= 0);
        cluster.Paused.Add(leader);
        cluster.Until(() => cluster.Leader(One) != 0);
        long before = cluster.NowMs;
        cluster.Done(cluster.Write(cluster.Leader(One), One, "k=2"));
        cluster.Tick(20);
        TestRequest asleep = cluster.Read(leader, One, "k", Consistency.Eventual);
        Assert.Equal("1#1", asleep.Text);
        Assert.InRange(asleep.Freshness, 0, before);
    }

    private static TestRequest Read(TestCluster cluster, int node, Consistency consistency)
    {
        TestRequest read = cluster.Read(node, One, "k", consistency);
        Assert.NotNull(read.Answer);
        return read;
    }
}
