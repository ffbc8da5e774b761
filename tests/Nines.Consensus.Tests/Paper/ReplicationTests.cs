using Nines.Kernel;

namespace Nines.Consensus.Tests.Paper;

/// <summary>Ongaro, 3.5 to 3.8 and 10.2.1; and what a hanging disk does to a leader.</summary>
public sealed class ReplicationTests
{
    [Fact]
    public void Section_3_5_an_entry_is_committed_once_a_majority_holds_it_and_everybody_hears_of_it()
    {
        var group = new Group(5);
        group.Elect(1);
        group.Isolate(4);
        group.Isolate(5);
        ProposeResult result = group.Propose(1, "a");
        Assert.Equal(new LogPosition(new(1), new(2)), result.Position);
        Assert.Equal(new LogIndex(1), group.Raft(1).Commit);
        group.Deliver();
        Assert.All(group.All.Take(3), m => Assert.Equal(new LogIndex(2), m.Raft.Commit));
        group.Heal();
        group.TickAll(4);
        Assert.All(group.All, m => Assert.Equal(new LogIndex(2), m.Applied.Index));
    }

    /// <summary>Figure 3.6: followers that miss entries, have extra ones, or both.</summary>
    [Theory]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 5, 5, 6, 6 })]
    [InlineData(new long[] { 1, 1, 1, 4 })]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6 })]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7 })]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 4, 4 })]
    [InlineData(new long[] { 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3 })]
    public void Section_3_5_figure_3_6_a_leader_makes_any_log_equal_to_its_own(long[] follower)
    {
        var group = new Group(3);
        Load(group[1], [1, 1, 1, 4, 4, 5, 5, 6, 6, 6], new(7));
        Load(group[2], follower, new(7));
        Load(group[3], [1, 1, 1], new(7));
        group.Restart(1);
        group.Restart(2);
        group.Restart(3);
        group.Isolate(2);
        group.Elect(1);
        group.Heal();
        group.TickAll(6);
        for (long i = 1; i <= 11; i++)
        {
            Assert.Equal(group.Raft(1).Log.TermAt(new(i)), group.Raft(2).Log.TermAt(new(i)));
            Assert.Equal(group.Raft(1).Log.TermAt(new(i)), group[2].Disk.TermAt(new(i)));
        }

        Assert.Equal(new LogIndex(11), group.Raft(2).Commit);
    }

    /// <summary>Figure 3.7, and logcabin/logcabin#44: (a) to (d), and (e) instead of it.</summary>
    [Fact]
    public void Section_3_6_2_figure_3_7_an_entry_of_an_earlier_term_is_not_committed_by_counting()
    {
        var group = new Group(5);
        Load(group[1], [1, 2], new(3));
        Load(group[2], [1, 2], new(2));
        Load(group[3], [1], new(2));
        Load(group[4], [1], new(2));
        Load(group[5], [1, 3], new(3));
        for (int node = 1; node <= 5; node++)
        {
            group.Restart(node);
        }

        // (c): S1 leads term 4 and replicates the entry of term 2 to S3, but not its own.
        group.Isolate(4);
        group.Isolate(5);
        group.Step(1, RaftInput.Campaign);
        while (group.Raft(1).Role != RaftRole.Leader)
        {
            RaftMessage next = group.Wire[0];
            group.Wire.RemoveAt(0);
            group.Deliver(next);
        }

        Assert.Equal(new Term(4), group.Raft(1).Term);
        group.Deliver(group.Take(m => m.Kind == RaftMessageKind.Append && m.To.Value == 2)[0]);
        Assert.True(group.Raft(1).Log.TryGet(new(2), out LogEntry old));
        group.Deliver(RaftMessage.Append(new(1), new(3), new(4), new(new(1), new(1)), 1, LogIndex.Zero, [old]));
        List<RaftMessage> answers = group.Take(m => m.Kind == RaftMessageKind.AppendAnswer);
        Assert.Equal([3L, 2L], answers.Select(m => m.Position.Index.Value));
        group.Wire.Clear();
        answers.ForEach(m => group.Deliver(m));
        group.Wire.Clear();
        Assert.Equal(new LogPosition(new(2), new(2)), group.Raft(3).Log.Last);
        Assert.True(group.Raft(1).Commit < new LogIndex(2), "a majority holds i2 of t2, but nothing of t4 is on a majority");

        // (d): S5 may still win with its entry of term 3, and overwrite that of term 2.
        group.Heal();
        group.Crash(1);
        group.Step(2, RaftInput.PeerUnreachable(new(1)));
        group.Step(3, RaftInput.PeerUnreachable(new(1)));
        group.Step(5, RaftInput.Campaign);
        group.Deliver();
        group.Elect(5);
        group.TickAll(4);
        Assert.Equal(new Term(3), group.Raft(2).Log.TermAt(new(2)));
    }

    [Fact]
    public void Section_3_6_2_figure_3_7_e_committed_with_an_entry_of_the_own_term_it_is_safe()
    {
        var group = new Group(5);
        Load(group[1], [1, 2], new(3));
        Load(group[2], [1, 2], new(2));
        Load(group[3], [1], new(2));
        Load(group[4], [1], new(2));
        Load(group[5], [1, 3], new(3));
        for (int node = 1; node <= 5; node++)
        {
            group.Restart(node);
        }

        group.Isolate(4);
        group.Isolate(5);
        group.Elect(1);
        Assert.Equal(new LogIndex(3), group.Raft(1).Commit);
        group.Heal();
        group.Crash(1);
        group.Step(5, RaftInput.Campaign);
        group.Deliver();
        Assert.NotEqual(RaftRole.Leader, group.Raft(5).Role);
    }

    [Fact]
    public void Section_3_6_an_acknowledgement_leaves_only_when_the_entries_are_durable()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(3);
        group[2].Hangs = true;
        group.Propose(1, "a");
        group.Deliver();
        Assert.Equal(new LogIndex(1), group.Raft(1).Commit);
        group.EndHang(2);
        group.Deliver();
        Assert.Equal(new LogIndex(2), group.Raft(1).Commit);
    }

    [Fact]
    public void Section_3_6_what_was_not_durable_is_gone_after_a_crash_and_nobody_counted_on_it()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(3);
        group[2].Hangs = true;
        group.Propose(1, "a");
        group.Deliver();
        group.Restart(2);
        Assert.Equal(new LogIndex(1), group.Raft(2).Log.LastIndex);
        group.TickAll(4);
        Assert.Equal(new LogIndex(2), group.Raft(2).Log.LastIndex);
        Assert.Equal(new LogIndex(2), group.Raft(1).Commit);
    }

    [Fact]
    public void Section_10_2_1_a_leader_replicates_while_it_writes_and_may_commit_before_its_own_disk()
    {
        var group = new Group(3);
        group.Elect(1);
        group[1].Hangs = true;
        group.Propose(1, "a");
        group.Deliver();
        Assert.Equal(new LogIndex(2), group.Raft(1).Commit);
        Assert.Equal(new LogIndex(1), group[1].Disk.Last.Index);
    }

    /// <summary>etcd-io/etcd#14370.</summary>
    [Fact]
    public void A_single_voter_commits_only_what_is_durable()
    {
        var group = new Group(1);
        group.Elect(1);
        group[1].Hangs = true;
        group.Propose(1, "a");
        Assert.Equal(new LogIndex(1), group.Raft(1).Commit);
        group.EndHang(1);
        Assert.Equal(new LogIndex(2), group.Raft(1).Commit);
    }

    [Fact]
    public void A_single_voter_tells_its_learners_nothing_of_a_term_that_is_not_durable()
    {
        var group = new Group(1, spares: 1);
        group.Elect(1);
        group.Change(1, new ConfigurationChange(ChangeKind.AddLearner, new(2)));
        group.Deliver();
        group.Restart(1);
        group[1].Hangs = true;
        group.Step(1, RaftInput.Campaign);
        group.Tick(1, 3);
        Assert.Equal((RaftRole.Leader, new Term(2)), (group.Raft(1).Role, group.Raft(1).Term));
        Assert.Empty(group.Wire);
        group.EndHang(1);
        group.Deliver();
        Assert.Equal(group.Raft(1).Log.Last, group.Raft(2).Log.Last);
    }

    /// <summary>hashicorp/raft#503: heartbeats alone do not make a leader.</summary>
    [Fact]
    public void A_leader_whose_disk_hangs_steps_down_and_does_not_campaign_until_it_answers()
    {
        var group = new Group(3);
        group.Elect(1);
        group[1].Hangs = true;
        group.Propose(1, "a");
        group.Deliver();
        for (int i = 0; i < group.Options.FlushStallTicks; i++)
        {
            Assert.Equal(RaftRole.Leader, group.Raft(1).Role);
            group.Tick(1);
            group.Deliver();
        }

        Assert.Equal(RaftRole.Follower, group.Raft(1).Role);
        group.Tick(1, 5 * group.Options.ElectionTimeoutTicks);
        Assert.Equal(RaftRole.Follower, group.Raft(1).Role);
        group.TickAll(4 * group.Options.ElectionTimeoutTicks);
        Assert.Contains(group.All, m => m.Id.Value != 1 && m.Raft.Role == RaftRole.Leader);
        group.EndHang(1);
        group.TickAll(4);
        Assert.Equal(new LogIndex(3), group.Raft(1).Commit);
    }

    [Fact]
    public void A_window_whose_messages_were_all_lost_opens_again()
    {
        var group = new Group(3, options: new() { HeartbeatTicks = 1, MaxInflightAppends = 2, MaxAppendEntries = 1 });
        group.Elect(1);
        group.TickAll(2);
        group.Isolate(3);
        for (int i = 0; i < 10; i++)
        {
            group.Propose(1, "a");
            group.Deliver();
        }

        group.Heal();
        group.TickAll(30);
        Assert.Equal(new LogIndex(11), group.Raft(3).Commit);
    }

    [Fact]
    public void A_refusal_from_behind_the_compacted_log_ends_in_a_snapshot()
    {
        var group = new Group(3);
        Load(group[1], [1, 1, 2], new(2));
        Load(group[2], [1, 1, 2], new(2));
        Load(group[3], [1, 1, 1], new(2));
        group.Restart(1);
        group.Restart(2);
        group.Restart(3);
        group.Isolate(3);
        group.Elect(1);
        group.Seal(1, keep: 1);
        Assert.Equal(new LogIndex(3), group.Raft(1).Log.Base.Index);
        group.Heal();
        group.TickAll(6);
        Assert.Equal(group.Raft(1).Commit, group.Raft(3).Commit);
        Assert.Contains(group.Lines, l => l.Contains("n3 installs", StringComparison.Ordinal));
    }

    [Fact]
    public void Proposals_are_refused_when_too_much_is_uncommitted()
    {
        var group = new Group(3, options: new() { HeartbeatTicks = 1, MaxUncommittedBytes = 10 });
        group.Elect(1);
        Assert.Equal(ProposeStatus.Accepted, group.Propose(1, "123456").Status);
        Assert.Equal(ProposeStatus.Overloaded, group.Propose(1, "123456").Status);
        group.Deliver();
        Assert.Equal(ProposeStatus.Accepted, group.Propose(1, new string('x', 100)).Status);
        Assert.Equal(ProposeStatus.NotLeader, group.Propose(2, "a").Status);
    }

    private static void Load(Member member, long[] terms, Term term)
    {
        long index = 0;
        foreach (long entryTerm in terms)
        {
            byte[] payload = [(byte)entryTerm, (byte)++index];
            member.Disk.Append(new(new(entryTerm), new(index), EntryKind.Command, payload));
        }

        member.Disk.HardState = new(term, NodeId.None);
    }
}
