using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>The leader's side of replication: proposals, sending within the window, acknowledgements, commit (3.5, 3.6).</summary>
public sealed partial class RaftNode
{
    private long _uncommittedBytes;

    /// <summary>Appends a command to the leader's log. The payload must never change afterwards.</summary>
    public ProposeResult Propose(ReadOnlyMemory<byte> payload, RaftOutput output)
    {
        if (Role != RaftRole.Leader)
        {
            return ProposeResult.NotLeader(Leader);
        }

        if (!_transferee.IsNone)
        {
            return ProposeResult.Refused(ProposeStatus.Transferring);
        }

        if (_uncommittedBytes > 0 && _uncommittedBytes + payload.Length > _options.MaxUncommittedBytes)
        {
            return ProposeResult.Refused(ProposeStatus.Overloaded);
        }

        return ProposeResult.Accepted(AppendOwn(EntryKind.Command, payload, output));
    }

    private LogPosition AppendOwn(EntryKind kind, ReadOnlyMemory<byte> payload, RaftOutput output)
    {
        var entry = new LogEntry(_term, Log.LastIndex.Next, kind, payload);
        Log.Append(entry);
        output.Append.Add(entry);
        _uncommittedBytes += payload.Length;
        return entry.Position;
    }

    private void TickLeader(RaftOutput output)
    {
        if (!CanLead)
        {
            SendSuccessor(output);
            BecomeFollower(_term, NodeId.None, output);
            return;
        }

        if (!_transferee.IsNone && ++_transferElapsed >= _options.ElectionTimeoutTicks)
        {
            _transferee = NodeId.None;
        }

        if (_electionElapsed >= _options.ElectionTimeoutTicks)
        {
            _electionElapsed = 0;
            if (!HearsQuorum())
            {
                BecomeFollower(_term, NodeId.None, output);
                return;
            }
        }

        if (++_heartbeatElapsed >= _options.HeartbeatTicks)
        {
            _heartbeatElapsed = 0;
            for (int i = 0; i < _progress.Count; i++)
            {
                _progress.GetValueAtIndex(i).OnHeartbeatSent();
            }

            SendHeartbeats(output);
        }
    }

    /// <summary>Check-quorum (6.2): a leader that a majority does not answer steps down, so that its clients look elsewhere.</summary>
    private bool HearsQuorum()
    {
        var active = new ActiveFollowers(this);
        bool heard = Quorum.Count(Configuration, in active) == VoteResult.Won;
        for (int i = 0; i < _progress.Count; i++)
        {
            _progress.GetValueAtIndex(i).RecentlyActive = false;
        }

        return heard;
    }

    private void SendHeartbeats(RaftOutput output)
    {
        if (!MayReplicate)
        {
            return;
        }

        for (int i = 0; i < _progress.Count; i++)
        {
            Progress progress = _progress.GetValueAtIndex(i);
            LogIndex commit = LogIndex.Min(progress.Match, Commit);
            output.SendNow.Add(RaftMessage.Heartbeat(Self, progress.Node, _term, commit, _readRound));
        }
    }

    /// <summary>Sends every follower what it may be sent: new entries, or the commit index when that is all there is to tell.</summary>
    private void Replicate(RaftOutput output)
    {
        for (int i = 0; i < _progress.Count; i++)
        {
            Replicate(_progress.GetValueAtIndex(i), output);
        }
    }

    private void Replicate(Progress progress, RaftOutput output)
    {
        if (progress.State == ProgressState.Snapshot || (progress.State == ProgressState.Probe && progress.IsPaused))
        {
            return;
        }

        if (progress.Next <= Log.Base.Index)
        {
            progress.BecomeSnapshot();
            output.SnapshotsWanted.Add(progress.Node);
            return;
        }

        if (progress.State == ProgressState.Probe)
        {
            SendAppend(progress, output);
            return;
        }

        while (progress.Next <= Log.LastIndex && !progress.WindowIsFull(_options))
        {
            SendAppend(progress, output);
        }

        if (progress.WantsCheck || (progress.SentCommit < Commit && progress.Match >= Commit))
        {
            SendEmpty(progress, output);
        }
    }

    private void SendAppend(Progress progress, RaftOutput output)
    {
        LogIndex previous = progress.Next.Previous;
        int count = 0;
        int bytes = 0;
        while (count < _options.MaxAppendEntries && Log.TryGet(progress.Next + count, out LogEntry entry))
        {
            if (count > 0 && bytes + entry.Payload.Length > _options.MaxAppendBytes)
            {
                break;
            }

            bytes += entry.Payload.Length;
            count++;
        }

        Term term = Log.TermAt(previous) ?? throw new InvariantBrokenException($"no term at {previous}");
        output.SendNow.Add(RaftMessage.Append(Self, progress.Node, _term, new(term, previous), count, Commit));
        progress.Sent(previous + count, bytes);
        progress.SentCommit = LogIndex.Min(Commit, previous + count);
        progress.WantsCheck = false;
    }

    private void SendEmpty(Progress progress, RaftOutput output)
    {
        LogIndex previous = progress.Next.Previous;
        Term term = Log.TermAt(previous) ?? throw new InvariantBrokenException($"no term at {previous}");
        output.SendNow.Add(RaftMessage.Append(Self, progress.Node, _term, new(term, previous), 0, Commit));
        progress.SentCommit = LogIndex.Min(Commit, previous);
        progress.WantsCheck = false;
    }

    private void OnAppendAnswer(in RaftMessage message, RaftOutput output)
    {
        if (Role != RaftRole.Leader || !_progress.TryGetValue(message.From.Value, out Progress? progress))
        {
            return;
        }

        progress.RecentlyActive = true;
        if (!message.Flag)
        {
            OnRefused(progress, message);
            return;
        }

        LogIndex match = message.Position.Index;
        if (match > Log.LastIndex)
        {
            return;
        }

        bool news = progress.Acknowledge(match);
        if (progress.State == ProgressState.Probe || (progress.State == ProgressState.Snapshot && match >= Log.Base.Index))
        {
            progress.BecomeReplicate();
        }

        if (news)
        {
            TryTransfer(progress, output);
        }
    }

    private void OnRefused(Progress progress, in RaftMessage message)
    {
        bool late = progress.State == ProgressState.Replicate
            ? message.Refused <= progress.Match
            : progress.State != ProgressState.Probe || message.Refused != progress.Next.Previous;
        if (late)
        {
            return;
        }

        // The follower named the last place where it may agree; of that term the leader's own log says where at the latest.
        // It always lies before what was refused; where the leader's log begins later than that, a snapshot is next.
        LogIndex hint = LogIndex.Min(message.Position.Index, message.Refused.Previous);
        LogPosition agree = Log.LastAtOrBelow(message.Position.Term, hint);
        progress.BecomeProbe(LogIndex.Min(agree.Index, hint).Next);
    }

    private void OnHeartbeatAnswer(in RaftMessage message, RaftOutput output)
    {
        if (Role != RaftRole.Leader || !_progress.TryGetValue(message.From.Value, out Progress? progress))
        {
            return;
        }

        progress.RecentlyActive = true;
        progress.OnHeartbeatAnswered(Log.LastIndex, _options);
        bool isNews = message.Round > progress.ConfirmedRound && message.Round <= _readRound;
        if (isNews || Planted.Is(PlantedBug.ReadIdReused))
        {
            progress.ConfirmedRound = Planted.Is(PlantedBug.ReadIdReused) ? _readRound : message.Round;
            ConfirmReads(output);
        }
    }

    private void AdvanceCommit(RaftOutput output)
    {
        var match = new MatchIndexes(this);
        LogIndex reached = Quorum.Reached(Configuration, in match);
        bool ownTerm = Log.TermAt(reached) == _term || Planted.Is(PlantedBug.CommitEarlierTerm);
        if (reached <= Commit || !ownTerm)
        {
            return;
        }

        for (LogIndex index = Commit.Next; index <= reached; index = index.Next)
        {
            Invariant.Assert(Log.TryGet(index, out LogEntry entry));
            _uncommittedBytes = Math.Max(0, _uncommittedBytes - entry.Payload.Length);
        }

        Commit = reached;
        ConfirmReads(output);
    }

    private long UncommittedBytes()
    {
        long bytes = 0;
        for (LogIndex index = Commit.Next; Log.TryGet(index, out LogEntry entry); index = index.Next)
        {
            bytes += entry.Payload.Length;
        }

        return bytes;
    }

    private readonly struct ActiveFollowers(RaftNode node) : IVotes
    {
        public bool? Of(NodeId voter) =>
            voter == node.Self || (node._progress.TryGetValue(voter.Value, out Progress? progress) && progress.RecentlyActive);
    }

    /// <summary>The own log counts as far as it is durable, like everybody else's.</summary>
    private readonly struct MatchIndexes(RaftNode node) : IMatchIndex
    {
        public LogIndex Of(NodeId voter)
        {
            if (voter == node.Self)
            {
                bool alone = node.Configuration.Voters.Count == 1 && Planted.Is(PlantedBug.SingleVoterCommitsBeforeFlush);
                return alone || Planted.Is(PlantedBug.AcknowledgeBeforeFlush) ? node.Log.LastIndex : node._durable;
            }

            return node._progress.TryGetValue(voter.Value, out Progress? progress) ? progress.Match : LogIndex.Zero;
        }
    }
}
