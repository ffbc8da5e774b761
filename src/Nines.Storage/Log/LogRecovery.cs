using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>What a log looked like when it was opened, from best to worst.</summary>
public enum LogCondition
{
    /// <summary>There was no log: a new node, or one whose directory was wiped. The node's identity tells which.</summary>
    Empty,

    Clean,

    /// <summary>The last write never ended; nobody was told that it had. It was cut.</summary>
    TornTail,

    /// <summary>Something that was durable is damaged. What it costs is said by holes and lost groups; there may be none.</summary>
    Damaged,
}

/// <summary>Entries of one term that this replica promised to have and cannot read. Peers have them.</summary>
public readonly record struct LogHole(LogIndex First, LogIndex Last, Term Term)
{
    /// <summary>
    /// The kind of the entries that stand for a hole in <see cref="RecoveredGroup.Entries"/>. No state machine knows it: they must
    /// not be sent or applied, only repaired or replaced.
    /// </summary>
    public const EntryKind EntryKind = (EntryKind)255;
}

/// <summary>A group as the log has it. The reactor owns it.</summary>
public sealed class RecoveredGroup
{
    public required GroupId Group { get; init; }

    public required HardState HardState { get; init; }

    /// <summary>The entry before the first: in the store, or installed by snapshot.</summary>
    public required LogPosition Base { get; init; }

    /// <summary>
    /// All entries behind <see cref="Base"/>, without gaps in their indexes. Those in <see cref="Holes"/> have the right position,
    /// the kind <see cref="LogHole.EntryKind"/> and no payload. Empty when the group is lost.
    /// </summary>
    public required List<LogEntry> Entries { get; init; }

    /// <summary>Ascending. Fill each entry with <see cref="SegmentedLog.Repair"/>; until then the replica neither leads nor truncates.</summary>
    public required IReadOnlyList<LogHole> Holes { get; init; }

    /// <summary>
    /// It is not known what of this group is missing: votes or entries it promised may be gone. Its replica must not vote; it
    /// comes back as a new learner. The mark stays over restarts until <see cref="SegmentedLog.SetBase"/> or
    /// <see cref="SegmentedLog.RemoveGroup"/>.
    /// </summary>
    public required bool Lost { get; init; }
}

/// <summary>What kind of thing recovery found.</summary>
public enum LogFindingKind
{
    /// <summary>The last write of a run never ended.</summary>
    TornTail,

    /// <summary>Damage of which a second copy is whole.</summary>
    CopyDamaged,

    /// <summary>Frames are damaged: there are holes.</summary>
    FramesDamaged,

    /// <summary>Whole batches are gone. A later record says what was in them, or groups are lost.</summary>
    BatchesLost,

    /// <summary>The device does not give some pages.</summary>
    Unreadable,

    /// <summary>What is in the log contradicts itself.</summary>
    Inconsistent,

    /// <summary>A file that belongs to another life of the directory, or elsewhere in the log.</summary>
    Foreign,
}

/// <summary>One thing that recovery found, for the operator.</summary>
public readonly record struct LogFinding(LogFindingKind Kind, string Segment, long Offset, string Text)
{
    public override string ToString() => $"{Segment} at {Offset}: {Text}";
}

/// <summary>The outcome of opening a log.</summary>
public sealed class LogRecovery
{
    public required SegmentedLog Log { get; init; }

    /// <summary>By id.</summary>
    public required IReadOnlyList<RecoveredGroup> Groups { get; init; }

    public required LogCondition Condition { get; init; }

    /// <summary>The bytes of the write that was cut; 0 unless the tail was torn.</summary>
    public required long TornBytes { get; init; }

    /// <summary>
    /// Groups this log does not even name may be lost, too: a group that should be here and is not in <see cref="Groups"/> counts
    /// as lost. See <see cref="SegmentedLog.AcceptLoss"/>.
    /// </summary>
    public required bool AnyGroupMayBeLost { get; init; }

    public required IReadOnlyList<LogFinding> Findings { get; init; }
}
