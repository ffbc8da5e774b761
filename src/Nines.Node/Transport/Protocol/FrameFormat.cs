using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Node.Transport.Protocol;

/// <summary>
/// The frame between nodes. All numbers little-endian.
/// <code>
///   offset  size  field
///   0       4     length of the payload, 0 to <see cref="MaxPayloadBytes"/>
///   4       4     CRC-32C of the four length bytes
///   8       4     CRC-32C of the payload
///   12      n     payload
/// </code>
/// The length has a checksum of its own: a flipped length bit would otherwise leave the receiver waiting for megabytes that
/// never come, and a damaged link must break at once, not look idle.
/// </summary>
public static class FrameFormat
{
    public const int HeaderBytes = 12;

    /// <summary>The largest payload any node sends or takes. Snapshot chunks and append batches are cut well below it.</summary>
    public const int MaxPayloadBytes = 64 * 1024 * 1024;

    /// <summary>Appends one whole frame.</summary>
    public static void Write(ByteBuffer to, ReadOnlySpan<byte> payload)
    {
        Invariant.Assert(payload.Length <= MaxPayloadBytes);
        Span<byte> header = to.GetSpan(HeaderBytes + payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc32C.Of(header[..4]));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Of(payload));
        payload.CopyTo(header[HeaderBytes..]);
        to.Advance(HeaderBytes + payload.Length);
    }
}

/// <summary>What the next bytes of a stream of frames are.</summary>
public enum FrameResult
{
    /// <summary>The next frame is not complete yet.</summary>
    NeedMore,

    /// <summary>A whole frame with the right checksums.</summary>
    Frame,

    /// <summary>The length's checksum is wrong: damage, or not a stream of frames at all.</summary>
    BadHeader,

    /// <summary>The length is beyond what the reader takes.</summary>
    TooLong,

    /// <summary>The payload's checksum is wrong.</summary>
    BadPayload,
}
