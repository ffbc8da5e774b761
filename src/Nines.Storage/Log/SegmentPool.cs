using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// The segments of a log, oldest first, and the one prepared to come next. A segment is free when no group needs it and a later
/// one has started, whose checkpoint says all that records of this one still meant. Free segments go strictly oldest first, so
/// what is left is always an unbroken end of the log.
/// </summary>
internal sealed class SegmentPool(IDisk disk, string directory, LogOptions options, long nextSequence, long life)
{
    private readonly List<LogSegment> _segments = [];
    private long _nextSequence = nextSequence;
    private LogSegment? _prepared;
    private LogMaintenance? _running;
    private long _writtenSinceCheck;
    private bool _preparingFailed;

    /// <summary>The segment that is written to. Null until the first flush.</summary>
    public LogSegment? Current { get; private set; }

    public bool LowOnSpace { get; private set; }

    /// <summary>What the segments in use take on the disk.</summary>
    public long Bytes { get; private set; }

    public LogSegment? Oldest => _segments.Count == 0 ? null : _segments[0];

    /// <summary>A segment of an earlier run of the process, to be read at the next recovery, never written again.</summary>
    public void AddRecovered(LogSegment segment)
    {
        _segments.Add(segment);
        Bytes += segment.FileBytes;
    }

    /// <summary>A segment that an earlier run made ready and never used, open for writing.</summary>
    public void AddPrepared(LogSegment segment) => _prepared = segment;

    /// <summary>Starts the next segment: the prepared one, else one that grows.</summary>
    public LogSegment Rotate()
    {
        Current?.Close();
        LogSegment segment;
        if (_prepared is { } prepared)
        {
            segment = prepared;
            _prepared = null;
        }
        else
        {
            long sequence = _nextSequence++;
            segment = new LogSegment(sequence, PathOf(sequence), options.GrowingSegmentBytes);
        }

        _segments.Add(segment);
        Bytes += segment.FileBytes;
        Current = segment;
        return segment;
    }

    /// <summary>A flush into the current segment has ended well.</summary>
    public void Written(long bytes)
    {
        LogSegment segment = Current!;
        segment.Started = true;
        segment.Offset += bytes;
        _writtenSinceCheck += bytes;
        if (segment.Offset > segment.FileBytes)
        {
            Bytes += segment.Offset - segment.FileBytes;
            segment.FileBytes = segment.Offset;
        }
    }

    public void OutOfSpace() => LowOnSpace = true;

    public void CheckSpace()
    {
        LowOnSpace = disk.FreeBytes < options.ReserveBytes;
        _writtenSinceCheck = 0;
    }

    /// <summary>
    /// A prepared segment of an earlier run learns how far the log has come since, durably. This run may end before it writes anything.
    /// </summary>
    public void RenewMark(long durableBatch)
    {
        if (_prepared is { } prepared)
        {
            new SegmentMark(life, durableBatch).Write(prepared);
            prepared.File!.Sync();
        }
    }

    /// <summary>What there is to do beside the flushes. One at a time; null when there is nothing, or it is being done.</summary>
    public LogMaintenance? TakeMaintenance(long durableBatch)
    {
        if (_running != null)
        {
            return null;
        }

        bool checkSpace = LowOnSpace || _writtenSinceCheck >= options.SpaceCheckBytes;
        int free = FreeSegments();
        // Only then the mark of the next one says that this one was used.
        bool isMarked = Current is null or { Started: true };
        bool prepare = _prepared == null && isMarked && (!_preparingFailed || free > 0 || checkSpace);
        if (!prepare && free <= options.SparesMax && !checkSpace)
        {
            return null;
        }

        _running = new LogMaintenance(disk, directory, options, new SegmentMark(life, durableBatch));
        if (prepare)
        {
            LogSegment? recycled = free > 0 ? TakeOldest() : null;
            long sequence = _nextSequence++;
            _running.Prepare(recycled, new LogSegment(sequence, PathOf(sequence), options.SegmentBytes), LowOnSpace);
            free -= recycled != null ? 1 : 0;
        }

        // With little space left a spare segment is worth more to others.
        for (int keep = LowOnSpace ? 0 : options.SparesMax; free > keep; free--)
        {
            _running.Delete(TakeOldest());
        }

        return _running;
    }

    /// <summary>Takes over what the maintenance has prepared. False: the device failed.</summary>
    public bool EndMaintenance(LogMaintenance work, Exception? failure)
    {
        Invariant.Assert(ReferenceEquals(work, _running));
        _running = null;
        _writtenSinceCheck = 0;
        _preparingFailed = work.Prepared == null;
        if (failure is null or DiskException { Failure: DiskFailure.Full })
        {
            LowOnSpace = failure != null || work.FreeBytes < options.ReserveBytes;
            if (work.Prepared is { } prepared)
            {
                TakeOver(prepared, usable: failure == null);
            }

            return true;
        }

        work.Prepared?.Close();
        return false;
    }

    // A growing segment may have overtaken it: segments are numbered in the order of their batches, so it waits for a new number.
    private void TakeOver(LogSegment prepared, bool usable)
    {
        if (usable && (Current == null || prepared.Sequence > Current.Sequence))
        {
            _prepared = prepared;
        }
        else
        {
            prepared.Close();
            _segments.Insert(0, prepared);
            Bytes += prepared.FileBytes;
        }
    }

    public static string DirectoryOf(string path) => path[..path.LastIndexOf('/')];

    public void Close()
    {
        Current?.Close();
        _prepared?.Close();
    }

    private int FreeSegments()
    {
        if (Current is not { Started: true })
        {
            return 0;
        }

        int free = 0;
        while (!ReferenceEquals(_segments[free], Current)
            && (_segments[free].Groups == 0 || Planted.Is(PlantedBug.LogCutTooEarly)))
        {
            free++;
        }

        return free;
    }

    private LogSegment TakeOldest()
    {
        LogSegment segment = _segments[0];
        _segments.RemoveAt(0);
        Bytes -= segment.FileBytes;
        return segment;
    }

    private string PathOf(long sequence) => $"{directory}/{LogFormat.SegmentName(sequence)}";
}
