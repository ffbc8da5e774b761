using Nines.Kernel;

namespace Nines.Consensus.Tests.Paper;

/// <summary>Ongaro, 6.4, and the reports of stale reads it warns of.</summary>
public sealed class ReadTests
{
    [Fact]
    public void Section_6_4_a_read_is_ready_when_a_majority_has_confirmed_the_leader_after_it_came()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Propose(1, "a");
        group.Deliver();
        Assert.True(group.Read(1, 7));
        Assert.Empty(group[1].ReadsReady);
        group.Deliver();
        Assert.Equal([(7UL, new LogIndex(2))], group[1].ReadsReady);
        Assert.False(group.Read(2, 8));
    }

    [Fact]
    public void Section_6_4_a_single_voter_needs_nobody()
    {
        var group = new Group(1);
        group.Elect(1);
        group.Read(1, 7);
        Assert.Equal([(7UL, new LogIndex(1))], group[1].ReadsReady);
    }

    /// <summary>etcd-io/etcd#7331.</summary>
    [Fact]
    public void Section_6_4_step_1_a_read_waits_for_the_first_commit_of_the_term()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Propose(1, "a");
        List<RaftMessage> news = group.Take(m => m.Kind == RaftMessageKind.Append && m.To.Value == 3);
        group.Deliver();
        group.Crash(1);
        group.Step(2, RaftInput.PeerUnreachable(new(1)));
        group.Step(3, RaftInput.PeerUnreachable(new(1)));
        group.Step(2, RaftInput.Campaign);
        while (group.Raft(2).Role != RaftRole.Leader)
        {
            RaftMessage next = group.Wire[0];
            group.Wire.RemoveAt(0);
            group.Deliver(next);
        }

        group.Read(2, 7);
        group.Tick(2);
        group.Take(m => m.Kind == RaftMessageKind.Heartbeat).ForEach(m => group.Deliver(m));
        group.Take(m => m.Kind == RaftMessageKind.HeartbeatAnswer).ForEach(m => group.Deliver(m));
        Assert.Empty(group[2].ReadsReady);
        group.TickAll(4);
        Assert.Equal([(7UL, new LogIndex(3))], group[2].ReadsReady);
        Assert.NotEmpty(news);
    }

    /// <summary>etcd-io/etcd#20418: answers to heartbeats of before the read prove nothing about it.</summary>
    [Fact]
    public void Section_6_4_late_answers_of_earlier_rounds_do_not_confirm_a_read()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Read(1, 1);
        group.Deliver(group.Take(m => m.Kind == RaftMessageKind.Heartbeat)[0]);
        List<RaftMessage> late = group.Take(m => m.Kind == RaftMessageKind.HeartbeatAnswer);
        Assert.Single(late);
        group.Isolate(1);
        group.Read(1, 2);
        group.Wire.Clear();
        group.TickAll(0);
        group.Heal();
        late.ForEach(m => group.Deliver(m));
        Assert.Equal([1UL], group[1].ReadsReady.Select(r => r.Id));
        late.ForEach(m => group.Deliver(m));
        Assert.Equal([1UL], group[1].ReadsReady.Select(r => r.Id));
    }

    [Fact]
    public void Section_6_4_answers_of_an_earlier_term_do_not_confirm_a_read()
    {
        var group = new Group(3);
        group.Elect(1);
        for (ulong id = 1; id <= 5; id++)
        {
            group.Read(1, id);
        }

        group.Take(m => m.Kind == RaftMessageKind.Heartbeat).ForEach(m => group.Deliver(m));
        List<RaftMessage> late = group.Take(m => m.Kind == RaftMessageKind.HeartbeatAnswer);
        group.Isolate(1);
        group.Tick(1, 20);
        Assert.Equal([1UL, 2, 3, 4, 5], group[1].ReadsDropped);
        group.Heal();
        group.Wire.Clear();
        group.Step(2, RaftInput.PeerUnreachable(new(1)));
        group.Step(3, RaftInput.PeerUnreachable(new(1)));
        group.Elect(1);
        group.Read(1, 6);
        group.Wire.Clear();
        late.ForEach(m => group.Deliver(m));
        Assert.Empty(group[1].ReadsReady);
    }

    /// <summary>etcd-io/etcd#741: "I am leader, so I answer locally".</summary>
    [Fact]
    public void Section_6_4_a_deposed_leader_refuses()
    {
        var group = new Group(3);
        group.Elect(1);
        group.Isolate(1);
        group.Tick(2, 20);
        group.Deliver();
        group.TickAll(15);
        Assert.True(group[1].Raft.Role != RaftRole.Leader || group.Read(1, 7));
        group.Tick(1, 20);
        Assert.Empty(group[1].ReadsReady);
        Assert.False(group.Read(1, 8));
    }

    [Fact]
    public void Reads_are_dropped_when_leadership_is_lost_and_bounded_in_number()
    {
        var group = new Group(3, options: new() { HeartbeatTicks = 1, MaxPendingReads = 2 });
        group.Elect(1);
        Assert.True(group.Read(1, 1));
        Assert.True(group.Read(1, 2));
        Assert.False(group.Read(1, 3));
        group.Step(1, RaftInput.Receive(RaftMessage.Heartbeat(new(2), new(1), new(9), LogIndex.Zero, 0)));
        Assert.Equal([1UL, 2], group[1].ReadsDropped);
        group.Deliver();
        Assert.Empty(group[1].ReadsReady);
    }

    [Fact]
    public void A_confirmation_does_not_wait_for_the_followers_disks()
    {
        var group = new Group(3);
        group.Elect(1);
        group[2].Hangs = true;
        group[3].Hangs = true;
        group.Propose(1, "a");
        group.Read(1, 7);
        group.Deliver();
        Assert.Equal([(7UL, new LogIndex(1))], group[1].ReadsReady);
    }
}
