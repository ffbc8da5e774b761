using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>What can be read of one batch: its records, from either copy of the directory, and the frames that are intact.</summary>
internal sealed class ScannedContent
{
    private readonly List<DirectoryRecord> _scratch = [];

    /// <summary>Valid when <see cref="HasDirectory"/>.</summary>
    public List<DirectoryRecord> Records { get; } = [];

    public List<LogFrame> Frames { get; } = [];

    public bool HasDirectory { get; private set; }

    /// <summary>Head, tail, both directories and every frame are intact.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>How many frames the records speak of.</summary>
    public long FramesPromised => Promised(Records);

    public int DamagedPlaces { get; private set; }

    public void Read(SegmentScan scan, ScannedBatch batch)
    {
        ReadDirectory(scan, batch);
        Frames.Clear();

        long frames = Math.Clamp(scan.Bytes.Length - batch.Piece.FramesOffset, 0, batch.Piece.FramesBytes);
        if (frames > 0)
        {
            ReadFrames(scan.Bytes.AsSpan((int)batch.Piece.FramesOffset, (int)frames), batch.Piece.Batch);
        }

        IsComplete = DamagedPlaces == 0 && Frames.Count == FramesPromised;
    }

    /// <summary>Reads the records only. False when neither copy is whole.</summary>
    public bool ReadDirectory(SegmentScan scan, ScannedBatch batch)
    {
        Records.Clear();
        bool head = TryDirectory(scan, batch.Head, batch.Piece.BatchOffset);
        bool tail = TryDirectory(scan, batch.Tail, batch.Piece.TailOffset);
        HasDirectory = head || tail;
        DamagedPlaces = (head ? 0 : 1) + (tail ? 0 : 1);
        return HasDirectory;
    }

    /// <summary>Reads what a seal repeats.</summary>
    public bool ReadSeal(SegmentScan scan, in LogPiece seal)
    {
        Records.Clear();
        HasDirectory = TryDirectory(scan, seal, seal.BatchOffset);
        return HasDirectory;
    }

    private bool TryDirectory(SegmentScan scan, LogPiece? piece, long at)
    {
        if (piece is not { } p || at + LogFormat.PieceBytes + p.DirectoryBytes > scan.Bytes.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = scan.Bytes.AsSpan((int)at + LogFormat.PieceBytes, p.DirectoryBytes);
        if (Crc32C.Of(bytes) != p.DirectoryCrc
            || !DirectoryRecord.TryDecode(bytes, _scratch) || Promised(_scratch) > p.FramesBytes / LogFormat.FrameBytes)
        {
            return false;
        }

        Records.Clear();
        Records.AddRange(_scratch);
        return true;
    }

    // An echo repeats earlier batches' records: their frames are there, not here.
    private static long Promised(List<DirectoryRecord> records)
    {
        long frames = 0;
        foreach (DirectoryRecord record in records)
        {
            if (record.Kind == RecordKind.Echo)
            {
                break;
            }

            long more = record.Kind == RecordKind.Run ? record.Count : record.Kind == RecordKind.Repair ? 1 : 0;
            frames = more > int.MaxValue ? int.MaxValue : Math.Min(int.MaxValue, frames + more);
        }

        return frames;
    }

    private void ReadFrames(ReadOnlySpan<byte> frames, long batch)
    {
        bool lost = false;
        for (int at = 0; at + LogFormat.FrameBytes <= frames.Length;)
        {
            if (LogFrame.TryRead(frames, batch, at, out LogFrame frame))
            {
                lost = false;
                if (frame.PayloadIsIntact(frames, at))
                {
                    Frames.Add(frame);
                }
                else
                {
                    DamagedPlaces++;
                }

                at += frame.Size;
            }
            else if (!lost && frames[at..].IndexOfAnyExcept((byte)0) < 0)
            {
                // Padding, unless a count says that frames are missing.
                break;
            }
            else
            {
                // Behind a damaged header the next whole frame is searched for: its checksum knows its place.
                DamagedPlaces += lost ? 0 : 1;
                lost = true;
                at += LogFormat.FrameAlignment;
            }
        }
    }
}
