namespace Nines.Kernel;

/// <summary>What an entry of a group's log is for. The numbers are on disk and on the wire: append only.</summary>
public enum EntryKind : byte
{
    /// <summary>A new leader's first entry (Raft 6.4, step 1). Its payload is empty.</summary>
    Noop = 0,

    /// <summary>A command for the group's state machines.</summary>
    Command = 1,

    /// <summary>A new configuration of the group, in force from the moment it is appended (Raft 4.1).</summary>
    Configuration = 2,
}

/// <summary>
/// One entry of a group's replicated log. The payload is never changed once the entry exists; whoever holds the entry may keep it.
/// </summary>
public readonly record struct LogEntry(Term Term, LogIndex Index, EntryKind Kind, ReadOnlyMemory<byte> Payload)
{
    public LogPosition Position => new(Term, Index);
}

/// <summary>What a replica must remember over a crash before it answers: its term, and whom it voted for in it (Raft figure 3.1).</summary>
public readonly record struct HardState(Term Term, NodeId Vote);
