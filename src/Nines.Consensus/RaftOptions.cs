namespace Nines.Consensus;

/// <summary>Times (in ticks) and bounds of one Raft group. Every queue of the core has its bound here.</summary>
public sealed record RaftOptions
{
    /// <summary>The minimum election timeout T; each election waits for a time drawn from [T, 2T).</summary>
    public int ElectionTimeoutTicks { get; init; } = 10;

    public int HeartbeatTicks { get; init; } = 2;

    /// <summary>A leader whose own log makes no progress for so long while something waits to be flushed steps down.</summary>
    public int FlushStallTicks { get; init; } = 40;

    /// <summary>Payload bytes of one Append message (at least one entry goes even if it is larger).</summary>
    public int MaxAppendBytes { get; init; } = 512 << 10;

    /// <summary>Entries of one Append message.</summary>
    public int MaxAppendEntries { get; init; } = 2048;

    /// <summary>Append messages under way to one follower.</summary>
    public int MaxInflightAppends { get; init; } = 64;

    /// <summary>Payload bytes under way to one follower.</summary>
    public long MaxInflightBytes { get; init; } = 8 << 20;

    /// <summary>Payload bytes a leader's log may hold uncommitted before it refuses proposals.</summary>
    public long MaxUncommittedBytes { get; init; } = 32 << 20;

    /// <summary>Read rounds that wait for confirmation.</summary>
    public int MaxPendingReads { get; init; } = 4096;
}
