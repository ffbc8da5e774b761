using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// One entry in a batch. The header's checksum also covers the batch's number and the frame's place in it, which are not stored,
/// so a whole frame in the wrong place fails; the payload has a checksum of its own, so damage in it leaves the header readable.
/// </summary>
internal readonly record struct LogFrame(GroupId Group, LogPosition Position, EntryKind Kind, int PayloadOffset, int PayloadBytes)
{
    public int Size => LogFormat.FrameBytes + LogFormat.Padded(PayloadBytes, LogFormat.FrameAlignment);

    public static void Append(ByteBuffer frames, long batch, GroupId group, in LogEntry entry)
    {
        ReadOnlySpan<byte> payload = entry.Payload.Span;
        int at = frames.Length;
        int size = LogFormat.FrameBytes + LogFormat.Padded(payload.Length, LogFormat.FrameAlignment);
        Span<byte> target = frames.GetSpan(size)[..size];
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Crc32C.Of(payload));
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], group.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], entry.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], entry.Index.Value);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], (int)entry.Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(target, HeaderCrc(target, batch, at));
        payload.CopyTo(target[LogFormat.FrameBytes..]);
        target[(LogFormat.FrameBytes + payload.Length)..].Clear();
        frames.Advance(size);
    }

    /// <summary>Reads the header at an offset of a batch's frames. The payload is not looked at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frames, long batch, int at, out LogFrame frame)
    {
        frame = default;
        if (frames.Length - at < LogFormat.FrameBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> header = frames.Slice(at, LogFormat.FrameBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != HeaderCrc(header, batch, at))
        {
            return false;
        }

        int payloadBytes = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        int kind = BinaryPrimitives.ReadInt32LittleEndian(header[32..]);
        frame = new LogFrame(
            new GroupId(BinaryPrimitives.ReadInt32LittleEndian(header[12..])),
            new LogPosition(
                new Term(BinaryPrimitives.ReadInt64LittleEndian(header[16..])),
                new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(header[24..]))),
            (EntryKind)kind,
            at + LogFormat.FrameBytes,
            payloadBytes);
        return payloadBytes >= 0 && kind is >= 0 and <= byte.MaxValue && payloadBytes <= frames.Length - at - LogFormat.FrameBytes;
    }

    public bool PayloadIsIntact(ReadOnlySpan<byte> frames, int at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frames[(at + 8)..]) == Crc32C.Of(frames.Slice(PayloadOffset, PayloadBytes));

    private static uint HeaderCrc(ReadOnlySpan<byte> header, long batch, int at)
    {
        ReadOnlySpan<long> place = [batch, at];
        uint state = Crc32C.Add(Crc32C.Start, MemoryMarshal.AsBytes(place));
        return Crc32C.Finish(Crc32C.Add(state, header[4..LogFormat.FrameBytes]));
    }
}
