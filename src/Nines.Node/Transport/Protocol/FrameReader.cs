using System.Buffers.Binary;
using Nines.Kernel;

namespace Nines.Node.Transport.Protocol;

/// <summary>
/// Cuts a byte stream into frames, wherever the reads split it. The caller fills <see cref="Free"/>, says
/// <see cref="Received"/> how much, and takes frames with <see cref="TryNext"/> until it says otherwise than
/// <see cref="FrameResult.Frame"/>. A result that tells of damage is final: the stream has no further frames.
/// <para>Frames are slices of the receive buffer and are never overwritten, so the receiver may keep them without copying; many
/// small frames share one array. Memory grows with what arrived, never with what a length field claims.</para>
/// </summary>
public sealed class FrameReader(int maxPayloadBytes = FrameFormat.MaxPayloadBytes, int chunkBytes = FrameReader.ChunkBytes)
{
    /// <summary>One receive buffer; below the large object heap's 85 000 bytes.</summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>A receive into less room than this is not worth its system call: the rest moves to a new buffer first.</summary>
    private const int MinFreeBytes = 2 * 1024;

    private byte[] _chunk = new byte[Math.Max(chunkBytes, FrameFormat.HeaderBytes)];
    private int _start;
    private int _end;
    private FrameResult _damage = FrameResult.NeedMore;

    /// <summary>May be raised once a peer has proven who it is.</summary>
    public int MaxPayloadBytes { get; set; } = maxPayloadBytes;

    /// <summary>Bytes received that no frame has taken yet.</summary>
    public int Pending => _end - _start;

    /// <summary>Room for the next receive; never empty.</summary>
    public Memory<byte> Free
    {
        get
        {
            // A long frame moves to the front of a buffer once, and then only when the buffer is full: a peer that sends byte by byte
            // must not cost a buffer for each.
            int missing = MissingBytes();
            int free = _chunk.Length - _end;
            bool move = missing <= free
                ? free < MinFreeBytes && Pending <= MinFreeBytes
                : free < MinFreeBytes || (_start > 0 && Pending < free);
            if (move)
            {
                MoveToNewChunk(missing);
            }

            return _chunk.AsMemory(_end);
        }
    }

    public void Received(int count)
    {
        Invariant.Assert(count >= 0 && count <= _chunk.Length - _end);
        _end += count;
    }

    public FrameResult TryNext(out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        if (_damage != FrameResult.NeedMore || Pending < FrameFormat.HeaderBytes)
        {
            return _damage;
        }

        ReadOnlySpan<byte> header = _chunk.AsSpan(_start, FrameFormat.HeaderBytes);
        if (Crc32C.Of(header[..4]) != BinaryPrimitives.ReadUInt32LittleEndian(header[4..]))
        {
            return _damage = FrameResult.BadHeader;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length > MaxPayloadBytes)
        {
            return _damage = FrameResult.TooLong;
        }

        if (Pending - FrameFormat.HeaderBytes < length)
        {
            return FrameResult.NeedMore;
        }

        ReadOnlyMemory<byte> whole = _chunk.AsMemory(_start + FrameFormat.HeaderBytes, (int)length);
        if (Crc32C.Of(whole.Span) != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
        {
            return _damage = FrameResult.BadPayload;
        }

        _start += FrameFormat.HeaderBytes + (int)length;
        payload = whole;
        return FrameResult.Frame;
    }

    /// <summary>How many more bytes the frame at the start needs, as far as its header (when it is there) can be believed.</summary>
    private int MissingBytes()
    {
        if (Pending < FrameFormat.HeaderBytes)
        {
            return FrameFormat.HeaderBytes - Pending;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_chunk.AsSpan(_start));
        return length > MaxPayloadBytes ? 1 : Math.Max(FrameFormat.HeaderBytes + (int)length - Pending, 1);
    }

    /// <summary>Delivered frames keep the old array alive for as long as somebody holds them; only the unfinished frame moves.</summary>
    private void MoveToNewChunk(int missing)
    {
        // Twice what is there, at most: a peer that announces 64 MiB and sends 100 bytes costs one ordinary buffer.
        int wanted = Math.Min(Pending + missing, Math.Max(2 * Pending, chunkBytes));
        byte[] next = new byte[Math.Max(wanted, Math.Max(chunkBytes, Pending + 1))];
        _chunk.AsSpan(_start, Pending).CopyTo(next);
        _end = Pending;
        _start = 0;
        _chunk = next;
    }
}
