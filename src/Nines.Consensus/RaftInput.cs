using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>Everything that can happen to a replica beside requests.</summary>
public enum InputKind
{
    Tick,
    Receive,
    LogDurable,
    Applied,
    Compacted,
    SnapshotInstalled,
    StateReplaced,
    SnapshotFailed,
    SnapshotSent,
    PeerUnreachable,
    TransferLeadership,
    Campaign,
}

/// <summary>One thing that happened. A list of these (and the requests between them) replays any bug.</summary>
public readonly struct RaftInput
{
    public InputKind Kind { get; private init; }

    public RaftMessage Message { get; private init; }

    public LogPosition Position { get; private init; }

    public NodeId Node { get; private init; }

    public Configuration? Configuration { get; private init; }

    public bool Ok { get; private init; }

    public static RaftInput Tick => new() { Kind = InputKind.Tick };

    public static RaftInput Campaign => new() { Kind = InputKind.Campaign };

    public static RaftInput Receive(in RaftMessage message) => new() { Kind = InputKind.Receive, Message = message };

    /// <summary>All appends and hard states handed over up to this position are on disk. Zero: only hard states were.</summary>
    public static RaftInput LogDurable(LogPosition upTo) => new() { Kind = InputKind.LogDurable, Position = upTo };

    public static RaftInput Applied(LogIndex index) => new() { Kind = InputKind.Applied, Position = new(Term.Zero, index) };

    /// <summary>Entries up to the index may be forgotten: the state machine has them durably.</summary>
    public static RaftInput Compacted(LogIndex index) => new() { Kind = InputKind.Compacted, Position = new(Term.Zero, index) };

    /// <summary>The snapshot that <see cref="RaftOutput.InstallSnapshot"/> asked for is the durable state now.</summary>
    public static RaftInput SnapshotInstalled(LogPosition position, Configuration configuration) =>
        new() { Kind = InputKind.SnapshotInstalled, Position = position, Configuration = configuration };

    /// <summary>
    /// The state machine was replaced by a peer's, at a position that is committed and in this log: only the state was damaged, the log
    /// and the vote were not.
    /// </summary>
    public static RaftInput StateReplaced(LogPosition position, Configuration configuration) =>
        new() { Kind = InputKind.StateReplaced, Position = position, Configuration = configuration };

    public static RaftInput SnapshotFailed => new() { Kind = InputKind.SnapshotFailed };

    /// <summary>Leader: the transfer to a peer ended.</summary>
    public static RaftInput SnapshotSent(NodeId peer, LogPosition position, bool ok) =>
        new() { Kind = InputKind.SnapshotSent, Node = peer, Position = position, Ok = ok };

    /// <summary>The connection to a peer broke. If it was the leader, it is suspected at once instead of after a timeout.</summary>
    public static RaftInput PeerUnreachable(NodeId peer) => new() { Kind = InputKind.PeerUnreachable, Node = peer };

    public static RaftInput TransferLeadership(NodeId to) => new() { Kind = InputKind.TransferLeadership, Node = to };
}
