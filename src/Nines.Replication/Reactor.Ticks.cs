using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;

namespace Nines.Replication;

/// <summary>
/// What happens as time passes: elections and heartbeats of busy groups, silence of quiet ones, signs of life between nodes, leadership
/// going back to the preferred replica.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>Between two attempts at the first election of a group; a try takes a few milliseconds.</summary>
    private const int FirstElectionTicks = 4;

    private void TickReplica(Replica replica)
    {
        if (replica.Halted is not null)
        {
            return;
        }

        replica.ExpireReads(_now);
        ScrubWhenDue(replica);
        if (replica.IsQuiesced && MustWake(replica))
        {
            // The silence was waited for while the group was quiet: a follower need not wait for it again.
            replica.Wake();
            replica.Step(RaftInput.PeerUnreachable(replica.Raft.Leader));
        }

        PreferLeader(replica);
        LeadFromTheStart(replica);

        // Before the tick: a heartbeat sent after the word that all is quiet would wake the followers again.
        QuiesceWhenQuiet(replica);
        if (replica.IsQuiesced)
        {
            return;
        }

        replica.Step(RaftInput.Tick);
        MarkDirty(replica);
    }

    /// <summary>
    /// In a group that never had a leader silence means nothing yet: the preferred replica asks for its first election instead of waiting
    /// for it. Asked again until it is heard, for the other founders open the group a moment earlier or later; a pre-vote disturbs nobody.
    /// </summary>
    private void LeadFromTheStart(Replica replica)
    {
        if (replica.Raft.Term == Term.Zero && _now % FirstElectionTicks == 0
            && _map.ReplicasOf(replica.Group) is [var preferred, ..] && preferred == Self)
        {
            replica.Step(RaftInput.Campaign);
            MarkDirty(replica);
        }
    }

    /// <summary>
    /// A quiet follower relies on signs of life from its leader's node, a quiet leader on those of a majority. Correctness never
    /// depends on it: reads and writes wake the group and meet the ordinary rules.
    /// </summary>
    private bool MustWake(Replica replica)
    {
        if (!replica.IsLeader)
        {
            return replica.Raft.Leader.IsNone || IsSilent(replica.Raft.Leader);
        }

        int silent = 0;
        foreach (NodeId node in replica.Raft.Configuration.Voters)
        {
            silent += node != Self && IsSilent(node) ? 1 : 0;
        }

        return silent > 0 && silent >= (replica.Raft.Configuration.Voters.Count + 1) / 2;
    }

    private bool IsSilent(NodeId node) => _now - Peer(node).LastHeard > _options.ElectionTimeoutTicks;

    private void QuiesceWhenQuiet(Replica replica)
    {
        if (replica.IsQuiesced || !replica.IsLeader || !replica.Raft.IsQuiescible || replica.HasReads)
        {
            replica.QuietTicks = 0;
            return;
        }

        if (++replica.QuietTicks < _options.QuiesceAfterTicks)
        {
            return;
        }

        foreach (NodeId node in replica.Raft.Configuration.Members)
        {
            if (node != Self)
            {
                ByteBuffer buffer = _outbox.Open(node, MessageKind.Quiesce);
                buffer.Count(replica.Group.Value);
                buffer.Count(replica.Raft.Term.Value);
                buffer.Count(replica.Raft.Commit.Value);
                _outbox.Close();
            }
        }

        replica.Quiesce();
    }

    private void OnQuiesce(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        Term term = reader.Term();
        LogIndex commit = reader.Index();
        if (IsMalformed(from, reader) || Find(group) is not { Halted: null } replica)
        {
            return;
        }

        if (replica.Raft.MatchesForQuiesce(from, term, commit))
        {
            replica.Quiesce();
            return;
        }

        _outbox.Open(from, MessageKind.Wake).Count(group.Value);
        _outbox.Close();
    }

    private void OnWake(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        if (!IsMalformed(from, reader))
        {
            Find(group)?.Wake();
        }
    }

    /// <summary>A node that sent a peer nothing for a while says that it lives, so that quiet groups may stay quiet.</summary>
    private void SayAlive()
    {
        if (_now % _options.HeartbeatTicks != 0)
        {
            return;
        }

        foreach (Placement.Member member in _map.Members)
        {
            if (member.Node != Self && !_outbox.Spoken.Contains(member.Node.Value))
            {
                _outbox.Open(member.Node, MessageKind.Alive);
                _outbox.Close();
            }
        }

        _outbox.Spoken.Clear();
    }

    /// <summary>
    /// Spreads leaders over the nodes: a leader that is not the preferred replica hands over once that one is alive and has all that is
    /// committed but little: writes wait until it has the rest. One group after the other, so that a node never takes many at once.
    /// </summary>
    private void PreferLeader(Replica replica)
    {
        replica.LeaderTicks = replica.IsLeader ? replica.LeaderTicks + 1 : 0;
        if (_options.RebalanceTicks == 0 || replica.LeaderTicks < _options.RebalanceTicks)
        {
            return;
        }

        IReadOnlyList<NodeId> replicas = _map.ReplicasOf(replica.Group);
        if (replicas.Count == 0 || replicas[0] == Self || IsSilent(replicas[0]) || _replicas.Values.Any(r => r.Raft.IsTransferring))
        {
            return;
        }

        foreach (Progress progress in replica.Raft.Followers)
        {
            if (progress.Node == replicas[0] && progress.State == ProgressState.Replicate
                && replica.Raft.Commit - progress.Match <= CaughtUpEntries)
            {
                replica.LeaderTicks = 0;
                replica.Wake();
                replica.Step(RaftInput.TransferLeadership(replicas[0]));
                MarkDirty(replica);
            }
        }
    }

    private void OnRoleChanged(Replica replica)
    {
        if (!replica.IsLeader)
        {
            replica.AbandonProposals();

            // Who has forgotten tells the next leader; by the time this one leads again it may long be whole.
            replica.Amnesiacs.Clear();
        }

        NodeId leader = replica.Raft.Leader;
        if (leader.IsNone)
        {
            return;
        }

        RecallFromOthers(replica.Group, leader);
        _leaderHints[replica.Group.Value] = leader;
        ReleaseHeld(replica.Group);
    }
}
