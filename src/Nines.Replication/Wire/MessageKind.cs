namespace Nines.Replication.Wire;

/// <summary>
/// The first byte of every sub-message between nodes. The numbers are on the wire: append only. Raft's own kinds follow
/// from <see cref="Raft"/> on, so that one kind can be told from another without decoding.
/// </summary>
public static class MessageKind
{
    /// <summary>"I am alive", when there was nothing else to say.</summary>
    public const byte Alive = 1;

    /// <summary>A request for a group this node is thought to lead (writes, strong reads) or to hold.</summary>
    public const byte Forward = 2;

    /// <summary>The answer to a forwarded request.</summary>
    public const byte ForwardAnswer = 3;

    /// <summary>The request was not taken: not the leader here, or no longer.</summary>
    public const byte ForwardRefused = 4;

    /// <summary>The leader says that a group may stop ticking.</summary>
    public const byte Quiesce = 5;

    /// <summary>A follower does not agree that all is quiet.</summary>
    public const byte Wake = 6;

    /// <summary>A snapshot begins: its point and its files.</summary>
    public const byte SnapshotBegin = 7;

    /// <summary>A piece of a snapshot file.</summary>
    public const byte SnapshotChunk = 8;

    /// <summary>How far the receiver is, or that it gave up.</summary>
    public const byte SnapshotProgress = 9;

    /// <summary>A replica asks for entries its damaged log has lost.</summary>
    public const byte RepairRequest = 10;

    /// <summary>Entries for a damaged log.</summary>
    public const byte RepairAnswer = 11;

    /// <summary>A replica lost what it promised and must be removed and added again before it may vote.</summary>
    public const byte Amnesiac = 12;

    /// <summary>The leader's answer: it was removed, it may begin again as a learner.</summary>
    public const byte Readmit = 13;

    /// <summary>A new node's first words to each founder: its incarnation.</summary>
    public const byte Hello = 14;

    /// <summary>Whether the founder has begun, its incarnation, and the one it knows the asker by.</summary>
    public const byte HelloAnswer = 15;

    /// <summary>A replica whose state is damaged asks any other for its own, at or behind an index.</summary>
    public const byte StateRequest = 16;

    /// <summary>Which agreed map the sender goes by; 0 for none.</summary>
    public const byte MapEpoch = 17;

    /// <summary>A newer agreed map, for a node that goes by an old one.</summary>
    public const byte MapNews = 18;

    /// <summary>A replica the map has no place for asks whether its group has gone on without it.</summary>
    public const byte Retire = 19;

    /// <summary>The leader's answer: by a committed configuration it has; with its term and its last index.</summary>
    public const byte Retired = 20;

    /// <summary>Raft messages: this plus the kind's own number.</summary>
    public const byte Raft = 32;
}
