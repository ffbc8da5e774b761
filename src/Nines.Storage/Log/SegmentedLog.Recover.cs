using Nines.Kernel;

namespace Nines.Storage.Log;

/// <content>Opening a log.</content>
public sealed partial class SegmentedLog
{
    /// <summary>
    /// Opens the log in a directory, which is made when it is missing. What it decides about torn tails and damage it would decide
    /// again, until the first flush, into a segment of its own, makes it history. It changes no byte, but it makes the last batch durable:
    /// see <see cref="KeepLastBatch"/>.
    /// </summary>
    /// <exception cref="DiskException">The directory or a file cannot be opened.</exception>
    public static LogRecovery Recover(IDisk disk, string directory, LogOptions options)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        disk.CreateDirectory(directory);
        var files = new SegmentFile();
        List<SegmentOnDisk> found = FindSegments(disk, directory, files);
        long nextSequence = found.Count == 0 ? 1 : found[^1].Sequence + 1;
        var pool = new SegmentPool(disk, directory, options, nextSequence);
        var replay = new LogReplay();
        bool any = ReadSegments(disk, files, found, replay, pool, options);
        replay.Finish();
        pool.CheckSpace();
        var log = new SegmentedLog(disk, directory, options, pool, Math.Max(1, replay.NextBatch))
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

    private static List<SegmentOnDisk> FindSegments(IDisk disk, string directory, SegmentFile files)
    {
        var found = new List<SegmentOnDisk>();
        foreach (string name in disk.List(directory))
        {
            if (LogFormat.TryParseSegmentName(name, out long sequence))
            {
                found.Add(SegmentOnDisk.Probe(disk, files, $"{directory}/{name}", sequence));
            }
        }

        found.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        return found;
    }

    private static bool ReadSegments(
        IDisk disk, SegmentFile files, List<SegmentOnDisk> found, LogReplay replay, SegmentPool pool, LogOptions options)
    {
        int last = found.FindLastIndex(segment => segment.Started);
        int prepared = found.FindLastIndex(segment => !segment.Started && segment.Length >= options.SegmentBytes);
        for (int i = 0; i < found.Count; i++)
        {
            SegmentOnDisk file = found[i];
            var segment = new LogSegment(file.Sequence, file.Path, options.SegmentBytes) { FileBytes = file.Length };
            if (i > last && i == prepared)
            {
                segment.File = disk.Open(file.Path, DiskOpen.ReadWrite);
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
                ReadSegment(disk, files, file, voidFrom, replay, segment);
            }
        }

        return last >= 0;
    }

    private static void ReadSegment(
        IDisk disk, SegmentFile files, SegmentOnDisk file, long? voidFrom, LogReplay replay, LogSegment segment)
    {
        if (file.Started)
        {
            var unreadable = new List<long>();
            byte[] bytes = files.Read(disk, file.Path, unreadable);
            SegmentScan scan = SegmentScan.Of(file.Sequence, bytes, unreadable);
            replay.Read(scan, segment, voidFrom);
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

    /// <summary>A segment file before it is read: whether anything was written to it under its name, and from which batch on.</summary>
    private sealed record SegmentOnDisk(long Sequence, string Path, long Length, bool Started, long FirstBatch)
    {
        public static SegmentOnDisk Probe(IDisk disk, SegmentFile files, string path, long sequence)
        {
            using IDiskFile file = disk.Open(path, DiskOpen.Read);
            Span<byte> header = stackalloc byte[LogFormat.SegmentHeaderBytes];
            try
            {
                if (file.Read(0, header) == header.Length
                    && LogFormat.TryReadSegmentHeader(header, out long named, out long firstBatch) && named == sequence)
                {
                    return new SegmentOnDisk(sequence, path, file.Length, true, firstBatch);
                }
            }
            catch (DiskException e) when (e.Failure == DiskFailure.Device)
            {
                // The page with the header is bad; what else is in the file decides.
            }

            var unreadable = new List<long>();
            SegmentScan scan = SegmentScan.Of(sequence, files.Read(disk, path, unreadable), unreadable);
            return new SegmentOnDisk(sequence, path, file.Length, scan.Started, scan.FirstBatch);
        }
    }
}
