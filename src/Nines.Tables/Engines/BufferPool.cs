using System.Collections.Concurrent;
using Nines.Kernel;

namespace Nines.Tables.Engines;

/// <summary>Byte buffers that are used again. Large ones are let go, so that a burst of large items does not stay in memory.</summary>
internal sealed class BufferPool
{
    private const int KeptMax = 256;
    private const int KeptBytesMax = 64 * 1024;

    private readonly ConcurrentQueue<ByteBuffer> _buffers = new();

    public static BufferPool Shared { get; } = new();

    public ByteBuffer Rent() => _buffers.TryDequeue(out ByteBuffer? buffer) ? buffer : new ByteBuffer(1024);

    public void Return(ByteBuffer buffer)
    {
        if (buffer.Capacity <= KeptBytesMax && _buffers.Count < KeptMax)
        {
            buffer.Clear();
            _buffers.Enqueue(buffer);
        }
    }
}
