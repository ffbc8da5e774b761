using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Replication.Tests;

public class ReactorTests
{
    private static readonly GroupId One = new(1);

    [Fact]
    public void A_write_through_any_node_is_read_strongly_through_any_other()
    {
        var cluster = new TestCluster(3, 4);
        for (int n = 1; n <= 3; n++)
        {
            Answer written = cluster.Done(cluster.Write(n, One, $"k=v{n}"));
            Assert.Equal(Outcome.Done, written.Outcome);
            for (int r = 1; r <= 3; r++)
            {
                TestRequest read = cluster.Read(r, One, "k");
                Assert.True(cluster.Done(read).Position >= written.Position);
                Assert.Equal($"v{n}#{n}", read.Text);
            }
        }
    }

    [Fact]
    public void The_same_id_has_its_effect_once_and_gets_the_first_answer()
    {
        var cluster = new TestCluster(3, 2);
        TestRequest first = cluster.Write(1, One, "k=a", id: 7);
        Answer answer = cluster.Done(first);
        cluster.Done(cluster.Write(2, One, "k=b"));
        TestRequest again = cluster.Write(3, One, "k=a", id: 7);
        Assert.Equal(answer.Position, cluster.Done(again).Position);
        Assert.Equal(first.Text, again.Text);
        TestRequest read = cluster.Read(2, One, "k");
        cluster.Done(read);
        Assert.Equal("b#2", read.Text);
    }

    [Fact]
    public void Writes_go_on_after_the_leader_is_killed_and_nothing_acknowledged_is_lost()
    {
        var cluster = new TestCluster(3, 3);
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(Outcome.Done, cluster.Done(cluster.Write(1 + (i % 3), new(1 + (i % 3)), $"k{i}={i}")).Outcome);
        }

        int leader = Leader(cluster, One);
        int other = leader == 1 ? 2 : 1;
        TestRequest pending = cluster.Write(other, One, "pending=1");
        cluster.Kill(leader);
        Assert.Equal(Outcome.Done, cluster.Done(pending).Outcome);
        TestRequest count = cluster.Read(other, One, "pending");
        cluster.Done(count);
        Assert.Equal("1#1", count.Text);
        cluster.Start(leader);
        CheckAll(cluster, other, 200);
        cluster.Tick(50);
        CheckAll(cluster, leader, 200);
    }

    [Fact]
    public void All_nodes_start_again_from_their_disks()
    {
        var cluster = new TestCluster(3, 3);
        for (int i = 0; i < 300; i++)
        {
            cluster.Done(cluster.Write(1, new(1 + (i % 3)), $"k{i}={i}{new string('x', 900)}"));
        }

        for (int n = 1; n <= 3; n++)
        {
            cluster.Kill(n);
        }

        for (int n = 1; n <= 3; n++)
        {
            cluster.Start(n);
        }

        for (int i = 0; i < 300; i++)
        {
            TestRequest read = cluster.Read(2, new(1 + (i % 3)), $"k{i}");
            Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
            Assert.StartsWith($"{i}x", read.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_node_that_was_away_too_long_for_the_log_gets_a_snapshot()
    {
        var cluster = new TestCluster(3, 1, new ReactorOptions { KeepEntries = 8, KeepEntryBytes = 4096 });
        cluster.Done(cluster.Write(1, One, "first=1"));
        cluster.Kill(3);
        for (int i = 0; i < 600; i++)
        {
            cluster.Done(cluster.Write(1, One, $"k{i}={new string('y', 1000)}"));
        }

        cluster.Start(3);
        cluster.Until(() => cluster[3].Reactor.Core(One)!.Applied == cluster[1].Reactor.Core(One)!.Applied);
        Assert.Equal(cluster[1].Reactor.StateHash(One), cluster[3].Reactor.StateHash(One));
        Assert.True(cluster[3].Reactor.Core(One)!.Log.Base.Index.Value > 0);
    }

    [Fact]
    public void A_minority_says_not_done_within_the_deadline_and_a_majority_goes_on()
    {
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "k=1"));
        foreach (int n in (int[])[2, 3])
        {
            cluster.Cut.Add((1, n));
            cluster.Cut.Add((n, 1));
        }

        cluster.Until(() => Leader(cluster, One) is 2 or 3 && cluster[1].Reactor.Core(One)!.Role != Consensus.RaftRole.Leader);
        TestRequest alone = cluster.Write(1, One, "k=2", ticks: 40);
        TestRequest read = cluster.Read(1, One, "k");
        TestRequest weak = cluster.Read(1, One, "k", Consistency.Eventual);
        TestRequest together = cluster.Write(2, One, "k=3", ticks: 400);
        Assert.Equal(Outcome.Done, cluster.Done(together).Outcome);
        Assert.Equal((Outcome.NotDone, Reason.NoLeader), (cluster.Done(alone).Outcome, cluster.Done(alone).Reason));
        Assert.Equal(Outcome.NotDone, cluster.Done(read).Outcome);
        Assert.Equal(Outcome.Done, cluster.Done(weak).Outcome);
        Assert.Equal("1#1", weak.Text);
    }

    [Fact]
    public void A_sequential_read_waits_for_its_session()
    {
        var cluster = new TestCluster(3, 1);
        Answer written = cluster.Done(cluster.Write(1, One, "k=1"));
        for (int n = 1; n <= 3; n++)
        {
            TestRequest read = cluster.Read(n, One, "k", Consistency.Sequential, written.Position);
            Assert.True(cluster.Done(read).Position >= written.Position);
            Assert.Equal("1#1", read.Text);
        }
    }

    [Fact]
    public void Quiet_groups_stop_sending_and_wake_when_asked()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Done(cluster.Write(1, One, "k=1"));
        cluster.Until(() => cluster.Nodes.All(n => n.Reactor.Status().Replicas.All(r => r.IsQuiesced)));
        TestRequest read = cluster.Read(2, One, "k");
        Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
        int leader = Leader(cluster, One);
        cluster.Until(() => cluster.Nodes.All(n => n.Reactor.Status().Replicas.All(r => r.IsQuiesced)));
        cluster.Kill(leader);
        Assert.Equal(Outcome.Done, cluster.Done(cluster.Write(leader == 1 ? 2 : 1, One, "k=2")).Outcome);
    }

    [Fact]
    public void Leaders_of_quiet_groups_go_to_the_nodes_the_map_prefers()
    {
        var cluster = new TestCluster(3, 3, new ReactorOptions { RebalanceTicks = 100 });
        cluster.Until(() => Enumerable.Range(1, 3).All(
            g => Leader(cluster, new(g)) == cluster[1].Reactor.Map.ReplicasOf(new(g))[0].Value));
    }

    [Fact]
    public void A_replica_moves_to_another_node_as_the_agreed_map_says()
    {
        var cluster = new TestCluster(4, 1);
        cluster.Done(cluster.Write(1, One, "k=1"));
        bool? agreed = null;
        cluster.Until(() =>
        {
            if (agreed is null)
            {
                agreed = false;
                cluster[1].Reactor.ReplaceMap(
                    cluster[1].Reactor.Map.WithReplicas(One, [new(2), new(3), new(4)]), new((ulong)cluster[1].Reactor.Now), 400, ok => agreed = ok ? true : null);
            }

            return agreed == true && cluster[4].Reactor.Core(One) is { } core && core.Applied.Value > 0
                && core.Configuration.Equals(Consensus.Configuration.Of(new NodeId(2), new NodeId(3), new NodeId(4)));
        });
        TestRequest read = cluster.Read(1, One, "k");
        Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
        Assert.Equal("1#1", read.Text);
    }

    [Fact]
    public void A_replica_without_a_place_ends_and_comes_back_only_when_it_is_given_one()
    {
        var cluster = new TestCluster(4, 1);
        cluster.Done(cluster.Write(1, One, "k=1"));
        Move(cluster, 2, 3, 4);
        cluster.Until(() => cluster[1].Reactor.Core(One) is null);
        cluster.Kill(1);
        cluster.Start(1);
        cluster.Tick(100);
        Assert.Null(cluster[1].Reactor.Core(One));
        Assert.Empty(cluster[1].Reactor.Status().Lost);
        Assert.Equal("1#1", Text(cluster, 1));

        Move(cluster, 1, 2, 3);
        cluster.Until(() => cluster[1].Reactor.Core(One) is { } core && core.Configuration.IsVoter(new(1)));
        cluster.Until(() => cluster[4].Reactor.Core(One) is null);
        cluster.Kill(1);
        cluster.Start(1);
        cluster.Kill(3);
        cluster.Done(cluster.Write(4, One, "k=2"));
        Assert.Equal("2#2", Text(cluster, 1));
    }

    private static string Text(TestCluster cluster, int node)
    {
        TestRequest read = cluster.Read(node, One, "k");
        Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
        return read.Text;
    }

    private static void Move(TestCluster cluster, params int[] nodes)
    {
        NodeId[] wanted = [.. nodes.Select(n => new NodeId(n))];
        bool asked = false;
        cluster.Until(() =>
        {
            Placement.SlotMap map = cluster[2].Reactor.Map;
            if (map.ReplicasOf(One).SequenceEqual(wanted))
            {
                return true;
            }

            if (!asked)
            {
                asked = true;
                cluster[2].Reactor.ReplaceMap(map.WithReplicas(One, wanted), new((ulong)cluster.NowMs), 400, ok => asked = ok);
            }

            return false;
        });
    }

    [Fact]
    public void Entries_that_nobody_can_give_back_are_given_up_and_the_replica_begins_again()
    {
        var cluster = new TestCluster(3, 1, new ReactorOptions { KeepEntries = 8, KeepEntryBytes = 4096 });
        const int Known = 20;
        for (int i = 0; i < Known; i++)
        {
            cluster.Done(cluster.Write(1, One, $"k{i}=v{i}{new string('z', 1000)}"));
        }

        cluster.Tick(40);
        cluster.Kill(3);
        foreach (string path in cluster[3].Disk.AllFiles().Where(p => p.StartsWith("log/", StringComparison.Ordinal)))
        {
            int at = cluster[3].Disk.Peek(path).AsSpan().IndexOf("k12=v12z"u8);
            if (at >= 0)
            {
                cluster[3].Disk.FlipBits(path, at + 100, 300, 1);
            }
        }

        for (int i = Known; i < 600; i++)
        {
            cluster.Done(cluster.Write(1, One, $"k{i}=v{i}{new string('z', 1000)}"));
        }

        cluster.Start(3);
        Assert.Contains(One, cluster[3].Reactor.Status().Repairing);
        cluster.Until(() => cluster[3].Reactor.Core(One) is { } core && core.Configuration.IsVoter(new(3)));
        CheckValues(cluster, 3, 600);
        cluster.Until(() => cluster[3].Reactor.StateHash(One) == cluster[1].Reactor.StateHash(One));
    }

    [Fact]
    public void A_replica_whose_log_was_put_back_notices_and_comes_back_as_a_learner()
    {
        var cluster = new TestCluster(3, 1);
        Assert.Equal(Outcome.Done, cluster.Done(cluster.Write(1, One, "k=before")).Outcome);
        cluster.Tick(10);
        int leader = cluster.Leader(One);
        int victim = 1 + (leader % 3);
        DiskImage before = cluster[victim].Disk.Save();
        for (int i = 0; i < 20; i++)
        {
            cluster.Done(cluster.Write(leader, One, $"k{i}=after"));
        }

        cluster.Tick(10);
        cluster.Kill(victim);
        Assert.True(cluster[victim].Disk.RestoreFile(before, $"log/{cluster[victim].Disk.List("log")[0]}"));
        cluster.Start(victim);

        // The leader of before counts on what the replica acknowledged, and would never send it again.
        cluster.Until(() => cluster[victim].Reactor.DamagedStores.Exists(d => d.StartsWith("g1: it acknowledged", StringComparison.Ordinal)));
        cluster.Until(() => cluster[victim].Reactor.Core(One) is { } core && core.Configuration.IsVoter(new(victim))
            && core.Applied == cluster[leader].Reactor.Core(One)!.Log.LastIndex);
        Assert.Equal(leader, cluster.Leader(One));
        TestRequest read = cluster.Read(victim, One, "k19", Consistency.Eventual);
        cluster.Done(read);
        Assert.Equal("after#1", read.Text);
    }

    [Fact]
    public void A_wiped_node_does_not_vote_until_it_has_come_back_as_a_learner()
    {
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "before=1"));
        int leader = Leader(cluster, One);
        int behind = leader == 1 ? 2 : 1;
        int wiped = 6 - leader - behind;
        cluster.Kill(behind);
        Assert.Equal(Outcome.Done, cluster.Done(cluster.Write(leader, One, "only=leader and wiped")).Outcome);

        // With an empty log and its vote it could make the one that is behind a leader, and the write would be gone.
        cluster.Wipe(wiped);
        cluster.Kill(leader);
        cluster.Start(wiped);
        cluster.Start(behind);
        cluster.Tick(200);
        Assert.Equal(0, Leader(cluster, One));
        cluster.Start(leader);
        cluster.Until(() => cluster[wiped].Reactor.Core(One) is { } core && core.Configuration.IsVoter(new(wiped))
            && core.Configuration.Voters.Count == 3);
        TestRequest read = cluster.Read(wiped, One, "only");
        Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
        Assert.Equal("leader and wiped#1", read.Text);
    }

    [Fact]
    public void Damaged_states_on_all_nodes_but_one_are_replaced_by_the_one_that_is_whole()
    {
        var cluster = new TestCluster(3, 1, new ReactorOptions { KeepEntries = 8, KeepEntryBytes = 4096, ScrubTicks = 100 });
        for (int i = 0; i < 400; i++)
        {
            cluster.Done(cluster.Write(1, One, $"k{i}=v{i}{new string('z', 1000)}"));
        }

        cluster.Tick(40);
        foreach (int n in (int[])[2, 3])
        {
            cluster.Kill(n);
            foreach (string path in cluster[n].Disk.AllFiles().Where(p => p.StartsWith("groups/1/", StringComparison.Ordinal)))
            {
                cluster[n].Disk.FlipBits(path, 0, 4096, 200);
            }

            cluster.Start(n);
        }

        CheckValues(cluster, 2, 400);
        CheckValues(cluster, 3, 400);
        cluster.Until(() => cluster[2].Reactor.DamagedStores.Count > 0 && cluster[3].Reactor.DamagedStores.Count > 0
            && cluster.Nodes.All(n => n.Reactor.Core(One) is { CanLead: true } core && core.Applied == core.Commit));
        Assert.Equal(cluster[1].Reactor.StateHash(One), cluster[2].Reactor.StateHash(One));
        Assert.Equal(cluster[1].Reactor.StateHash(One), cluster[3].Reactor.StateHash(One));
    }

    private static void CheckValues(TestCluster cluster, int node, int count)
    {
        for (int i = 0; i < count; i++)
        {
            TestRequest read = cluster.Read(node, One, $"k{i}");
            Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
            Assert.StartsWith($"v{i}z", read.Text, StringComparison.Ordinal);
        }
    }

    private static int Leader(TestCluster cluster, GroupId group) =>
        cluster.Nodes.FirstOrDefault(n => n.Reactor.Core(group)?.Role == Consensus.RaftRole.Leader)?.Id ?? 0;

    private static void CheckAll(TestCluster cluster, int node, int count)
    {
        for (int i = 0; i < count; i++)
        {
            TestRequest read = cluster.Read(node, new(1 + (i % 3)), $"k{i}");
            Assert.Equal(Outcome.Done, cluster.Done(read).Outcome);
            Assert.Equal($"{i}#1", read.Text);
        }
    }
}
