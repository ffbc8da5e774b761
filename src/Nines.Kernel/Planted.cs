namespace Nines.Kernel;

/// <summary>
/// Real bugs of trusted systems that can be compiled in (build with <c>-p:PlantedBugs=true</c>) to measure how fast the simulator
/// finds them. docs/testing.md names the report behind each.
/// </summary>
public enum PlantedBug
{
    None,

    /// <summary>A confirmation of an earlier read round confirms a later one: read ids not bound to term and attempt.</summary>
    ReadIdReused,

    /// <summary>A new leader answers reads before it committed in its own term.</summary>
    ReadBeforeNoop,

    /// <summary>"I am leader, so I answer locally": strong reads without a quorum round.</summary>
    ReadWithoutQuorum,

    /// <summary>Entries of earlier terms are committed by counting replicas (Raft figure 3.7).</summary>
    CommitEarlierTerm,

    /// <summary>A configuration change is accepted before the leader committed in its term.</summary>
    ConfigurationBeforeNoop,

    /// <summary>Votes are granted without asking whether a leader is alive: a removed or partitioned node topples it.</summary>
    NoPreVote,

    /// <summary>Installing a snapshot keeps a newer but uncommitted configuration of the old log.</summary>
    SnapshotKeepsConfiguration,

    /// <summary>A change takes effect by simple majority of the new configuration alone: no joint phase.</summary>
    NoJointMajority,

    /// <summary>Votes and acknowledgements leave before what they promise is on disk.</summary>
    AcknowledgeBeforeFlush,

    /// <summary>The only voter of a group commits before its own flush.</summary>
    SingleVoterCommitsBeforeFlush,

    /// <summary>The vote is kept in memory only.</summary>
    VoteNotDurable,

    /// <summary>A damaged frame in the middle of the log cuts everything behind it.</summary>
    TruncateAtDamage,

    /// <summary>The applied index becomes durable apart from the data.</summary>
    AppliedIndexApart,

    /// <summary>Log segments are recycled before what they hold is in the store.</summary>
    LogCutTooEarly,

    /// <summary>A compaction drops a deletion while an older value still lies deeper.</summary>
    TombstoneDroppedEarly,

    /// <summary>A command that was proposed twice is applied twice.</summary>
    AppliedTwice,

    /// <summary>A leader whose disk hangs stays leader.</summary>
    NoFlushWatchdog,

    /// <summary>A node whose data directory was wiped comes back as a voter with an empty log.</summary>
    AmnesiacVotes,

    /// <summary>A sequential read does not wait for the session's position.</summary>
    SessionPositionIgnored,

    /// <summary>A failed flush is tried again as if nothing had happened.</summary>
    FlushRetried,

    /// <summary>A transaction is reported done, and the record of the decision is not kept.</summary>
    CommitRecordLost,

    /// <summary>A transaction's end leaves its locks behind.</summary>
    LockLeftBehind,

    /// <summary>A token is not looked up: a transaction that was sent again is done again.</summary>
    TokenForgotten,

    /// <summary>Changes for an index are forgotten although a group did not take them in, because its leader had just changed.</summary>
    IndexUpdateLost,

    /// <summary>A write that leaves an item as it was writes a record into the stream all the same.</summary>
    NoopStreamRecord,

    /// <summary>The group's time is rounded up to a second: an item is deleted in the second at whose end it expires.</summary>
    ExpiredTooEarly,
}

/// <summary>Asks whether a planted bug is active. In every ordinary build the answer is a constant false that costs nothing.</summary>
public static class Planted
{
#if PLANTED_BUGS
    public static PlantedBug Active { get; set; }

    public static bool Is(PlantedBug bug) => Active == bug;
#else
    public static PlantedBug Active => PlantedBug.None;

    public static bool Is(PlantedBug bug)
    {
        _ = bug;
        return false;
    }
#endif
}
