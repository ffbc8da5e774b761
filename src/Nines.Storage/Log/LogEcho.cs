using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// A batch's two directories lie apart only as far as its frames are long, so one bad sector takes a small batch whole. Therefore a
/// later batch, or a seal, at least <see cref="DistanceBytes"/> further on repeats the records of the batches before it, merged: which
/// entries and terms were promised is then known although the batch itself is gone.
/// </summary>
internal sealed class LogEcho
{
    /// <summary>More than a page, wherever in pages the two places lie.</summary>
    public const int DistanceBytes = 8 << 10;

    // The open block takes in batches; the closed one waits until the log is far enough on.
    private Block _open = new(1);
    private Block _closed = new(2);
    private long _stamp = 2;

    /// <summary>A batch that ends at this offset is durable.</summary>
    public void Add(long batch, ReadOnlySpan<DirectoryRecord> records, Dictionary<int, GroupLog> groups, long start, long end)
    {
        _open.Begin(batch, start);
        foreach (ref readonly DirectoryRecord record in records)
        {
            if (record.Kind == RecordKind.LossAccepted)
            {
                _open.Records.Append(record);
            }
            else if (groups.TryGetValue(record.Group.Value, out GroupLog? group))
            {
                _open.Records.Add(record, group.Echoed);
            }
            else
            {
                // Removed by this very batch: what came before it in the block no longer matters.
                _open.Records.Append(record);
            }
        }

        _open.LastBatch = batch;
        _open.End = end;
        if (_closed.IsEmpty && end - _open.Start >= DistanceBytes)
        {
            (_open, _closed) = (_closed, _open);
        }
    }

    /// <summary>Adds to a directory at this offset what it should repeat. Returns whether it did; then <see cref="Written"/> follows.</summary>
    public bool Encode(ByteBuffer directory, long offset)
    {
        if (_closed.IsEmpty || offset - _closed.End < DistanceBytes)
        {
            return false;
        }

        _closed.Encode(directory);
        return true;
    }

    /// <summary>Everything that was not repeated yet, for a seal.</summary>
    public void EncodeAll(ByteBuffer directory)
    {
        _closed.Encode(directory);
        _open.Encode(directory);
    }

    public void Written() => _closed.Clear(++_stamp);

    /// <summary>A seal repeated everything, or a checkpoint made it needless.</summary>
    public void Clear()
    {
        _closed.Clear(++_stamp);
        _open.Clear(++_stamp);
    }

    private sealed class Block(long stamp)
    {
        public RecordList Records { get; } = new(stamp);

        public long FirstBatch { get; private set; }

        public long LastBatch { get; set; }

        public long Start { get; private set; }

        public long End { get; set; }

        public bool IsEmpty => FirstBatch == 0;

        public void Begin(long batch, long start)
        {
            if (IsEmpty)
            {
                FirstBatch = batch;
                Start = start;
            }
        }

        public void Clear(long stamp)
        {
            FirstBatch = 0;
            Records.Reset(stamp);
        }

        public void Encode(ByteBuffer directory)
        {
            if (!IsEmpty)
            {
                DirectoryRecord.Echo(FirstBatch, LastBatch).Encode(directory);
                foreach (ref readonly DirectoryRecord record in Records.Records)
                {
                    record.Encode(directory);
                }
            }
        }
    }
}
