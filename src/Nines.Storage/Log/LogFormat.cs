using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>The fixed numbers of the log's format, version 1. docs/formats/log.md draws it; golden bytes hold it still.</summary>
internal static class LogFormat
{
    public const ulong SegmentMagic = 0x474F4C53454E494E; // "NINESLOG"
    public const ulong PreparedMagic = 0x54584E53454E494E; // "NINESNXT"
    public const uint HeadMagic = 0x4842394E; // "N9BH"
    public const uint TailMagic = 0x5442394E; // "N9BT"
    public const uint SealMagic = 0x4C53394E; // "N9SL"
    public const uint Version = 1;

    /// <summary>Of headers. Those of version 1 did not name a life.</summary>
    public const uint HeaderVersion = 2;

    public const int SegmentHeaderBytes = 64;
    public const int PieceBytes = 48;
    public const int FrameBytes = 36;

    /// <summary>Heads, tails and seals begin at multiples of this, so that they are found again behind damage.</summary>
    public const int PieceAlignment = 16;

    /// <summary>Frames begin at multiples of this, relative to the first.</summary>
    public const int FrameAlignment = 4;

    private const string Suffix = ".log";
    private const int Digits = 16;

    public static int Padded(int bytes, int alignment) => (bytes + alignment - 1) / alignment * alignment;

    public static string SegmentName(long sequence) => sequence.ToString("x16") + Suffix;

    public static bool TryParseSegmentName(string name, out long sequence)
    {
        sequence = 0;
        return name.Length == Digits + Suffix.Length
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, Digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out sequence)
            && sequence > 0;
    }
}

/// <summary>
/// What begins a batch (head), repeats its directory behind the frames (tail), or says that all batches so far are durable (seal).
/// It names its segment, its batch and its own place, so bytes that strayed here from elsewhere or from earlier do not pass.
/// </summary>
internal readonly record struct LogPiece(
    uint Magic, long Segment, long Batch, long BatchOffset, int DirectoryBytes, int FramesBytes, uint DirectoryCrc)
{
    /// <summary>Head or tail with its padded directory.</summary>
    public int Size => LogFormat.PieceBytes + LogFormat.Padded(DirectoryBytes, LogFormat.PieceAlignment);

    public long FramesOffset => BatchOffset + Size;

    public long TailOffset => FramesOffset + FramesBytes;

    /// <summary>Behind the whole batch.</summary>
    public long BatchEnd => TailOffset + Size;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], LogFormat.Version);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Segment);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Batch);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], BatchOffset);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], DirectoryBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[36..], FramesBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[40..], DirectoryCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[44..], Crc32C.Of(target[..44]));
    }

    /// <summary>Reads the piece that lies at an offset of a segment, if one does that belongs there.</summary>
    public static bool TryRead(ReadOnlySpan<byte> segment, long sequence, int at, out LogPiece piece)
    {
        piece = default;
        if (segment.Length - at < LogFormat.PieceBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = segment.Slice(at, LogFormat.PieceBytes);
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (magic is not (LogFormat.HeadMagic or LogFormat.TailMagic or LogFormat.SealMagic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != LogFormat.Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]) != Crc32C.Of(bytes[..44]))
        {
            return false;
        }

        piece = new LogPiece(
            magic,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[40..]));
        return piece.Segment == sequence && piece.Batch > 0 && piece.FitsAt(at, segment.Length);
    }

    private bool FitsAt(int at, int segmentBytes)
    {
        bool sizes = DirectoryBytes >= 0 && FramesBytes >= 0 && DirectoryBytes <= segmentBytes && FramesBytes <= segmentBytes
            && FramesBytes % LogFormat.PieceAlignment == 0 && BatchOffset >= LogFormat.SegmentHeaderBytes;
        return sizes && at == (Magic == LogFormat.TailMagic ? TailOffset : BatchOffset);
    }
}
