using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>The sizes of a store. The defaults suit a node with a handful of groups and some gigabytes each.</summary>
public sealed record StoreOptions
{
    /// <summary>A memtable of this size wants to be sealed and flushed.</summary>
    public long MemtableBytes { get; init; } = 8 << 20;

    /// <summary>Sealed memtables waiting for their flush; with that many, a full active memtable stalls the writer.</summary>
    public int MaxSealed { get; init; } = 3;

    /// <summary>The target size of a data block: what one point read fetches.</summary>
    public int BlockBytes { get; init; } = 8 << 10;

    /// <summary>The target size of a table that a compaction writes.</summary>
    public long TableBytes { get; init; } = 16 << 20;

    /// <summary>So many tables in level 0 start a compaction into level 1.</summary>
    public int Level0Tables { get; init; } = 4;

    /// <summary>So many tables in level 0 stall the writer: every point read may have to ask each of them.</summary>
    public int Level0Stall { get; init; } = 12;

    /// <summary>The size of level 1 that starts a compaction into level 2.</summary>
    public long LevelBaseBytes { get; init; } = 64 << 20;

    /// <summary>Each deeper level may be so many times larger than the one above it.</summary>
    public int LevelRatio { get; init; } = 10;

    /// <summary>Bits of Bloom filter per key; 10 give about 1 % false positives.</summary>
    public int FilterBitsPerKey { get; init; } = 10;

    /// <summary>How much one <see cref="SortedStore.Scrub"/> reads before it makes way for other work.</summary>
    public long ScrubBytes { get; init; } = 32 << 20;

    /// <summary>Disk space that flushes and compactions leave free for the log.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>Drops entries that have expired when a compaction meets them.</summary>
    public ICompactionFilter? Filter { get; init; }
}

/// <summary>
/// Lets a compaction drop entries that no longer mean anything. Replicas compact at different times, so a dropped entry must
/// be one that every reader already treats as absent; it is left out of <see cref="SortedStore.StateHash"/> as well.
/// Called from background threads.
/// </summary>
public interface ICompactionFilter
{
    bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}

/// <summary>
/// A place in the log together with what the layer above must know at it (the configuration in force, the clock): opaque bytes
/// that become durable in the same instant as the data up to that place.
/// </summary>
public readonly record struct StorePoint(LogPosition Position, ReadOnlyMemory<byte> Metadata)
{
    /// <summary>Before the first entry: an empty store.</summary>
    public static readonly StorePoint Start;
}

/// <summary>Bytes on disk are not what was written there. The replica's data is to be replaced from a peer; nothing was guessed.</summary>
/// <remarks>Also what the device cannot read any more: to the reader it is the same.</remarks>
public sealed class DamagedException(string file, long offset, string what, Exception? inner = null)
    : Exception($"{file} is damaged at offset {offset}: {what}", inner)
{
    public string File { get; } = file;

    public long Offset { get; } = offset;
}
