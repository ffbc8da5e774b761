using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>How an operation ended, as far as its client knows.</summary>
public enum OperationEnd : byte
{
    Pending = 0,

    /// <summary>Acknowledged; for a compare-and-set: and its condition held.</summary>
    Done = 1,

    /// <summary>Acknowledged: the condition did not hold, nothing was written.</summary>
    ConditionFailed = 2,

    /// <summary>Every attempt was answered "not done": it must never take effect.</summary>
    NotDone = 3,

    /// <summary>Unknown: it may take effect at any later time, once, or never.</summary>
    Info = 4,
}

/// <summary>
/// One operation of a history, over all its attempts: they carry one request id and count as one. It begins with the first
/// send and ends with the answer.
/// </summary>
public sealed class Operation
{
    public required int Client { get; init; }

    public required GroupId Group { get; init; }

    public required int Key { get; init; }

    public required OperationKind Kind { get; init; }

    public Consistency Consistency { get; init; } = Consistency.Strong;

    /// <summary>Unique per run; also names reads, which write nothing.</summary>
    public required ulong Value { get; init; }

    public long ExpectedVersion { get; init; }

    /// <summary>The session's position when a sequential read was sent.</summary>
    public long NotBefore { get; init; }

    public required long InvokeUs { get; init; }

    public long ReturnUs { get; set; } = long.MaxValue;

    public OperationEnd End { get; set; }

    public int Attempts { get; set; }

    /// <summary>The node that answered.</summary>
    public NodeId Node { get; set; }

    /// <summary>Writes: the log position of the command. Reads: the applied index of the state that was read.</summary>
    public long Position { get; set; }

    public long Term { get; set; }

    /// <summary>Reads: what was there. Writes: what was there before.</summary>
    public bool Found { get; set; }

    public ulong SeenValue { get; set; }

    public long SeenVersion { get; set; }

    /// <summary>Reads: how old the state was at most, as the answer says; -1 when it does not.</summary>
    public long StalenessMs { get; set; } = -1;

    /// <summary>Read in the final quiet phase: must see everything.</summary>
    public bool IsFinal { get; init; }

    public bool IsRead => Kind == OperationKind.Get;

    /// <summary>A write that certainly took effect.</summary>
    public bool IsAcknowledgedWrite => !IsRead && End == OperationEnd.Done;

    /// <summary>It has an answer with a position.</summary>
    public bool IsAnswered => End is OperationEnd.Done or OperationEnd.ConditionFailed;

    public override string ToString() =>
        $"{Kind} {Group}/k{Key} v{Value} c{Client} [{InvokeUs / 1e6:F3}s-"
        + (ReturnUs == long.MaxValue ? "" : $"{ReturnUs / 1e6:F3}s")
        + $"] {End}{(IsRead ? $" {Consistency}" : "")} @{Position} saw {(Found ? $"v{SeenValue}@{SeenVersion}" : "nothing")}"
        + (Node.IsNone ? "" : $" at {Node}");
}
