using Nines.Kernel;

namespace Nines.Consensus.Tests.Paper;

/// <summary>Ongaro, chapter 4.</summary>
public sealed class MembershipTests
{
    [Fact]
    public void Section_4_1_a_change_is_in_force_when_it_is_appended_and_undone_when_it_is_overwritten()
    {
        var group = new Group(3);
        group.Elect(1);
        group.TickAll(1);
        group.Isolate(1);
        group.Change(1, Remove(3));
        Assert.True(group.Raft(1).Configuration.IsJoint);
        group.Tick(1, 2 * group.Options.ElectionTimeoutTicks);
        group.Tick(2, group.Options.ElectionTimeoutTicks * 2);
        group.Deliver();
        group.TickAll(30);
        group.Heal();
        group.TickAll(5);
        Assert.Equal(Configuration.Of(new(1), new(2), new(3)), group.Raft(1).Configuration);
    }

    /// <summary>raft-dev, 2015: a change before the first commit of the own term may make disjoint majorities.</summary>
    [Fact]
    public void Section_4_1_a_change_waits_until_the_leader_has_committed_in_its_term()
    {
        var group = new Group(3);
        group.Step(1, RaftInput.Campaign);
        while (group.Raft(1).Role != RaftRole.Leader)
        {
            RaftMessage next = group.Wire[0];
            group.Wire.RemoveAt(0);
            group.Deliver(next);
        }

        Assert.Equal(ProposeStatus.TooEarly, group.Change(1, Remove(3)).Status);
        group.Deliver();
        Assert.Equal(ProposeStatus.Accepted, group.Change(1, Remove(3)).Status);
        Assert.Equal(ProposeStatus.ChangeInFlight, group.Change(1, Remove(2)).Status);
    }

    [Fact]
    public void Section_4_1_nonsense_is_refused()
    {
        var group = new Group(1);
        group.Elect(1);
        Assert.Equal(ProposeStatus.Invalid, group.Change(1, Remove(1)).Status);
        Assert.Equal(ProposeStatus.Invalid, group.Change(1, Remove(2)).Status);
        Assert.Equal(ProposeStatus.Invalid, group.Change(1, new ConfigurationChange(ChangeKind.AddLearner, new(1))).Status);
        Assert.Equal(ProposeStatus.Invalid, group.Change(1).Status);
    }

    [Fact]
    public void Section_4_2_1_a_learner_gets_the_log_and_does_not_count()
    {
        var group = new Group(3, spares: 1);
        group.Elect(1);
        group.Change(1, new ConfigurationChange(ChangeKind.AddLearner, new(4)));
        group.Deliver();
        Assert.Equal(group.Raft(1).Commit, group.Raft(4).Commit);
        group.Isolate(2);
        group.Isolate(3);
        LogIndex before = group.Raft(1).Commit;
        group.Propose(1, "a");
        group.Deliver();
        Assert.Equal(before, group.Raft(1).Commit);
        group.Step(4, RaftInput.Campaign);
        Assert.Equal(RaftRole.Follower, group.Raft(4).Role);
    }

    [Fact]
    public void Section_4_3_a_joint_configuration_needs_both_majorities()
    {
        var group = new Group(3, spares: 3);
        group.Elect(1);
        foreach (int node in (int[])[4, 5, 6])
        {
            group.Isolate(node);
        }

        group.Change(1, Add(4), Add(5), Add(6), Remove(2), Remove(3));
        group.Deliver();
        Configuration joint = group.Raft(1).Configuration;
        Assert.True(joint.IsJoint);
        Assert.True(group.Raft(1).Commit < group.Raft(1).Log.LastIndex, "the old majority alone has committed");
        group.Heal();
        group.TickAll(6);
        Assert.Equal(Configuration.Of(new(1), new(4), new(5), new(6)), group.Raft(1).Configuration);
        Assert.Equal(group.Raft(1).Log.LastIndex, group.Raft(1).Commit);
    }

    [Fact]
    public void Section_4_3_an_election_in_a_joint_configuration_needs_both_majorities()
    {
        var group = new Group(3, spares: 3);
        group.Elect(1);
        foreach (int node in (int[])[4, 5, 6])
        {
            group.Isolate(node);
        }

        group.Change(1, Add(4), Add(5), Add(6), Remove(2), Remove(3));
        group.Deliver();
        group.Crash(1);
        group.Tick(2, 20);
        group.Deliver();
        group.TickAll(60);
        Assert.DoesNotContain(group.All, m => m.IsUp && m.Raft.Role == RaftRole.Leader);
        group.Heal();
        group.TickAll(60);
        Assert.Single(group.All, m => m.IsUp && m.Raft.Role == RaftRole.Leader);
    }

    [Fact]
    public void Section_4_3_a_new_leader_leaves_the_joint_configuration_it_inherits()
    {
        var group = new Group(3, spares: 1);
        group.Elect(1);
        group.Change(1, Add(4));
        for (int i = 0; i < 4 && group.Raft(2).Configuration.IsJoint is false; i++)
        {
            RaftMessage next = group.Wire[0];
            group.Wire.RemoveAt(0);
            group.Deliver(next);
        }

        group.Crash(1);
        group.Wire.Clear();
        group.TickAll(60);
        Member leader = Assert.Single(group.All, m => m.IsUp && m.Raft.Role == RaftRole.Leader);
        Assert.Equal(Configuration.Of(new(1), new(2), new(3), new(4)), leader.Raft.Configuration);
    }

    [Fact]
    public void Section_4_2_2_a_leader_that_removes_itself_leads_until_that_is_committed()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Change(1, Remove(1));
        group.Deliver();
        Assert.Equal(RaftRole.Follower, group.Raft(1).Role);
        Assert.Equal(Configuration.Of(new(2), new(3)), group.Raft(1).Configuration);
        group.TickAll(60);
        Assert.Single(group.All, m => m.Raft.Role == RaftRole.Leader && m.Id.Value != 1);
        Assert.Equal(RaftRole.Follower, group.Raft(1).Role);
    }

    /// <summary>
    /// The only voter replaces itself, writes the last entry of the change, and crashes before anybody has it: nobody else can win without its vote,
    /// and it would refuse it to the shorter log. It must campaign although its own latest configuration has no place for it.
    /// </summary>
    [Fact]
    public void Section_4_2_2_a_removed_leader_that_alone_has_the_entry_is_still_needed()
    {
        var group = new Group(1, spares: 1);
        group.Elect(1);
        group.Change(1, Add(2), Remove(1));
        while (group.Raft(1).Configuration.IsJoint)
        {
            RaftMessage next = group.Wire[0];
            group.Wire.RemoveAt(0);
            group.Deliver(next);
        }

        Assert.True(group.Raft(2).Configuration.IsJoint);
        group.Wire.Clear();
        group.Restart(1);
        group.TickAll(80);
        Assert.Equal(RaftRole.Leader, group.Raft(2).Role);
        Assert.Equal(Configuration.Of(new NodeId(2)), group.Raft(2).Configuration);
    }

    /// <summary>hashicorp/raft#526 as well.</summary>
    [Fact]
    public void Section_4_2_3_a_removed_server_that_was_not_told_disturbs_nobody()
    {
        var group = new Group(4);
        group.Elect(1);
        group.Isolate(4);
        group.Change(1, Remove(4));
        group.Deliver();
        group.TickAll(60);
        group.Heal();
        group.TickAll(60);
        Assert.Equal((RaftRole.Leader, new Term(1)), (group.Raft(1).Role, group.Raft(1).Term));
        Assert.Equal(new Term(1), group.Raft(4).Term);
        group.Step(1, RaftInput.Receive(RaftMessage.Vote(new(4), new(1), new(9), new(new(8), new(99)), pre: false, transfer: false)));
        Assert.Equal((RaftRole.Leader, new Term(1)), (group.Raft(1).Role, group.Raft(1).Term));
        group.Change(1, new ConfigurationChange(ChangeKind.AddLearner, new(4)));
        group.TickAll(10);
        Assert.Equal((RaftRole.Leader, new Term(1)), (group.Raft(1).Role, group.Raft(1).Term));
        Assert.Equal(group.Raft(1).Commit, group.Raft(4).Commit);
    }

    private static ConfigurationChange Add(int node) => new(ChangeKind.AddVoter, new(node));

    private static ConfigurationChange Remove(int node) => new(ChangeKind.Remove, new(node));
}
