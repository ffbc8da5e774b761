using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>What a replica is at the moment (Raft figure 3.3, with the pre-vote of 9.6).</summary>
public enum RaftRole
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

/// <summary>What a replica starts from: nothing, or what recovery found on the disk.</summary>
/// <param name="HardState">The durable term and vote.</param>
/// <param name="Base">The position before the first entry; what the state machine holds durably covers at least it.</param>
/// <param name="Configuration">The configuration as of <paramref name="Base"/>.</param>
/// <param name="Entries">
/// The durable entries behind the base, contiguous, and a continuation of it: when the base is the position of the state machine, which can be durable
/// before the log is, the log's suffix counts only if the log's own entry at that index has the base's term. Otherwise none.
/// </param>
/// <param name="Applied">What the state machine has applied durably; the base or later.</param>
public sealed record RaftRestore(
    HardState HardState, LogPosition Base, Configuration Configuration, IReadOnlyList<LogEntry> Entries, LogIndex Applied);

/// <summary>
/// One replica of one Raft group as a pure function of its inputs: no I/O, no clock, no threads, no randomness but the generator that was
/// handed in. Diego Ongaro's dissertation ("Consensus: Bridging Theory and Practice", 2014) is the source; section numbers refer to it.
/// <para>
/// The caller feeds inputs to <see cref="Step"/> (and requests to <see cref="Propose"/>, <see cref="ReadIndex"/>,
/// <see cref="ProposeConfiguration"/>) as they come, then calls <see cref="Finish"/> once per turn. Finish emits what is worth
/// batching: one Append per follower for everything new, one acknowledgement per leader, one round for all reads.
/// </para>
/// The parts: this file (state, dispatch), Election, Leader (replication and commit), Follower, Reads, Membership, Snapshots.
/// </summary>
public sealed partial class RaftNode
{
    private readonly RaftOptions _options;
    private readonly Prng _random;
    private readonly SortedList<int, Progress> _progress = [];
    private Term _term;
    private NodeId _vote;
    private bool _hardStateChanged;
    private LogIndex _durable;
    private int _electionElapsed;
    private int _electionTimeout;
    private int _heartbeatElapsed;
    private int _flushWaitTicks;
    private bool _flushStalled;

    public RaftNode(RaftOptions options, NodeId self, RaftRestore restore, Prng random)
    {
        _options = options;
        _random = random;
        Self = self;
        Log = new(restore.Base);
        _term = restore.HardState.Term;
        _vote = restore.HardState.Vote;
        _configurations.Add((restore.Base.Index, restore.Configuration));
        foreach (LogEntry entry in restore.Entries)
        {
            Log.Append(entry);
            NoteConfiguration(entry);
        }

        if (_term < Log.Last.Term)
        {
            // A snapshot became durable before the term it came in: no vote of that term was released, so none is remembered.
            _term = Log.Last.Term;
            _vote = NodeId.None;
            _hardStateChanged = true;
        }

        _durable = Log.LastIndex;
        Applied = LogIndex.Max(restore.Applied, restore.Base.Index);
        Invariant.Assert(Applied <= Log.LastIndex);
        Commit = Applied;
        DrawElectionTimeout();
    }

    public NodeId Self { get; }

    public RaftRole Role { get; private set; }

    public Term Term => _term;

    /// <summary>Whom this replica follows; itself when it leads; nobody when unknown.</summary>
    public NodeId Leader { get; private set; }

    public RaftLog Log { get; }

    public LogIndex Commit { get; private set; }

    public LogIndex Applied { get; private set; }

    /// <summary>The latest configuration in the log, committed or not: it is in force from the moment it is appended (4.1).</summary>
    public Configuration Configuration => _configurations[^1].Configuration;

    /// <summary>Leader: what it believes of the others, by node.</summary>
    public IEnumerable<Progress> Followers => Role == RaftRole.Leader ? _progress.Values : [];

    /// <summary>
    /// Cleared by the shell while the state machine cannot serve: the replica votes and acknowledges, but neither campaigns nor leads.
    /// </summary>
    public bool CanLead { get; set; } = true;

    /// <summary>Leader: it hands its leadership over and takes no proposals until that is done or given up.</summary>
    public bool IsTransferring => !_transferee.IsNone;

    /// <summary>Nothing at all is under way: a leader whose group may stop ticking.</summary>
    public bool IsQuiescible
    {
        get
        {
            if (Role != RaftRole.Leader || Commit != Log.LastIndex || Applied != Commit || _durable != Log.LastIndex
                || !_transferee.IsNone || Configuration.IsJoint || HasReads || Log.Last.Term != _term)
            {
                return false;
            }

            for (int i = 0; i < _progress.Count; i++)
            {
                Progress progress = _progress.GetValueAtIndex(i);
                if (progress.State != ProgressState.Replicate || progress.Match != Log.LastIndex || progress.SentCommit != Commit)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Follower: agrees that everything up to the leader's commit index is here and there is nothing else.</summary>
    public bool MatchesForQuiesce(NodeId leader, Term term, LogIndex commit) =>
        Role == RaftRole.Follower && Leader == leader && _term == term && Commit == commit && Log.LastIndex == commit;

    /// <summary>Takes one input. What must be done about it is added to the output.</summary>
    public void Step(in RaftInput input, RaftOutput output)
    {
        switch (input.Kind)
        {
            case InputKind.Tick: OnTick(output); break;
            case InputKind.Receive: OnReceive(input.Message, output); break;
            case InputKind.LogDurable: OnLogDurable(input.Position); break;
            case InputKind.Applied: OnApplied(input.Position.Index); break;
            case InputKind.Compacted: OnCompacted(input.Position.Index); break;
            case InputKind.SnapshotInstalled: OnSnapshotInstalled(input.Position, input.Configuration, output); break;
            case InputKind.StateReplaced: OnStateReplaced(input.Position, input.Configuration); break;
            case InputKind.SnapshotFailed: _installing = null; break;
            case InputKind.SnapshotSent: OnSnapshotSent(input.Node, input.Position, input.Ok); break;
            case InputKind.PeerUnreachable: OnPeerUnreachable(input.Node, output); break;
            case InputKind.TransferLeadership: OnTransferLeadership(input.Node, output); break;
            case InputKind.Campaign: Campaign(pre: true, transfer: false, output); break;
            default: throw new InvariantBrokenException($"input {input.Kind}");
        }

        CheckInvariants();
    }

    /// <summary>Ends the turn: emits what was held back for batching.</summary>
    public void Finish(RaftOutput output)
    {
        if (Role == RaftRole.Leader)
        {
            AdvanceCommit(output);
            AdvanceMembership(output);
        }

        if (Role == RaftRole.Leader && MayReplicate)
        {
            StartReadRound(output);
            Replicate(output);
        }

        Acknowledge(output);
        if (_hardStateChanged)
        {
            _hardStateChanged = false;
            output.HardState = new(_term, Planted.Is(PlantedBug.VoteNotDurable) ? NodeId.None : _vote);
        }

        output.CommittedTo = Commit;
        CheckInvariants();
    }

    private void OnTick(RaftOutput output)
    {
        _electionElapsed++;
        WatchFlush(output);
        if (Role == RaftRole.Leader)
        {
            TickLeader(output);
        }
        else if (_electionElapsed >= _electionTimeout)
        {
            _electionElapsed = 0;
            DrawNextTimeout();
            SuspectLeader(output);
            Campaign(pre: true, transfer: false, output);
        }
    }

    private void OnReceive(in RaftMessage message, RaftOutput output)
    {
        if (message.To != Self || message.From == Self || !CheckTerm(message, output))
        {
            return;
        }

        switch (message.Kind)
        {
            case RaftMessageKind.PreVote or RaftMessageKind.Vote: OnVote(message, output); break;
            case RaftMessageKind.PreVoteAnswer or RaftMessageKind.VoteAnswer: OnVoteAnswer(message, output); break;
            case RaftMessageKind.Append: OnAppend(message, output); break;
            case RaftMessageKind.AppendAnswer: OnAppendAnswer(message, output); break;
            case RaftMessageKind.Heartbeat: OnHeartbeat(message, output); break;
            case RaftMessageKind.HeartbeatAnswer: OnHeartbeatAnswer(message, output); break;
            case RaftMessageKind.Snapshot: OnSnapshot(message, output); break;
            case RaftMessageKind.TimeoutNow: OnTimeoutNow(output); break;
            default: break;
        }
    }

    /// <summary>The rules on terms that hold for every message (3.3). False: the message is not looked at further.</summary>
    private bool CheckTerm(in RaftMessage message, RaftOutput output)
    {
        bool asksForVote = message.Kind is RaftMessageKind.PreVote or RaftMessageKind.Vote;
        if (message.Term > _term)
        {
            if (asksForVote && !message.Flag && HearsLeader && !Planted.Is(PlantedBug.NoPreVote))
            {
                // A living leader is reason enough to ignore a node that cannot hear it (4.2.3).
                return false;
            }

            bool preVote = message.Kind == RaftMessageKind.PreVote
                || (message.Kind == RaftMessageKind.PreVoteAnswer && message.Flag);
            if (!preVote)
            {
                bool fromLeader = message.Kind is RaftMessageKind.Append or RaftMessageKind.Heartbeat or RaftMessageKind.Snapshot;
                BecomeFollower(message.Term, fromLeader ? message.From : NodeId.None, output);
            }

            return true;
        }

        if (message.Term == _term)
        {
            return true;
        }

        if (message.Kind is RaftMessageKind.Append or RaftMessageKind.Heartbeat or RaftMessageKind.Snapshot)
        {
            // A leader of an earlier term: the answer's term makes it step down.
            LogIndex refused = LogIndex.Max(message.Position.Index, new(1));
            output.SendWhenDurable.Add(RaftMessage.AppendRefused(Self, message.From, _term, refused, Log.Last));
        }
        else if (message.Kind == RaftMessageKind.PreVote)
        {
            output.SendWhenDurable.Add(RaftMessage.VoteAnswer(Self, message.From, _term, pre: true, granted: false));
        }

        return false;
    }

    private void OnLogDurable(LogPosition upTo)
    {
        _flushWaitTicks = 0;
        _flushStalled = false;

        // The position names the entry, not only the index: a flush of an entry that was replaced since proves nothing.
        if (Log.Matches(upTo))
        {
            _durable = LogIndex.Max(_durable, upTo.Index);
        }
    }

    private void OnApplied(LogIndex index)
    {
        Invariant.Assert(index >= Applied && index <= Commit);
        Applied = index;
    }

    private void OnCompacted(LogIndex index)
    {
        Invariant.Assert(index <= Applied);
        if (index > Log.Base.Index)
        {
            Log.CompactTo(index);
            ForgetConfigurations();

            // What the state machine holds durably is durable, whether or not the log's own flush has come back.
            _durable = LogIndex.Max(_durable, Log.Base.Index);
        }
    }

    private void OnPeerUnreachable(NodeId peer, RaftOutput output)
    {
        if (Role == RaftRole.Leader)
        {
            if (_progress.TryGetValue(peer.Value, out Progress? progress) && progress.State == ProgressState.Replicate)
            {
                progress.BecomeProbe(progress.Match.Next);
            }
        }
        else if (peer == Leader && !peer.IsNone)
        {
            // Suspected at once; the pre-vote still asks the others whether they hear it. A short random wait keeps
            // the survivors from splitting their votes.
            SuspectLeader(output);
            _electionElapsed = 0;
            _electionTimeout = 1 + _random.Below(Math.Max(1, _options.ElectionTimeoutTicks / 4));
        }
    }

    /// <summary>A leader that was not heard for a timeout is no reason any more to refuse others, also where this replica may not campaign itself.</summary>
    private void SuspectLeader(RaftOutput output)
    {
        output.RoleChanged |= !Leader.IsNone;
        Leader = NodeId.None;
    }

    /// <summary>
    /// Leadership depends on the own disk, not on heartbeats: a leader whose flush hangs would otherwise lead for ever and commit
    /// nothing new (hashicorp/raft#503).
    /// </summary>
    private void WatchFlush(RaftOutput output)
    {
        bool waits = _durable < Log.LastIndex;
        _flushWaitTicks = waits ? _flushWaitTicks + 1 : 0;
        _flushStalled &= waits;
        if (_flushWaitTicks < _options.FlushStallTicks || Planted.Is(PlantedBug.NoFlushWatchdog))
        {
            return;
        }

        _flushStalled = true;
        if (Role == RaftRole.Leader)
        {
            SendSuccessor(output);
            BecomeFollower(_term, NodeId.None, output);
        }
    }

    private void CheckInvariants()
    {
        Invariant.Assert(Applied <= Commit);
        Invariant.Assert(Commit <= Log.LastIndex);
        Invariant.Assert(_durable <= Log.LastIndex);
        Invariant.Assert(Log.Base.Index <= Applied);
        Invariant.Assert(Role != RaftRole.Leader || Leader == Self);
        Invariant.Assert(Log.Last.Term <= _term);
    }
}
