using Nines.Consensus.Tests.Cluster;
using Nines.Kernel;

namespace Nines.Consensus.Tests.Paper;

/// <summary>Ongaro, chapter 5.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public void Chapter_5_a_follower_behind_the_log_gets_a_snapshot_and_then_the_rest()
    {
        Group group = Behind();
        group.Heal();
        group.TickAll(6);
        Assert.Equal(group.Raft(1).Log.Last, group.Raft(3).Log.Last);
        Assert.Equal(group[1].Applied, group[3].Applied);
        Assert.Equal(new LogIndex(6), group.Raft(3).Log.Base.Index);
    }

    /// <summary>camunda/camunda#14367, etcd-io/etcd#18055.</summary>
    [Fact]
    public void Chapter_5_the_same_snapshot_twice_and_an_older_one_change_nothing()
    {
        Group group = Behind();
        AppliedState state = group[1].Disk.Applied;
        AppliedState older = group[2].Disk.Applied with { Position = new(new(1), new(2)) };
        group.Heal();
        group.TickAll(6);
        group.Propose(1, "more");
        group.Deliver();
        LogPosition last = group.Raft(3).Log.Last;
        group.DeliverSnapshot(new(1), new(3), group.Raft(1).Term, state);
        group.DeliverSnapshot(new(1), new(3), group.Raft(1).Term, older);
        group.Deliver();
        Assert.Equal(last, group.Raft(3).Log.Last);
        Assert.Equal(last.Index, group.Raft(3).Commit);
        Assert.Single(group.Lines, l => l.StartsWith("n3 installs", StringComparison.Ordinal));
    }

    [Fact]
    public void Chapter_5_a_snapshot_of_what_the_log_holds_already_only_commits_it()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Propose(1, "a");
        group.Take(m => m.Kind == RaftMessageKind.Append && m.To.Value == 2);
        group.Deliver();
        LogPosition last = group.Raft(3).Log.Last;
        group.Step(3, RaftInput.Receive(RaftMessage.Snapshot(new(1), new(3), new(1), last, group.Raft(1).Configuration)));
        Assert.Equal(last.Index, group.Raft(3).Commit);
        Assert.Equal(LogPosition.Zero, group.Raft(3).Log.Base);
    }

    /// <summary>databendlabs/openraft#1808: compared by index alone, a stale configuration would outlive the log it was in.</summary>
    [Fact]
    public void Chapter_5_a_snapshot_drops_a_newer_uncommitted_configuration()
    {
        var group = new Group(3, spares: 2);
        group.Elect(3);
        group.TickAll(1);
        group.Isolate(3);
        for (int i = 0; i < 8; i++)
        {
            group.Propose(3, "lost");
        }

        group.Change(3, new ConfigurationChange(ChangeKind.AddVoter, new(4)), new ConfigurationChange(ChangeKind.AddVoter, new(5)));
        Assert.Equal(5, group.Raft(3).Configuration.Voters.Count);
        group.Tick(3, 20);
        group.Wire.Clear();
        group.TickAll(30);
        Member leader = group.All.Single(m => m.Raft.Role == RaftRole.Leader && m.Id.Value != 3);
        group.Propose(leader.Id.Value, "kept");
        group.Propose(leader.Id.Value, "kept");
        group.Deliver();
        group.Seal(leader.Id.Value);
        group.Heal();
        group.TickAll(6);
        Assert.Contains(group.Lines, l => l.StartsWith("n3 installs", StringComparison.Ordinal));
        Assert.Equal(Configuration.Of(new(1), new(2), new(3)), group.Raft(3).Configuration);
        group.Restart(3);
        Assert.Equal(Configuration.Of(new(1), new(2), new(3)), group.Raft(3).Configuration);
    }

    [Fact]
    public void Chapter_5_a_snapshot_that_fails_on_the_way_is_tried_again_at_the_pace_of_heartbeats()
    {
        Group group = Behind();
        group.Heal();
        group.Cut(1, 3);
        group.TickAll(20);
        int attempts = group.Lines.Count(l => l.StartsWith("lost n1->n3 snapshot", StringComparison.Ordinal));
        Assert.True(attempts <= 20, $"{attempts} attempts in 20 ticks");
        group.Heal();
        group.TickAll(30);
        Assert.Equal(group.Raft(1).Commit, group.Raft(3).Commit);
    }

    [Fact]
    public void Section_5_1_a_node_restarts_from_its_state_and_the_log_behind_it()
    {
        var group = new Group(3);
        group.Elect(1);
        for (int i = 0; i < 5; i++)
        {
            group.Propose(1, "a");
            group.Deliver();
        }

        group.Seal(2, keep: 2);
        AppliedState sealedState = group[2].Disk.Applied;
        group.Propose(1, "b");
        group.Deliver();
        group.Restart(2);
        RaftNode raft = group.Raft(2);
        Assert.Equal((new LogIndex(4), new LogIndex(7), sealedState.Index), (raft.Log.Base.Index, raft.Log.LastIndex, raft.Commit));
        group.TickAll(4);
        Assert.Equal(new LogIndex(7), group[2].Applied.Index);
        Assert.Equal(group[1].Applied, group[2].Applied);
    }

    /// <summary>Node 3 is cut off and misses what the leader has cut out of its log.</summary>
    private static Group Behind()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(3);
        for (int i = 0; i < 5; i++)
        {
            group.Propose(1, "a");
            group.Deliver();
        }

        group.Seal(1);
        group.Propose(1, "b");
        group.Deliver();
        return group;
    }
}
