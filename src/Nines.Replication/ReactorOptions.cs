namespace Nines.Replication;

/// <summary>Every bound and time of a reactor, in one place. Times count ticks; the shell says how long a tick is.</summary>
public sealed record ReactorOptions
{
    /// <summary>Milliseconds of one tick. Only for arithmetic on deadlines: the reactor reads no clock.</summary>
    public int TickMs { get; init; } = 25;

    /// <summary>
    /// Election timeout, drawn per election from [T, 2T): 500 ms to 1 s. Silence is the rare way to lose a leader, a broken connection the
    /// usual one, and that is acted on at once; so this may be long enough for a machine with more to do than it can.
    /// </summary>
    public int ElectionTimeoutTicks { get; init; } = 20;

    public int HeartbeatTicks { get; init; } = 2;

    /// <summary>A leader whose own flush makes no progress for so long steps down: 1 s.</summary>
    public int FlushStallTicks { get; init; } = 40;

    /// <summary>A group that had nothing to do for so long stops ticking.</summary>
    public int QuiesceAfterTicks { get; init; } = 40;

    /// <summary>Requests of this node that wait for an answer; one more is refused as overloaded.</summary>
    public int MaxRequests { get; init; } = 32_768;

    /// <summary>Bytes of such requests.</summary>
    public long MaxRequestBytes { get; init; } = 256L << 20;

    /// <summary>Requests forwarded to this node that wait for their commit or read; one more is refused as overloaded.</summary>
    public int MaxForwarded { get; init; } = 65_536;

    /// <summary>Uncommitted bytes a leader's log may hold before it refuses proposals.</summary>
    public int MaxUncommittedBytes { get; init; } = 32 << 20;

    /// <summary>An unanswered forwarded request is sent again after so long (with the same id): 500 ms.</summary>
    public int ResendTicks { get; init; } = 20;

    /// <summary>A request that met a refusal is routed again after so long.</summary>
    public int RerouteTicks { get; init; } = 2;

    /// <summary>The first answer to a request id is remembered for so long, in milliseconds of the group's session clock.</summary>
    public long SessionWindowMs { get; init; } = 10 * 60 * 1000;

    /// <summary>A stable leader that is not the group's preferred replica hands leadership over after so long; 0: never.</summary>
    public int RebalanceTicks { get; init; } = 200;

    /// <summary>Applied entries a replica keeps in memory for followers that lag, in entries.</summary>
    public int KeepEntries { get; init; } = 4096;

    /// <summary>The same, in bytes.</summary>
    public long KeepEntryBytes { get; init; } = 8 << 20;

    /// <summary>Bytes of one snapshot chunk.</summary>
    public int SnapshotChunkBytes { get; init; } = 256 << 10;

    /// <summary>Snapshot chunks under way to one peer.</summary>
    public int SnapshotWindow { get; init; } = 4;

    /// <summary>A snapshot transfer without progress for so long is given up and started again when still needed.</summary>
    public int SnapshotTimeoutTicks { get; init; } = 200;

    /// <summary>Each replica reads and checks the next portion of its tables this often: 60 s.</summary>
    public int ScrubTicks { get; init; } = 2400;

    /// <summary>Sub-messages of one turn go out one by one instead of joined in a frame, so that the simulator can lose each by itself.</summary>
    public bool SeparateFrames { get; init; }
}
