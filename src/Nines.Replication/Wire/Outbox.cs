using Nines.Kernel;

namespace Nines.Replication.Wire;

/// <summary>
/// Gathers a turn's messages into one frame per peer. A frame is a sequence of sub-messages: kind (1 byte), length (4 bytes,
/// little-endian), body. Messages that promise something about the disk wait in <see cref="Deferred"/> until it is durable.
/// </summary>
internal sealed class Outbox(INetwork network, bool separateFrames)
{
    /// <summary>A frame is sent on as soon as it is this large, so that bulk does not pile up in one turn.</summary>
    public const int FrameBytes = 1 << 20;

    private readonly SortedList<int, ByteBuffer> _peers = [];
    private readonly ByteBuffer _single = new(4096);
    private ByteBuffer? _open;
    private NodeId _to;
    private int _start;

    /// <summary>Peers that were sent something since this was last cleared; they need no separate sign of life.</summary>
    public HashSet<int> Spoken { get; } = [];

    /// <summary>Starts a sub-message; write its body into the buffer, then call <see cref="Close"/>.</summary>
    public ByteBuffer Open(NodeId to, byte kind)
    {
        Invariant.Assert(_open is null);
        _to = to;
        _open = separateFrames ? _single : BufferOf(to);
        _start = _open.Length;
        SubMessage.Begin(_open, kind);
        return _open;
    }

    public void Close()
    {
        Invariant.Assert(_open is not null);
        SubMessage.End(_open, _start);
        ByteBuffer buffer = _open;
        _open = null;
        if (separateFrames || buffer.Length >= FrameBytes)
        {
            SendNow(_to, buffer);
        }
    }

    /// <summary>Sends what messages waited for the disk.</summary>
    public void Release(Deferred deferred)
    {
        foreach ((NodeId to, int from, int length) in deferred.Messages)
        {
            ReadOnlySpan<byte> bytes = deferred.Bytes.Written.Slice(from, length);
            if (separateFrames)
            {
                network.Send(to, bytes);
                continue;
            }

            ByteBuffer buffer = BufferOf(to);
            buffer.Raw(bytes);
            if (buffer.Length >= FrameBytes)
            {
                SendNow(to, buffer);
            }
        }

        deferred.Clear();
    }

    /// <summary>Ends the turn: one send per peer that has something.</summary>
    public void Flush()
    {
        for (int i = 0; i < _peers.Count; i++)
        {
            ByteBuffer buffer = _peers.GetValueAtIndex(i);
            if (buffer.Length > 0)
            {
                SendNow(new(_peers.GetKeyAtIndex(i)), buffer);
            }
        }
    }

    private void SendNow(NodeId to, ByteBuffer buffer)
    {
        // A full queue or a broken connection loses the message. Every protocol above repeats what matters.
        network.Send(to, buffer.Written);
        Spoken.Add(to.Value);
        buffer.Clear();
    }

    private ByteBuffer BufferOf(NodeId to)
    {
        if (!_peers.TryGetValue(to.Value, out ByteBuffer? buffer))
        {
            buffer = new(16 * 1024);
            _peers.Add(to.Value, buffer);
        }

        return buffer;
    }
}

/// <summary>Messages that may leave only when a certain flush is durable: votes, acknowledgements.</summary>
internal sealed class Deferred
{
    private int _start;

    public ByteBuffer Bytes { get; } = new(4096);

    public List<(NodeId To, int From, int Length)> Messages { get; } = new(64);

    public bool IsEmpty => Messages.Count == 0;

    public ByteBuffer Open(byte kind)
    {
        _start = Bytes.Length;
        SubMessage.Begin(Bytes, kind);
        return Bytes;
    }

    public void Close(NodeId to)
    {
        SubMessage.End(Bytes, _start);
        Messages.Add((to, _start, Bytes.Length - _start));
    }

    public void MoveTo(Deferred other)
    {
        foreach ((NodeId to, int from, int length) in Messages)
        {
            other.Messages.Add((to, other.Bytes.Length, length));
            other.Bytes.Raw(Bytes.Written.Slice(from, length));
        }

        Clear();
    }

    public void Clear()
    {
        Bytes.Clear();
        Messages.Clear();
    }
}

/// <summary>The header of a sub-message.</summary>
internal static class SubMessage
{
    public const int HeaderBytes = 5;

    public static void Begin(ByteBuffer buffer, byte kind)
    {
        buffer.Byte(kind);
        buffer.Fixed32(0);
    }

    public static void End(ByteBuffer buffer, int start) =>
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(
            buffer.Patch(start + 1, 4), (uint)(buffer.Length - start - HeaderBytes));

    /// <summary>Takes the next sub-message off a frame. False at the end, or when the rest is malformed (it is then dropped).</summary>
    public static bool TryNext(ref ReadOnlyMemory<byte> frame, out byte kind, out ReadOnlyMemory<byte> body)
    {
        kind = 0;
        body = default;
        if (frame.Length < HeaderBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = frame.Span;
        uint length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]);
        if (length > frame.Length - HeaderBytes)
        {
            return false;
        }

        kind = bytes[0];
        body = frame.Slice(HeaderBytes, (int)length);
        frame = frame[(HeaderBytes + (int)length)..];
        return true;
    }
}
