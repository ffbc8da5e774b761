using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// A batch that is being filled: frames as they will be on the disk, and the records of its directory. Two of these take turns;
/// filling one allocates nothing once it has grown.
/// </summary>
internal sealed class LogStaging(long batch)
{
    private const int FramesCapacity = 64 << 10;

    private readonly RecordList _records = new(batch);

    /// <summary>The number this batch will have.</summary>
    public long Batch => _records.Stamp;

    public ByteBuffer Frames { get; private set; } = new(FramesCapacity);

    public ReadOnlySpan<DirectoryRecord> Records => _records.Records;

    public bool IsEmpty => _records.Count == 0;

    public void Reset(long number, int bytesKept)
    {
        _records.Reset(number);
        Frames.Clear();
        if (Frames.Capacity > bytesKept)
        {
            Frames = new ByteBuffer(FramesCapacity);
        }
    }

    public void Add(GroupLog group, in DirectoryRecord record) => _records.Add(record, group.Staged);

    public void LossAccepted() => _records.Append(DirectoryRecord.LossAccepted());

    /// <summary>Adds an entry's frame; its record says whether it is a new entry or a repair.</summary>
    public void AddFrame(GroupLog group, in DirectoryRecord record, in LogEntry entry)
    {
        _records.Add(record, group.Staged);
        LogFrame.Append(Frames, Batch, group.Group, entry);
    }
}
