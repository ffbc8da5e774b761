namespace Nines.Storage.Store;

/// <summary>How large one level is.</summary>
public readonly record struct LevelSize(int Tables, long Bytes);

/// <summary>What a store is made of and what it has done since it was opened.</summary>
public sealed record StoreStatistics
{
    /// <summary>Memory of the active memtable.</summary>
    public required long MemtableBytes { get; init; }

    /// <summary>Sealed memtables that wait for their flush.</summary>
    public required int SealedMemtables { get; init; }

    public required long SealedBytes { get; init; }

    public required IReadOnlyList<LevelSize> Levels { get; init; }

    /// <summary>Bytes of all tables.</summary>
    public required long TableBytes { get; init; }

    /// <summary>Entries of all tables, deletions and overwritten values included.</summary>
    public required long TableEntries { get; init; }

    public required long FlushedBytes { get; init; }

    public required long CompactionReadBytes { get; init; }

    public required long CompactionWrittenBytes { get; init; }

    /// <summary>Flushes and compactions that ended with an exception.</summary>
    public required long FailedWork { get; init; }

    /// <summary>Obsolete files that wait for their deletion.</summary>
    public required int ObsoleteFiles { get; init; }

    /// <summary>Bytes written to tables for each byte that a flush wrote. The log's own write is not counted.</summary>
    public double WriteAmplification =>
        FlushedBytes == 0 ? 0 : (double)(FlushedBytes + CompactionWrittenBytes) / FlushedBytes;

    /// <summary>
    /// All table bytes over the bytes of the deepest level in use: an upper bound on how much of the space is overwritten values.
    /// </summary>
    public double SpaceAmplification
    {
        get
        {
            for (int level = Levels.Count - 1; level >= 0; level--)
            {
                if (Levels[level].Bytes > 0)
                {
                    return (double)TableBytes / Levels[level].Bytes;
                }
            }

            return 1;
        }
    }
}
