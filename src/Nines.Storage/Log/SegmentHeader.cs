using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>How a segment file begins.</summary>
/// <param name="Started">Batches follow. Else the file was made ready and not used yet.</param>
/// <param name="Sequence">The segment's number.</param>
/// <param name="Batch">Of a started segment its first batch. Of a prepared one a batch that was durable when this was written.</param>
/// <param name="Life">
/// Which life of the data directory it belongs to: numbers of segments and batches begin again when a directory is wiped.
/// </param>
internal readonly record struct SegmentHeader(bool Started, long Sequence, long Batch, long Life)
{
    public void Write(Span<byte> target)
    {
        target = target[..LogFormat.SegmentHeaderBytes];
        target.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, Started ? LogFormat.SegmentMagic : LogFormat.PreparedMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], LogFormat.HeaderVersion);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Batch);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Life);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], Crc32C.Of(target[..60]));
    }

    /// <summary>Null: no whole header of this version, or that of another segment, whose file this was before it was recycled.</summary>
    public static SegmentHeader? Read(ReadOnlySpan<byte> bytes, long sequence)
    {
        if (VersionOf(bytes) != LogFormat.HeaderVersion)
        {
            return null;
        }

        var header = new SegmentHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes) == LogFormat.SegmentMagic,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
        return header.Sequence == sequence && header.Batch is >= 0 and < long.MaxValue && (header.Batch > 0 || !header.Started)
            ? header
            : null;
    }

    /// <summary>The version of a whole header; null when the bytes are none.</summary>
    public static uint? VersionOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= LogFormat.SegmentHeaderBytes
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes) is LogFormat.SegmentMagic or LogFormat.PreparedMagic
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) == Crc32C.Of(bytes[..60])
            ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])
            : null;
}
