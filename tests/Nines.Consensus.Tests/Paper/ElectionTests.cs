using Nines.Kernel;

namespace Nines.Consensus.Tests.Paper;

/// <summary>Ongaro, 3.3, 3.4, 3.6.1, 3.8, 3.10, 6.2 and 9.6.</summary>
public sealed class ElectionTests
{
    [Fact]
    public void Section_3_3_a_message_of_a_later_term_makes_anybody_a_follower_of_that_term()
    {
        foreach (int node in (int[])[1, 2])
        {
            var group = new Group(3);
            group.Elect(1);
            group.Step(node, RaftInput.Receive(RaftMessage.Append(new(3), new(node), new(7), LogPosition.Zero, 0, LogIndex.Zero, [])));
            Assert.Equal((RaftRole.Follower, new Term(7), new NodeId(3)), (group.Raft(node).Role, group.Raft(node).Term, group.Raft(node).Leader));
        }
    }

    [Fact]
    public void Section_3_3_a_message_of_an_earlier_term_is_answered_with_the_own_term()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Step(2, RaftInput.Receive(RaftMessage.Heartbeat(new(3), new(2), Term.Zero, LogIndex.Zero, 0)));
        RaftMessage answer = Assert.Single(group.Wire);
        Assert.Equal((RaftMessageKind.AppendAnswer, new Term(1), false), (answer.Kind, answer.Term, answer.Flag));
    }

    [Fact]
    public void Section_3_4_a_follower_that_hears_nobody_campaigns_within_two_timeouts_and_not_before_one()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var options = new RaftOptions();
            var restore = new RaftRestore(default, LogPosition.Zero, Configuration.Of(new(1), new(2)), [], LogIndex.Zero);
            var raft = new RaftNode(options, new(1), restore, new(seed));
            var output = new RaftOutput();
            int ticks = 0;
            while (raft.Role == RaftRole.Follower)
            {
                raft.Step(RaftInput.Tick, output);
                ticks++;
            }

            Assert.InRange(ticks, options.ElectionTimeoutTicks, (2 * options.ElectionTimeoutTicks) - 1);
        }
    }

    [Fact]
    public void Section_3_4_a_server_votes_once_in_a_term()
    {
        var group = new Group(3);
        group.Step(3, RaftInput.Receive(RaftMessage.Vote(new(1), new(3), new(1), LogPosition.Zero, pre: false, transfer: false)));
        group.Step(3, RaftInput.Receive(RaftMessage.Vote(new(2), new(3), new(1), LogPosition.Zero, pre: false, transfer: false)));
        group.Step(3, RaftInput.Receive(RaftMessage.Vote(new(1), new(3), new(1), LogPosition.Zero, pre: false, transfer: false)));
        Assert.Equal([true, false, true], group.Wire.Select(m => m.Flag));
    }

    [Fact]
    public void Section_3_4_a_split_vote_is_tried_again_in_a_later_term()
    {
        var group = new Group(2);
        group.Step(1, RaftInput.Campaign);
        group.Step(2, RaftInput.Campaign);
        group.Deliver();
        group.TickAll(40);
        Assert.Single(group.All, m => m.Raft.Role == RaftRole.Leader);
    }

    [Theory]
    [InlineData(2, 5, 2, 5, true)]
    [InlineData(2, 5, 2, 6, true)]
    [InlineData(2, 5, 3, 1, true)]
    [InlineData(2, 5, 2, 4, false)]
    [InlineData(2, 5, 1, 9, false)]
    public void Section_3_6_1_a_vote_goes_only_to_a_log_at_least_as_up_to_date(
        long term, long index, long candidateTerm, long candidateIndex, bool granted)
    {
        var log = new RaftLog(new(new(term), new(index)));
        Assert.Equal(granted, log.IsNoNewerThan(new(new(candidateTerm), new(candidateIndex))));
    }

    [Fact]
    public void Section_3_8_a_vote_leaves_only_when_it_is_durable_and_survives_a_restart()
    {
        var group = new Group(3);
        group[3].Hangs = true;
        RaftMessage first = RaftMessage.Vote(new(1), new(3), new(1), LogPosition.Zero, pre: false, transfer: false);
        group.Step(3, RaftInput.Receive(first));
        Assert.Empty(group.Wire);
        group.EndHang(3);
        Assert.True(Assert.Single(group.Wire).Flag);
        group.Restart(3);
        group.Wire.Clear();
        group.Step(3, RaftInput.Receive(RaftMessage.Vote(new(2), new(3), new(1), LogPosition.Zero, pre: false, transfer: false)));
        Assert.False(Assert.Single(group.Wire).Flag);
        Assert.Equal(new Term(1), group.Raft(3).Term);
    }

    [Fact]
    public void Section_3_8_a_candidacy_leaves_only_when_the_own_vote_is_durable()
    {
        var group = new Group(3);
        group[1].Hangs = true;
        group.Step(1, RaftInput.Campaign);
        Assert.All(group.Wire, m => Assert.Equal(RaftMessageKind.PreVote, m.Kind));
        group.Deliver();
        Assert.Equal(RaftRole.Candidate, group.Raft(1).Role);
        Assert.Empty(group.Wire);
        group.EndHang(1);
        Assert.All(group.Wire, m => Assert.Equal(RaftMessageKind.Vote, m.Kind));
        group.Deliver();
        Assert.Equal(RaftRole.Leader, group.Raft(1).Role);
    }

    [Fact]
    public void Section_3_10_a_transfer_brings_the_target_up_to_date_and_elects_it_at_once()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Cut(1, 2);
        group.Propose(1, "a");
        group.Deliver();
        group.Heal();
        group.Step(1, RaftInput.TransferLeadership(new(2)));
        Assert.Equal(ProposeStatus.Transferring, group.Propose(1, "b").Status);
        Assert.Equal(ProposeStatus.Transferring, group.Change(1, new ConfigurationChange(ChangeKind.Remove, new(3))).Status);
        group.TickAll(4);
        Assert.Equal((RaftRole.Leader, new Term(2)), (group.Raft(2).Role, group.Raft(2).Term));
        Assert.Equal(group.Raft(2).Log.LastIndex, group.Raft(1).Commit);
    }

    [Fact]
    public void Section_3_10_a_transfer_that_does_not_happen_ends_after_an_election_timeout()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(3);
        group.Propose(1, "a");
        group.Deliver();
        group.Step(1, RaftInput.TransferLeadership(new(3)));
        for (int i = 0; i < group.Options.ElectionTimeoutTicks; i++)
        {
            Assert.Equal(ProposeStatus.Transferring, group.Propose(1, "b").Status);
            group.Step(1, RaftInput.TransferLeadership(new(3)));
            group.Step(1, RaftInput.Tick);
            group.Deliver();
        }

        Assert.Equal(ProposeStatus.Accepted, group.Propose(1, "c").Status);
    }

    [Fact]
    public void Section_6_2_a_leader_that_hears_no_majority_steps_down()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(1);
        group.Tick(1, group.Options.ElectionTimeoutTicks);
        Assert.Equal(RaftRole.Leader, group.Raft(1).Role);
        group.Tick(1, group.Options.ElectionTimeoutTicks);
        Assert.Equal((RaftRole.Follower, NodeId.None), (group.Raft(1).Role, group.Raft(1).Leader));
    }

    [Fact]
    public void Section_9_6_a_partitioned_server_does_not_raise_its_term_and_disturbs_nobody_when_it_returns()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(3);
        group.TickAll(100);
        Assert.Equal(new Term(1), group.Raft(3).Term);
        Assert.Equal(RaftRole.PreCandidate, group.Raft(3).Role);
        group.Heal();
        group.TickAll(30);
        Assert.All(group.All, m => Assert.Equal((new Term(1), new NodeId(1)), (m.Raft.Term, m.Raft.Leader)));
    }

    [Fact]
    public void Section_9_6_a_pre_vote_promises_nothing()
    {
        var group = new Group(3);
        group.Step(3, RaftInput.Receive(RaftMessage.Vote(new(1), new(3), new(1), LogPosition.Zero, pre: true, transfer: false)));
        group.Step(3, RaftInput.Receive(RaftMessage.Vote(new(2), new(3), new(1), LogPosition.Zero, pre: true, transfer: false)));
        Assert.Equal([true, true], group.Wire.Select(m => m.Flag));
        Assert.Equal(Term.Zero, group.Raft(3).Term);
        Assert.Empty(group[3].Flushes);
    }

    [Fact]
    public void A_broken_connection_to_the_leader_is_a_suspicion_at_once()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Crash(1);
        group.Step(2, RaftInput.PeerUnreachable(new(1)));
        group.Step(3, RaftInput.PeerUnreachable(new(1)));
        group.TickAll(group.Options.ElectionTimeoutTicks);
        Assert.Single(group.All, m => m.IsUp && m.Raft.Role == RaftRole.Leader);
    }

    [Fact]
    public void A_leader_whose_disk_hangs_asks_another_to_lead_before_it_goes()
    {
        var group = new Group(3);
        group.Elect(1);
        group[1].Hangs = true;
        group.Propose(1, "a");
        group.Deliver();
        for (int i = 0; group.Raft(1).Role == RaftRole.Leader; i++)
        {
            Assert.True(i <= group.Options.FlushStallTicks);
            group.TickAll();
        }

        group.Deliver();
        Assert.Single(group.All, m => m.Raft.Role == RaftRole.Leader && m.Raft.Term == new Term(2));
    }

    [Fact]
    public void A_leader_that_removed_itself_asks_another_to_lead_before_it_goes()
    {
        var group = new Group(4);
        group.Elect(1);
        group.Change(1, new ConfigurationChange(ChangeKind.Remove, new(1)));
        group.Deliver();
        Assert.Equal(RaftRole.Follower, group.Raft(1).Role);
        Assert.Single(group.All, m => m.Raft.Role == RaftRole.Leader && m.Raft.Term == new Term(2));
    }

    [Fact]
    public void The_second_attempt_comes_sooner_than_the_first_and_the_third()
    {
        var group = new Group(3);
        group.Elect(1);
        int first = TicksUntilPreVote(group, 3);
        int second = TicksUntilPreVote(group, 3);
        int third = TicksUntilPreVote(group, 3);
        int timeout = group.Options.ElectionTimeoutTicks;
        Assert.InRange(first, timeout, (2 * timeout) - 1);
        Assert.InRange(second, timeout / 2, timeout - 1);
        Assert.InRange(third, timeout, (2 * timeout) - 1);
    }

    private static int TicksUntilPreVote(Group group, int node)
    {
        group.Wire.Clear();
        for (int ticks = 1; ; ticks++)
        {
            group.Tick(node);
            if (group.Wire.Exists(m => m.Kind == RaftMessageKind.PreVote))
            {
                return ticks;
            }
        }
    }

    [Fact]
    public void A_learner_whose_leader_is_gone_does_not_speak_for_it()
    {
        var group = new Group(3, spares: 1);
        group.Elect(1);
        group.Change(1, new ConfigurationChange(ChangeKind.AddLearner, new(4)));
        group.Deliver();
        Assert.Equal(new NodeId(1), group.Raft(4).Leader);
        group.Tick(4, 2 * group.Options.ElectionTimeoutTicks);
        Assert.Equal((RaftRole.Follower, NodeId.None), (group.Raft(4).Role, group.Raft(4).Leader));
    }
}
