using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Storage.Log;

/// <content>Opening a log.</content>
public sealed partial class SegmentedLog
{
    /// <summary>
    /// Opens the log in a directory, which is made when it is missing. What it decides about torn tails and damage it would decide
    /// again, until the first flush, into a segment of its own, makes it history. It changes no byte of it, but it makes the last batch
    /// durable, see <see cref="KeepLastBatch"/>, and notes in the prepared segment how far the log has come.
    /// </summary>
    /// <param name="disk">The data directory.</param>
    /// <param name="directory">Where the log is in it.</param>
    /// <param name="options">Its bounds.</param>
    /// <param name="life">
    /// Which life of the data directory this is, see <see cref="SegmentHeader.Life"/>: the same at every start until the directory is wiped.
    /// </param>
    /// <exception cref="DiskException">The directory or a file cannot be opened.</exception>
    /// <exception cref="DamagedException">A segment is of a version that is not known here.</exception>
    public static LogRecovery Recover(IDisk disk, string directory, LogOptions options, long life = 0)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        disk.CreateDirectory(directory);
        var files = new SegmentFile();
        List<SegmentOnDisk> found = FindSegments(disk, directory, files, life);
        long nextSequence = found.Count == 0 ? 1 : found[^1].Sequence + 1;
        var pool = new SegmentPool(disk, directory, options, nextSequence, life);
        var replay = new LogReplay();
        bool any = ReadSegments(disk, files, found, replay, pool, options);
        replay.Finish();
        pool.RenewMark(Math.Max(0, replay.NextBatch - 1));
        pool.CheckSpace();
        var log = new SegmentedLog(disk, directory, options, pool, Math.Max(1, replay.NextBatch), life)
        {
            AnyGroupMayBeLost = replay.AnyGroupMayBeLost,
        };
        var groups = new List<RecoveredGroup>();
        foreach (ReplayedGroup group in replay.Groups)
        {
            (RecoveredGroup recovered, GroupLog live) = group.Finish();
            groups.Add(recovered);
            log.Add(live);
        }

        return new LogRecovery
        {
            Log = log,
            Groups = groups,
            Condition = replay.IsDamaged ? LogCondition.Damaged
                : replay.TornBytes > 0 ? LogCondition.TornTail
                : any ? LogCondition.Clean : LogCondition.Empty,
            TornBytes = replay.TornBytes,
            AnyGroupMayBeLost = replay.AnyGroupMayBeLost,
            Findings = replay.Findings,
        };
    }

    private static List<SegmentOnDisk> FindSegments(IDisk disk, string directory, SegmentFile files, long life)
    {
        var found = new List<SegmentOnDisk>();
        foreach (string name in disk.List(directory))
        {
            if (LogFormat.TryParseSegmentName(name, out long sequence))
            {
                found.Add(SegmentOnDisk.Probe(disk, files, $"{directory}/{name}", sequence, life));
            }
        }

        found.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        long first = 0;
        for (int i = 0; i < found.Count; i++)
        {
            SegmentOnDisk file = found[i];
            if (file.Started && file.FirstBatch < first)
            {
                // Believed, it would make void what the segments in front of it hold.
                found[i] = file with { Started = false, Foreign = $"it begins at batch {file.FirstBatch}, an earlier one at {first}" };
            }
            else if (file.Started)
            {
                first = file.FirstBatch;
            }
        }

        return found;
    }

    /// <summary>
    /// Deletes segments that were made ready and never used. The directory begins another life, to which they would not belong.
    /// </summary>
    public static void ForgetPrepared(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        foreach (string name in disk.List(directory))
        {
            string path = $"{directory}/{name}";
            if (LogFormat.TryParseSegmentName(name, out long sequence)
                && !SegmentScan.Of(sequence, new SegmentFile().Read(disk, path, []), []).Started)
            {
                disk.Delete(path);
                disk.SyncDirectory(directory);
            }
        }
    }

    private static bool ReadSegments(
        IDisk disk, SegmentFile files, List<SegmentOnDisk> found, LogReplay replay, SegmentPool pool, LogOptions options)
    {
        int last = found.FindLastIndex(segment => segment.Started);
        int end = Math.Max(last, found.FindLastIndex(segment => segment.Foreign != null));
        int prepared = found.FindLastIndex(segment => segment.IsUnused && segment.Length >= options.SegmentBytes);
        long durable = found.Count == 0 ? 0 : found.Max(segment => segment.DurableBatch);
        for (int i = 0; i < found.Count; i++)
        {
            SegmentOnDisk file = found[i];
            var segment = new LogSegment(file.Sequence, file.Path, options.SegmentBytes) { FileBytes = file.Length };
            if (i > end && i == prepared)
            {
                segment.File = disk.Open(file.Path, DiskOpen.Append);
                pool.AddPrepared(segment);
            }
            else if (replay.CutAtDamage)
            {
                // Only under a planted bug: as if nothing had ever been behind the damage.
                disk.Delete(file.Path);
            }
            else
            {
                pool.AddRecovered(segment);
                long? voidFrom = found.Skip(i + 1).FirstOrDefault(later => later.Started)?.FirstBatch;
                ReadSegment(disk, files, file, durable, voidFrom, replay, segment);
            }

            if (file.Foreign is { } why)
            {
                replay.Refuse(file.Sequence, why, isAtEnd: i > last);
            }
        }

        replay.Expect(durable);
        return last >= 0;
    }

    private static void ReadSegment(
        IDisk disk, SegmentFile files, SegmentOnDisk file, long durable, long? voidFrom, LogReplay replay, LogSegment segment)
    {
        if (file.Started)
        {
            var unreadable = new List<long>();
            byte[] bytes = files.Read(disk, file.Path, unreadable);
            SegmentScan scan = SegmentScan.Of(file.Sequence, bytes, unreadable);
            replay.Read(scan, segment, durable, voidFrom);
            if (voidFrom == null)
            {
                KeepLastBatch(disk, file.Path, scan);
            }
        }
    }

    /// <summary>
    /// The last batch may have been read from the page cache of a process that died before its sync returned, or whose sync failed
    /// and left the page marked clean. A later power loss would take away what this run has built upon. So the same bytes are
    /// written once more, and synced with their file's name.
    /// </summary>
    private static void KeepLastBatch(IDisk disk, string path, SegmentScan scan)
    {
        if (scan.Batches.Count > 0)
        {
            (long number, ScannedBatch batch) = scan.Batches.Last();
            int from = number == scan.FirstBatch ? 0 : (int)batch.Piece.BatchOffset;
            int to = (int)Math.Min(batch.Piece.BatchEnd, scan.Bytes.Length);
            if (!scan.IsUnreadable(from, to))
            {
                using IDiskFile file = disk.Open(path, DiskOpen.ReadWrite);
                file.Write(from, scan.Bytes.AsSpan(from, to - from));
                file.Sync();
                disk.SyncDirectory(SegmentPool.DirectoryOf(path));
            }
        }
    }

    /// <summary>A segment file before it is read.</summary>
    /// <param name="Sequence">Its number.</param>
    /// <param name="Path">Where it is.</param>
    /// <param name="Length">Its bytes.</param>
    /// <param name="Started">Something was written to it under its name.</param>
    /// <param name="FirstBatch">Of a started one.</param>
    /// <param name="DurableBatch">Of a prepared one: see <see cref="SegmentMark"/>.</param>
    /// <param name="Foreign">Why nothing in it may be believed. Null: it is this log's own.</param>
    private sealed record SegmentOnDisk(
        long Sequence, string Path, long Length, bool Started, long FirstBatch, long DurableBatch = 0, string? Foreign = null)
    {
        public bool IsUnused => !Started && Foreign == null;

        public static SegmentOnDisk Probe(IDisk disk, SegmentFile files, string path, long sequence, long life)
        {
            using IDiskFile file = disk.Open(path, DiskOpen.Read);
            long durable = 0;
            Span<byte> bytes = stackalloc byte[LogFormat.SegmentHeaderBytes];
            try
            {
                int length = file.Read(0, bytes);
                if (SegmentHeader.VersionOf(bytes[..length]) is { } version and not LogFormat.HeaderVersion)
                {
                    throw new DamagedException(path, 8, $"its format is version {version}, this build knows version {LogFormat.HeaderVersion}");
                }

                if (SegmentHeader.Read(bytes[..length], sequence) is { } header)
                {
                    if (header.Life != life)
                    {
                        return new(sequence, path, file.Length, false, 0, 0, "it belongs to another life of the data directory");
                    }

                    if (header.Started)
                    {
                        return new(sequence, path, file.Length, true, header.Batch);
                    }

                    durable = header.Batch;
                }
            }
            catch (DiskException e) when (e.Failure == DiskFailure.Device)
            {
                // The page with the header is bad; what else is in the file decides.
            }

            var unreadable = new List<long>();
            SegmentScan scan = SegmentScan.Of(sequence, files.Read(disk, path, unreadable), unreadable);
            return new SegmentOnDisk(sequence, path, file.Length, scan.Started, scan.FirstBatch, durable);
        }
    }
}
