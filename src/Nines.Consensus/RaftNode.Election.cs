using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>Elections: pre-vote (9.6), votes (3.4), leader stickiness (4.2.3), transfer of leadership (3.10).</summary>
public sealed partial class RaftNode
{
    private readonly SortedList<int, bool> _votes = [];
    private NodeId _transferee;
    private int _transferElapsed;
    private LogIndex _firstOfTerm;
    private bool _wonAlone;

    /// <summary>A leader was heard from so recently that nobody may be elected in its place.</summary>
    private bool HearsLeader => !Leader.IsNone && (Role == RaftRole.Leader || _electionElapsed < _options.ElectionTimeoutTicks);

    private bool MayCampaign =>
        Role != RaftRole.Leader && _installing is null && !_flushStalled && CanLead && MayBeNeeded;

    /// <summary>
    /// A voter of the configuration in force, or of one before it that is not known to be replaced by a committed one: a leader that removes itself
    /// may be the only one with the entry that does it, and nobody else can be elected until it has handed that on (4.2.2).
    /// </summary>
    private bool MayBeNeeded
    {
        get
        {
            for (int i = _configurations.Count - 1; i >= 0; i--)
            {
                if (_configurations[i].Configuration.IsVoter(Self))
                {
                    return true;
                }

                if (_configurations[i].Index <= Commit)
                {
                    return false;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Others' votes left their disks only after the own vote had left this one. Whoever wins by the own vote alone has no such proof: until its
    /// first entry is durable, and the term with it, a crash would let it lead the same term twice with two different logs.
    /// </summary>
    private bool MayReplicate => !_wonAlone || _durable >= _firstOfTerm;

    private void Campaign(bool pre, bool transfer, RaftOutput output)
    {
        if (!MayCampaign)
        {
            return;
        }

        _votes.Clear();
        _votes[Self.Value] = true;
        Leader = NodeId.None;
        output.RoleChanged = true;
        if (pre && !Planted.Is(PlantedBug.NoPreVote))
        {
            Role = RaftRole.PreCandidate;
        }
        else
        {
            Role = RaftRole.Candidate;
            pre = false;
            _term = _term.Next;
            _vote = Self;
            _hardStateChanged = true;
        }

        _wonAlone = CountVotes() == VoteResult.Won;
        if (_wonAlone)
        {
            OnWon(output);
            return;
        }

        // A real candidacy is a vote for oneself, which must be on disk before anybody hears of it.
        List<RaftMessage> outbox = pre ? output.SendNow : output.SendWhenDurable;
        Term term = pre ? _term.Next : _term;
        foreach (NodeId node in Configuration.Members)
        {
            if (node != Self && Configuration.IsVoter(node))
            {
                outbox.Add(RaftMessage.Vote(Self, node, term, Log.Last, pre, transfer));
            }
        }
    }

    private void OnVote(in RaftMessage message, RaftOutput output)
    {
        bool pre = message.Kind == RaftMessageKind.PreVote;
        bool free = pre
            ? message.Term > _term
            : _vote == message.From || (_vote.IsNone && Leader.IsNone);
        bool granted = free && Log.IsNoNewerThan(message.Position);
        if (granted && !pre)
        {
            _electionElapsed = 0;
            _hardStateChanged |= _vote != message.From;
            _vote = message.From;
        }

        // A refusal carries the own term, so that a candidate behind it learns of it.
        Term term = granted ? message.Term : _term;
        List<RaftMessage> outbox = Planted.Is(PlantedBug.AcknowledgeBeforeFlush) ? output.SendNow : output.SendWhenDurable;
        outbox.Add(RaftMessage.VoteAnswer(Self, message.From, term, pre, granted));
    }

    private void OnVoteAnswer(in RaftMessage message, RaftOutput output)
    {
        bool pre = message.Kind == RaftMessageKind.PreVoteAnswer;
        if (Role != (pre ? RaftRole.PreCandidate : RaftRole.Candidate)
            || (pre && message.Flag && message.Term != _term.Next) || _votes.ContainsKey(message.From.Value))
        {
            return;
        }

        _votes[message.From.Value] = message.Flag;
        switch (CountVotes())
        {
            case VoteResult.Won: OnWon(output); break;
            case VoteResult.Lost: BecomeFollower(_term, NodeId.None, output); break;
            case VoteResult.Pending: break;
        }
    }

    private VoteResult CountVotes()
    {
        var votes = new Votes(_votes);
        return Quorum.Count(Configuration, in votes);
    }

    private void OnWon(RaftOutput output)
    {
        if (Role == RaftRole.PreCandidate)
        {
            Campaign(pre: false, transfer: false, output);
        }
        else
        {
            BecomeLeader(output);
        }
    }

    private void OnTimeoutNow(RaftOutput output) => Campaign(pre: false, transfer: true, output);

    private void BecomeFollower(Term term, NodeId leader, RaftOutput output)
    {
        Invariant.Assert(term >= _term);
        if (term > _term)
        {
            _term = term;
            _vote = NodeId.None;
            _hardStateChanged = true;
            output.RoleChanged = true;
        }

        output.RoleChanged |= Role != RaftRole.Follower || Leader != leader;

        if (Role == RaftRole.Leader)
        {
            DropReads(output);
            _progress.Clear();
            _transferee = NodeId.None;
        }

        // What was accepted from an earlier leader is not acknowledged to another.
        _acknowledgeTo = NodeId.None;
        _acknowledged = LogIndex.Zero;
        Role = RaftRole.Follower;
        Leader = leader;
        _electionElapsed = 0;
        DrawElectionTimeout();
    }

    private void BecomeLeader(RaftOutput output)
    {
        Invariant.Assert(Role == RaftRole.Candidate);
        Role = RaftRole.Leader;
        Leader = Self;
        output.RoleChanged = true;
        _electionElapsed = 0;
        _heartbeatElapsed = 0;
        _transferee = NodeId.None;
        _uncommittedBytes = UncommittedBytes();
        _progress.Clear();
        RebuildProgress();

        // Entries of earlier terms are committed only through one of the own term (3.6.2), so there must be one.
        _firstOfTerm = Log.LastIndex.Next;
        AppendOwn(EntryKind.Noop, default, output);
    }

    private void OnTransferLeadership(NodeId to, RaftOutput output)
    {
        if (Role != RaftRole.Leader || to == Self || !Configuration.IsVoter(to)
            || !_progress.TryGetValue(to.Value, out Progress? progress))
        {
            return;
        }

        if (_transferee != to)
        {
            // Asking again for the same does not prolong it: proposals wait no longer than one election timeout.
            _transferee = to;
            _transferElapsed = 0;
        }

        TryTransfer(progress, output);
    }

    private void TryTransfer(Progress progress, RaftOutput output)
    {
        if (progress.Node == _transferee && progress.Match == Log.LastIndex)
        {
            output.SendNow.Add(RaftMessage.TimeoutNow(Self, _transferee, _term));
        }
    }

    /// <summary>
    /// A leader that has to go, and is not dead, spares the group the wait for a timeout: the follower that has most of the log is asked to
    /// campaign at once (3.10). Nothing depends on it.
    /// </summary>
    private void SendSuccessor(RaftOutput output)
    {
        Progress? best = null;
        for (int i = 0; i < _progress.Count; i++)
        {
            Progress progress = _progress.GetValueAtIndex(i);
            bool fits = Configuration.IsVoter(progress.Node) && progress.Match >= Commit;
            if (fits && (best is null || (progress.Match, progress.RecentlyActive).CompareTo((best.Match, best.RecentlyActive)) > 0))
            {
                best = progress;
            }
        }

        if (best is not null)
        {
            output.SendNow.Add(RaftMessage.TimeoutNow(Self, best.Node, _term));
        }
    }

    private void DrawElectionTimeout() =>
        _electionTimeout = _options.ElectionTimeoutTicks + _random.Below(_options.ElectionTimeoutTicks);

    /// <summary>
    /// After the first attempt, which often fails because two began at once, the second comes sooner: the silence of the leader has been
    /// waited for already. Whoever fails again may be on slow links or disks, where votes need all the time they can get.
    /// </summary>
    private void DrawNextTimeout()
    {
        if (Role != RaftRole.Follower)
        {
            DrawElectionTimeout();
            return;
        }

        int least = Math.Max(1, _options.ElectionTimeoutTicks / 2);
        _electionTimeout = least + _random.Below(Math.Max(1, _options.ElectionTimeoutTicks - least));
    }

    private readonly struct Votes(SortedList<int, bool> said) : IVotes
    {
        public bool? Of(NodeId voter) => said.TryGetValue(voter.Value, out bool vote) ? vote : null;
    }
}
