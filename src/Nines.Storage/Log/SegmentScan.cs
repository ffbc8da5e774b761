using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>A batch as found in a segment's bytes: the head, the tail, or both.</summary>
internal sealed class ScannedBatch
{
    public LogPiece? Head { get; set; }

    public LogPiece? Tail { get; set; }

    /// <summary>Either; they say the same.</summary>
    public LogPiece Piece => Head ?? Tail!.Value;
}

/// <summary>
/// Everything in a segment's bytes that proves by its checksum to belong there. Behind damage the search goes on at every place a
/// piece may begin, to the end of the file, so that nothing later is missed. Any bytes may come; what they claim is checked against what is there.
/// </summary>
internal sealed class SegmentScan
{
    private SegmentScan(long sequence, byte[] bytes)
    {
        Sequence = sequence;
        Bytes = bytes;
    }

    public long Sequence { get; }

    public byte[] Bytes { get; }

    /// <summary>The header is intact and is this segment's; then <see cref="FirstBatch"/> is known.</summary>
    public bool HasHeader { get; private set; }

    /// <summary>The number of the first batch; without a header the lowest that was found. 0: nothing was.</summary>
    public long FirstBatch { get; private set; }

    /// <summary>By number.</summary>
    public SortedDictionary<long, ScannedBatch> Batches { get; } = [];

    public List<LogPiece> Seals { get; } = [];

    /// <summary>The highest batch that a seal calls durable.</summary>
    public long Sealed { get; private set; }

    /// <summary>Behind the last piece.</summary>
    public long End { get; private set; } = LogFormat.SegmentHeaderBytes;

    /// <summary>Something was written here since the file got this segment's name.</summary>
    public bool Started => HasHeader || Batches.Count > 0;

    /// <summary>Batches up to this one were durable: a later one, or a seal, was written after them.</summary>
    public long Proven => Math.Max(Sealed, Batches.Count == 0 ? 0 : Batches.Keys.Last() - 1);

    /// <summary>Pages the device would not give; they read as zeros.</summary>
    public IReadOnlyList<long> UnreadablePages { get; private set; } = [];

    public static SegmentScan Of(long sequence, byte[] bytes, IReadOnlyList<long> unreadablePages)
    {
        var scan = new SegmentScan(sequence, bytes) { UnreadablePages = unreadablePages };
        if (SegmentHeader.Read(bytes, sequence) is { Started: true } header)
        {
            scan.HasHeader = true;
            scan.FirstBatch = header.Batch;
        }

        scan.FindPieces();
        if (!scan.HasHeader && scan.Batches.Count > 0)
        {
            scan.FirstBatch = scan.Batches.Keys.First();
        }

        return scan;
    }

    public bool IsUnreadable(long from, long to)
    {
        foreach (long page in UnreadablePages)
        {
            if (page < to && page + SegmentFile.PageBytes > from)
            {
                return true;
            }
        }

        return false;
    }

    private void FindPieces()
    {
        long at = LogFormat.SegmentHeaderBytes;
        while (at + LogFormat.PieceBytes <= Bytes.Length)
        {
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan((int)at));
            if (magic is not (LogFormat.HeadMagic or LogFormat.TailMagic or LogFormat.SealMagic)
                || !LogPiece.TryRead(Bytes, Sequence, (int)at, out LogPiece piece))
            {
                at += LogFormat.PieceAlignment;
                continue;
            }

            // Behind a head the search jumps over the frames, whose payloads may look like anything.
            at = Take(piece, at) && piece.Magic == LogFormat.HeadMagic ? piece.TailOffset : at + LogFormat.PieceAlignment;
        }
    }

    private bool Take(in LogPiece piece, long at)
    {
        long end = piece.Magic == LogFormat.HeadMagic ? piece.TailOffset : at + piece.Size;
        End = Math.Max(End, Math.Min(end, Bytes.Length));
        if (piece.Magic == LogFormat.SealMagic)
        {
            Seals.Add(piece);
            Sealed = Math.Max(Sealed, piece.Batch);
            return true;
        }

        if (!Batches.TryGetValue(piece.Batch, out ScannedBatch? batch))
        {
            batch = new ScannedBatch();
            Batches.Add(piece.Batch, batch);
        }
        else if (batch.Piece.BatchOffset != piece.BatchOffset || batch.Piece.FramesBytes != piece.FramesBytes
            || batch.Piece.DirectoryBytes != piece.DirectoryBytes)
        {
            return false;
        }

        if (piece.Magic == LogFormat.HeadMagic)
        {
            batch.Head = piece;
        }
        else
        {
            batch.Tail = piece;
        }

        return true;
    }
}

/// <summary>
/// Reads whole segment files, as far as the device gives them. What it gives out is good until the next read: segments are large
/// and mostly of one size, so one buffer serves them all.
/// </summary>
internal sealed class SegmentFile
{
    public const int PageBytes = 4096;
    private const int ChunkBytes = 1 << 20;

    private byte[] _bytes = [];

    /// <summary>The bytes, with zeros for pages that cannot be read, whose offsets go to the list.</summary>
    public byte[] Read(IDisk disk, string path, List<long> unreadablePages)
    {
        using IDiskFile file = disk.Open(path, DiskOpen.Read);
        int length = (int)Math.Min(file.Length, Array.MaxLength);
        byte[] bytes = _bytes.Length == length ? _bytes : new byte[length];
        _bytes = bytes;
        for (int at = 0; at < bytes.Length; at += ChunkBytes)
        {
            Span<byte> chunk = bytes.AsSpan(at, Math.Min(ChunkBytes, bytes.Length - at));
            if (!TryRead(file, at, chunk))
            {
                ReadPages(file, at, chunk, unreadablePages);
            }
        }

        return bytes;
    }

    private static void ReadPages(IDiskFile file, long from, Span<byte> chunk, List<long> unreadablePages)
    {
        for (int at = 0; at < chunk.Length; at += PageBytes)
        {
            Span<byte> page = chunk.Slice(at, Math.Min(PageBytes, chunk.Length - at));
            if (!TryRead(file, from + at, page))
            {
                page.Clear();
                unreadablePages.Add(from + at);
            }
        }
    }

    private static bool TryRead(IDiskFile file, long at, Span<byte> target)
    {
        try
        {
            target[file.Read(at, target)..].Clear();
            return true;
        }
        catch (DiskException e) when (e.Failure == DiskFailure.Device)
        {
            return false;
        }
    }
}
