using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// Where a closed log ends, for tools and fault schedules. Behind <see cref="ProvenOffset"/> damage cannot be told from a write that
/// never ended; before it, damage is always seen.
/// </summary>
/// <param name="Path">The last segment that was written to.</param>
/// <param name="ProvenOffset">
/// Damage that leaves this place whole is recognized. It is where the last piece begins: a seal, or the head of the last batch.
/// </param>
/// <param name="End">Behind the last byte that means something.</param>
/// <param name="IsSealed">The last batch is known to be durable.</param>
public readonly record struct LogTail(string Path, long ProvenOffset, long End, bool IsSealed)
{
    /// <summary>Looks at the segments of a directory; null when there is no log.</summary>
    public static LogTail? Find(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        IReadOnlyList<string> names = disk.List(directory);
        for (int i = names.Count - 1; i >= 0; i--)
        {
            if (!LogFormat.TryParseSegmentName(names[i], out long sequence))
            {
                continue;
            }

            string path = $"{directory}/{names[i]}";
            var unreadable = new List<long>();
            SegmentScan scan = SegmentScan.Of(sequence, new SegmentFile().Read(disk, path, unreadable), unreadable);
            if (scan.Started)
            {
                long batch = scan.Batches.Count == 0 ? 0 : scan.Batches.Values.Last().Piece.BatchOffset;
                long seal = scan.Seals.Count == 0 ? 0 : scan.Seals[^1].BatchOffset;
                return new LogTail(path, Math.Max(batch, seal), scan.End, seal > batch);
            }
        }

        return null;
    }
}
