using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>How far a flush came.</summary>
internal enum FlushStage
{
    Writing,
    Syncing,
    Done,
}

/// <summary>
/// The work of making one batch durable: all bytes in one contiguous write, then the sync. A seal has only the write. The log has one of
/// these and uses it again; between <see cref="SegmentedLog.BeginFlush"/> and <see cref="SegmentedLog.EndFlush"/> it owns the
/// batch and the segment's file.
/// </summary>
public sealed class LogFlush : IBackgroundWork
{
    private const int OutputBytes = 64 << 10;

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly long _life;
    private ByteBuffer _output = new(OutputBytes);

    internal LogFlush(IDisk disk, string directory, long life)
    {
        _disk = disk;
        _directory = directory;
        _life = life;
    }

    /// <summary>The bytes this flush writes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Everything appended up to this batch is durable when the flush has ended well.</summary>
    public long Batch { get; private set; }

    /// <summary>Writes a seal instead of a batch: nothing waits for it.</summary>
    public bool IsSeal => Staging == null;

    internal FlushStage Stage { get; private set; }

    private bool IsFirst => Segment.Offset == LogFormat.SegmentHeaderBytes;

    internal LogSegment Segment { get; private set; } = null!;

    /// <summary>The batch; null for a seal.</summary>
    internal LogStaging? Staging { get; private set; }

    internal ByteBuffer Directory { get; } = new(4 << 10);

    /// <inheritdoc/>
    public bool Step()
    {
        switch (Stage)
        {
            case FlushStage.Writing:
                Write();
                Stage = IsSeal ? FlushStage.Done : FlushStage.Syncing;
                return !IsSeal;
            case FlushStage.Syncing:
                Segment.File!.Sync();
                if (!Segment.NameIsDurable)
                {
                    _disk.SyncDirectory(_directory);
                    Segment.NameIsDurable = true;
                }

                Stage = FlushStage.Done;
                return false;
            case FlushStage.Done:
                break;
        }

        Invariant.Assert(Stage != FlushStage.Done);
        return false;
    }

    internal void Prepare(LogSegment segment, LogStaging? staging, long batch, int bytesKept)
    {
        if (_output.Capacity > bytesKept)
        {
            // The output is as large as the largest batch; it is dropped when a burst is over.
            _output = new ByteBuffer(OutputBytes);
        }

        Segment = segment;
        Staging = staging;
        Batch = batch;
        Bytes = BatchBytes(staging, IsFirst);
        Rewind();
    }

    /// <summary>Nothing was synced: the same bytes go to the same place once more.</summary>
    internal void Rewind() => Stage = FlushStage.Writing;

    internal long BatchBytes(LogStaging? staging, bool first)
    {
        long piece = LogFormat.PieceBytes + LogFormat.Padded(Directory.Length, LogFormat.PieceAlignment);
        return staging == null ? piece : (2 * piece) + FramesBytes(staging, first);
    }

    /// <summary>
    /// A segment's first batch is long, so that its two directories lie apart by more than a page: they hold the checkpoint,
    /// which no echo repeats.
    /// </summary>
    private static int FramesBytes(LogStaging staging, bool first)
    {
        int frames = LogFormat.Padded(staging.Frames.Length, LogFormat.PieceAlignment);
        return first ? Math.Max(frames, LogEcho.DistanceBytes) : frames;
    }

    private void Write()
    {
        LogSegment segment = Segment;
        _output.Clear();
        if (IsFirst)
        {
            new SegmentHeader(true, segment.Sequence, Batch, _life).Write(_output.GetSpan(LogFormat.SegmentHeaderBytes));
            _output.Advance(LogFormat.SegmentHeaderBytes);
        }

        if (Staging == null)
        {
            WritePiece(LogFormat.SealMagic, 0);
        }
        else
        {
            int frames = FramesBytes(Staging, IsFirst);
            WritePiece(LogFormat.HeadMagic, frames);
            _output.Raw(Staging.Frames.Written);
            Pad(frames - Staging.Frames.Length);
            WritePiece(LogFormat.TailMagic, frames);
        }

        segment.File ??= _disk.Open(segment.Path, DiskOpen.CreateAppend);
        segment.File.Write(IsFirst ? 0 : segment.Offset, _output.Written);
    }

    private void WritePiece(uint magic, int frames)
    {
        var piece = new LogPiece(
            magic, Segment.Sequence, Batch, Segment.Offset, Directory.Length, frames, Crc32C.Of(Directory.Written));
        piece.Write(_output.GetSpan(LogFormat.PieceBytes));
        _output.Advance(LogFormat.PieceBytes);
        _output.Raw(Directory.Written);
        Pad(LogFormat.Padded(Directory.Length, LogFormat.PieceAlignment) - Directory.Length);
    }

    private void Pad(int count)
    {
        _output.GetSpan(Math.Max(count, 1))[..count].Clear();
        _output.Advance(count);
    }
}
