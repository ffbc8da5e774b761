using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>How a leader talks to a follower.</summary>
public enum ProgressState
{
    /// <summary>One message at a time, to find where the logs agree.</summary>
    Probe,

    /// <summary>Entries stream ahead of their acknowledgements, within the window.</summary>
    Replicate,

    /// <summary>The follower needs what the log no longer has; a snapshot is on its way.</summary>
    Snapshot,
}

/// <summary>
/// What a leader believes of one follower. Invariant: 0 &lt;= Match &lt; Next. Match is proven (acknowledged in this term);
/// Next is optimistic while replicating.
/// </summary>
public sealed class Progress(NodeId node, int window)
{
    private readonly (LogIndex Last, int Bytes)[] _inflight = new (LogIndex, int)[window];
    private int _inflightHead;
    private int _inflightCount;
    private long _inflightBytes;
    private LogIndex _matchAtHeartbeat;
    private bool _isStuck;

    public NodeId Node { get; } = node;

    /// <summary>The last index known to be durable there and equal to the leader's.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>The next index to send.</summary>
    public LogIndex Next { get; private set; } = new(1);

    public ProgressState State { get; private set; }

    /// <summary>Probe: a message is out, wait for its answer or for the next heartbeat's.</summary>
    public bool IsPaused { get; set; }

    /// <summary>An empty Append is wanted, to find out whether something was lost.</summary>
    public bool WantsCheck { get; set; }

    /// <summary>Heard from since the last quorum check.</summary>
    public bool RecentlyActive { get; set; }

    /// <summary>The commit index the follower was told last.</summary>
    public LogIndex SentCommit { get; set; }

    /// <summary>The last read round it confirmed, in this term.</summary>
    public ulong ConfirmedRound { get; set; }

    public void BecomeProbe(LogIndex next)
    {
        State = ProgressState.Probe;
        Next = LogIndex.Max(next, Match.Next);
        IsPaused = false;
        WantsCheck = false;
        _inflightCount = 0;
        _inflightBytes = 0;
    }

    public void BecomeReplicate()
    {
        BecomeProbe(Match.Next);
        State = ProgressState.Replicate;
    }

    public void BecomeSnapshot()
    {
        BecomeProbe(Next);
        State = ProgressState.Snapshot;
    }

    /// <summary>A periodic heartbeat goes out: what was not acknowledged since the one before may be lost.</summary>
    public void OnHeartbeatSent()
    {
        _isStuck = Match == _matchAtHeartbeat;
        _matchAtHeartbeat = Match;
    }

    /// <summary>
    /// The follower lives. If nothing has moved for a whole heartbeat interval, what is under way counts as lost: a probe goes out again,
    /// and behind a stream an empty Append asks where it ends. Once per interval, however many read rounds are answered in it.
    /// </summary>
    public void OnHeartbeatAnswered(LogIndex lastIndex, RaftOptions options)
    {
        if (!_isStuck)
        {
            return;
        }

        _isStuck = false;
        IsPaused = false;
        WantsCheck = State == ProgressState.Replicate && Match < lastIndex && (Next > lastIndex || WindowIsFull(options));
    }

    public bool WindowIsFull(RaftOptions options) =>
        _inflightCount == _inflight.Length || _inflightBytes >= options.MaxInflightBytes;

    public void Sent(LogIndex last, int bytes)
    {
        if (State == ProgressState.Probe)
        {
            // Next stays where the probe is: its refusal is recognised by it, and moves it down.
            IsPaused = true;
            return;
        }

        Next = last.Next;
        Invariant.Assert(_inflightCount < _inflight.Length);
        _inflight[(_inflightHead + _inflightCount) % _inflight.Length] = (last, bytes);
        _inflightCount++;
        _inflightBytes += bytes;
    }

    /// <summary>The follower holds everything up to the index. False: that was known already.</summary>
    public bool Acknowledge(LogIndex index)
    {
        while (_inflightCount > 0 && _inflight[_inflightHead].Last <= index)
        {
            _inflightBytes -= _inflight[_inflightHead].Bytes;
            _inflightHead = (_inflightHead + 1) % _inflight.Length;
            _inflightCount--;
        }

        Next = LogIndex.Max(Next, index.Next);
        if (index <= Match)
        {
            return false;
        }

        Match = index;
        return true;
    }
}
