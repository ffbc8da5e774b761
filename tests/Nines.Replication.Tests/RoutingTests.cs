using Nines.Kernel;

namespace Nines.Replication.Tests;

/// <summary>No request stays with a node that cannot answer it.</summary>
public class RoutingTests
{
    private static readonly GroupId One = new(1);

    /// <summary>
    /// Silence is noticed after one election timeout; then an election and a routing. What is measured is the client at a node that
    /// has no replica, which nobody tells of a new leader.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_sent_to_a_leader_that_stands_still_goes_to_the_next(bool write)
    {
        // Sending again after a while would hide it.
        var cluster = new TestCluster(5, 5, new ReactorOptions { ResendTicks = 300 });
        cluster.Until(() => cluster.Nodes.All(n => !n.Reactor.IsJoining));
        for (int g = 1; g <= 5; g++)
        {
            var group = new GroupId(g);
            int home = Enumerable.Range(1, 5).First(n => cluster[n].Reactor.Core(group) is null);
            cluster.Done(cluster.Write(home, group, "k=1"));
            int leader = cluster.Leader(group);
            cluster.Paused.Add(leader);
            TestRequest request = write ? cluster.Write(home, group, $"k={g}") : cluster.Read(home, group, "k");
            int waited = TicksUntilDone(cluster, request);
            Assert.Equal(Outcome.Done, request.Answer!.Value.Outcome);
            Assert.InRange(waited, 20, 60);
            cluster.Paused.Clear();
            cluster.Tick(100);
            TestRequest read = cluster.Read(home, group, "k");
            cluster.Done(read);
            Assert.Equal(write ? $"{g}#2" : "1#1", read.Text);
        }
    }

    [Fact]
    public void An_answer_to_a_request_that_was_given_up_is_not_taken_for_one_to_the_next_request_of_the_same_object()
    {
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "k=0"));
        int leader = cluster.Leader(One);
        foreach (int n in (int[])[1, 2, 3])
        {
            cluster.Cut.Add((n, leader));
        }

        var request = new TestRequest { IsUsedAgain = true, IsWrite = true, Id = new(1) };
        cluster.Submit(leader, One, "k=1", 3, request);
        cluster.Tick(3);
        Assert.Equal(Outcome.Unknown, request.Answer!.Value.Outcome);

        request.Forget();
        request.Id = new(2);
        cluster.Submit(leader, One, "k=2", 400, request);
        LogIndex own = cluster[leader].Reactor.Core(One)!.Log.LastIndex;
        cluster.Cut.Clear();
        Assert.Equal((Outcome.Done, own), (cluster.Done(request).Outcome, request.Answer!.Value.Position));
    }

    [Fact]
    public void Held_requests_end_at_their_deadlines_and_the_rest_go_on()
    {
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "k=0"));
        cluster.Kill(2);
        cluster.Kill(3);
        cluster.Tick(60);
        TestRequest[] shorter = [.. Enumerable.Range(0, 50).Select(_ => cluster.Write(1, One, "k=s", ticks: 10))];
        TestRequest[] longer = [.. Enumerable.Range(0, 50).Select(i => cluster.Write(1, One, $"l{i}=1", ticks: 400))];
        cluster.Tick(10);
        Assert.All(shorter, r => Assert.Equal((Outcome.NotDone, Reason.NoLeader), (r.Answer!.Value.Outcome, r.Answer!.Value.Reason)));
        cluster.Start(2);
        Assert.All(longer, r => Assert.Equal(Outcome.Done, cluster.Done(r).Outcome));
        TestRequest read = cluster.Read(2, One, "k");
        cluster.Done(read);
        Assert.Equal("0#1", read.Text);
    }

    private static int TicksUntilDone(TestCluster cluster, TestRequest request)
    {
        int ticks = 0;
        cluster.Until(() => request.Answer is not null || ++ticks < 0);
        return ticks;
    }
}
