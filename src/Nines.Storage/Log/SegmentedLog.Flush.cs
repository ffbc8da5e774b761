using Nines.Kernel;

namespace Nines.Storage.Log;

/// <content>Flushes and seals, and what their ends mean.</content>
public sealed partial class SegmentedLog
{
    /// <summary>
    /// Takes everything staged. Run the work on <see cref="Lane.Log"/>, then call <see cref="EndFlush"/> on the reactor's thread.
    /// At most one is under way. After a flush that failed because the disk is full, this gives the same flush again, unchanged:
    /// wait a little before.
    /// </summary>
    public LogFlush BeginFlush()
    {
        Invariant.Assert(_failure == null && !_inFlight && HasStaged);
        _inFlight = true;
        if (_retry)
        {
            _retry = false;
            return _flush;
        }

        LogStaging batch = _staging;
        _staging = _spare!;
        _spare = null;
        _staging.Reset(batch.Batch + 1, _options.StagingBytesKept);

        _flush.Directory.Clear();
        LogSegment? segment = _pool.Current;
        EncodeRecords(batch);
        _echoInFlight = segment != null && _echo.Encode(_flush.Directory, segment.Offset);
        if (segment == null
            || (segment.Offset > LogFormat.SegmentHeaderBytes && segment.Offset + _flush.BatchBytes(batch, first: false) > segment.Capacity))
        {
            segment = _pool.Rotate();
            _flush.Directory.Clear();
            EncodeCheckpoint();
            EncodeRecords(batch);
            _echo.Clear();
            _echoInFlight = false;
        }

        _flush.Prepare(segment, batch, batch.Batch, _options.StagingBytesKept);
        return _flush;
    }

    /// <summary>
    /// The flush has ended. Without a failure everything it took is durable. A failed write because the disk is full
    /// loses nothing: nobody was told, nothing was synced, and the same bytes will go to the same place again; a crash before that
    /// leaves a torn tail as any other. Every other failure, a failed sync above all, is final: the log takes nothing
    /// any more, and the node stops.
    /// </summary>
    public void EndFlush(LogFlush flush, Exception? failure)
    {
        Invariant.Assert(_inFlight && ReferenceEquals(flush, _flush));
        _inFlight = false;
        if (failure != null && !(flush.Stage == FlushStage.Syncing && Planted.Is(PlantedBug.FlushRetried)))
        {
            OnFailure(failure);
            return;
        }

        long start = flush.Segment.Offset;
        _pool.Written(flush.Bytes);
        if (flush.IsSeal)
        {
            _echo.Clear();
            return;
        }

        LogStaging batch = flush.Staging!;
        Apply(batch.Records, flush.Segment);
        if (_echoInFlight)
        {
            _echo.Written();
        }

        _echo.Add(batch.Batch, batch.Records, _groups, start, flush.Segment.Offset);
        _spare = batch;
        _sealed = false;
    }

    /// <summary>
    /// When nothing is staged or under way: a small mark behind the last batch that says it was durable, so that later damage to
    /// it is not taken for a write that never ended. It is written without a sync of its own, so it needs one step, and it takes up
    /// to two pages: ask when the log was idle for a while (some 100 ms), not after each flush. Null: no need. Ends as a flush does.
    /// </summary>
    public LogFlush? BeginSeal()
    {
        if (_sealed || _inFlight || HasStaged || _failure != null || _pool.Current is not { Started: true } segment)
        {
            return null;
        }

        _inFlight = true;
        _sealed = true;
        _flush.Directory.Clear();
        _echo.EncodeAll(_flush.Directory);
        SkipPage(segment);
        _flush.Prepare(segment, null, _staging.Batch - 1, _options.StagingBytesKept);
        return _flush;
    }

    /// <summary>A seal stands apart from the last batch by a page at least, so that no single bad one takes both.</summary>
    private static void SkipPage(LogSegment segment)
    {
        long apart = ((segment.Offset + SegmentFile.PageBytes - 1) / SegmentFile.PageBytes * SegmentFile.PageBytes) + SegmentFile.PageBytes;
        if (apart + SegmentFile.PageBytes <= segment.Capacity)
        {
            segment.Offset = apart;
        }
    }

    private void OnFailure(Exception failure)
    {
        bool full = _flush.Stage == FlushStage.Writing && failure is DiskException { Failure: DiskFailure.Full };
        if (full)
        {
            _pool.OutOfSpace();
            _retry = !_flush.IsSeal;
            _flush.Rewind();
        }
        else
        {
            _failure = failure;
        }
    }

    private void Apply(ReadOnlySpan<DirectoryRecord> records, LogSegment segment)
    {
        bool removed = false;
        foreach (ref readonly DirectoryRecord record in records)
        {
            if (record.Kind != RecordKind.LossAccepted)
            {
                _groups[record.Group.Value].Apply(record, segment);
                removed |= record.Kind == RecordKind.Remove;
            }
        }

        if (removed)
        {
            ForgetRemoved();
        }
    }

    private void ForgetRemoved()
    {
        for (int i = _ordered.Count - 1; i >= 0; i--)
        {
            // A group that came and went while this flush was under way still has records in the batch that is being staged.
            GroupLog log = _ordered[i];
            if (!log.Exists && !log.StagedExists && log.Staged.Stamp != _staging.Batch)
            {
                _ordered.RemoveAt(i);
                _groups.Remove(log.Group.Value);
            }
        }
    }

    private void EncodeRecords(LogStaging batch)
    {
        foreach (ref readonly DirectoryRecord record in batch.Records)
        {
            record.Encode(_flush.Directory);
        }
    }

    /// <summary>What all batches before this one lead to. Nothing is in flight, so that is what the groups say is on the disk.</summary>
    private void EncodeCheckpoint()
    {
        DirectoryRecord.Checkpoint(AnyGroupMayBeLost).Encode(_flush.Directory);
        foreach (GroupLog log in _ordered)
        {
            if (!log.Exists)
            {
                continue;
            }

            DirectoryRecord.State(log.Group, log.HardState, log.Terms.Base).Encode(_flush.Directory);
            if (log.Lost)
            {
                DirectoryRecord.Lost(log.Group).Encode(_flush.Directory);
            }

            for (int i = 0; i < log.Terms.Count; i++)
            {
                (long first, long last, long term) = log.Terms[i];
                if (term != TermRuns.Unknown)
                {
                    DirectoryRecord.Held(log.Group, first, last - first + 1, term).Encode(_flush.Directory);
                }
            }
        }
    }
}
