using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>
/// What the caller must do, gathered over the steps of a turn. Owned by the caller and used again; <see cref="Clear"/> when acted on.
/// <para>
/// Order of duties: <see cref="SendNow"/> may leave at once. <see cref="HardState"/> and <see cref="Append"/> go to the disk together;
/// <see cref="SendWhenDurable"/> leaves only when they, and everything handed over before them, are durable
/// (Ongaro, 3.8 and 10.2.1: a leader may replicate while it writes, a promise must be written first).
/// </para>
/// </summary>
public sealed class RaftOutput
{
    /// <summary>Term and vote to remember; null when unchanged.</summary>
    public HardState? HardState { get; internal set; }

    /// <summary>Entries to write. The first may have an index that is in the log already: what was there and behind is void.</summary>
    public List<LogEntry> Append { get; } = new(64);

    public List<RaftMessage> SendNow { get; } = new(32);

    public List<RaftMessage> SendWhenDurable { get; } = new(32);

    /// <summary>Entries up to here are committed and may be applied.</summary>
    public LogIndex CommittedTo { get; internal set; }

    /// <summary>Reads that may be answered once the state has reached the index.</summary>
    public List<(ulong Id, LogIndex Index)> ReadsReady { get; } = new(16);

    /// <summary>Reads that this replica may not answer any more.</summary>
    public List<ulong> ReadsDropped { get; } = new(16);

    /// <summary>Followers that need a snapshot. Report its end by <see cref="RaftInput.SnapshotSent"/>.</summary>
    public List<NodeId> SnapshotsWanted { get; } = new(4);

    /// <summary>Install the received snapshot of this position, then step <see cref="RaftInput.SnapshotInstalled"/>.</summary>
    public (LogPosition Position, Configuration Configuration)? InstallSnapshot { get; internal set; }

    /// <summary>
    /// The log does not have what this replica has acknowledged. It must take no further part: what else it has promised is not known.
    /// </summary>
    public bool PromisesLost { get; internal set; }

    /// <summary>Role, term or leader changed.</summary>
    public bool RoleChanged { get; internal set; }

    public void Clear()
    {
        HardState = null;
        Append.Clear();
        SendNow.Clear();
        SendWhenDurable.Clear();
        ReadsReady.Clear();
        ReadsDropped.Clear();
        SnapshotsWanted.Clear();
        InstallSnapshot = null;
        PromisesLost = false;
        RoleChanged = false;
    }
}

/// <summary>What became of a proposal at once.</summary>
public enum ProposeStatus
{
    /// <summary>In the leader's log. Committed when that very position is.</summary>
    Accepted,

    NotLeader,

    /// <summary>Leadership is being handed over; ask again shortly.</summary>
    Transferring,

    /// <summary>Too much is uncommitted.</summary>
    Overloaded,

    /// <summary>Configuration: the leader has not committed in its own term yet (raft-dev, 2015: otherwise majorities may be disjoint).</summary>
    TooEarly,

    /// <summary>Configuration: another change is under way.</summary>
    ChangeInFlight,

    /// <summary>Configuration: the change makes no sense.</summary>
    Invalid,
}

/// <summary>The immediate result of a proposal. Nothing is promised before commit.</summary>
public readonly record struct ProposeResult(ProposeStatus Status, LogPosition Position, NodeId Leader)
{
    public static ProposeResult Accepted(LogPosition position) => new(ProposeStatus.Accepted, position, NodeId.None);

    public static ProposeResult NotLeader(NodeId leader) => new(ProposeStatus.NotLeader, LogPosition.Zero, leader);

    public static ProposeResult Refused(ProposeStatus status) => new(status, LogPosition.Zero, NodeId.None);
}
