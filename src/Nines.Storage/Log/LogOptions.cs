namespace Nines.Storage.Log;

/// <summary>The bounds of one log. The defaults are for a node with a real disk.</summary>
public sealed record LogOptions
{
    /// <summary>What a prepared segment holds; its blocks are written before it is used.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>
    /// What a segment holds that had to be started before a prepared one was ready. It grows as it is written, which syncs slowly,
    /// so it is short.
    /// </summary>
    public long GrowingSegmentBytes { get; init; } = 8L << 20;

    /// <summary>Beyond this the reactor should flush the memtable of <see cref="SegmentedLog.HoldsOldestSegment"/>.</summary>
    public long MaxBytes { get; init; } = 256L << 20;

    /// <summary>With less free space than this the log is <see cref="SegmentedLog.LowOnSpace"/>.</summary>
    public long ReserveBytes { get; init; } = 192L << 20;

    /// <summary>After this many written bytes the free space is asked for again.</summary>
    public long SpaceCheckBytes { get; init; } = 4L << 20;

    /// <summary>One entry's payload may not be larger.</summary>
    public int EntryBytesMax { get; init; } = 32 << 20;

    /// <summary>A staging buffer that grew beyond this is given back after its flush.</summary>
    public int StagingBytesKept { get; init; } = 4 << 20;

    /// <summary>Free segments kept for use again, besides the prepared one.</summary>
    public int SparesMax { get; init; } = 1;

    /// <summary>Small segments, so that a simulated minute sees rotation and recycling.</summary>
    public static LogOptions ForSimulation { get; } = new()
    {
        SegmentBytes = 1 << 20,
        GrowingSegmentBytes = 128 << 10,
        MaxBytes = 8 << 20,
        ReserveBytes = 3 << 20,
        SpaceCheckBytes = 256 << 10,
    };
}
