using System.Buffers.Binary;
using System.Security.Cryptography;
using Nines.Kernel;

namespace Nines.Replication.Requests;

/// <summary>
/// Draws ids for requests that bring none: milliseconds and a count in front, as RFC 9562, section 5.7, has it, then chance, and the
/// node's number last. No two starts of any node draw the same one. Ids of one time are neighbours in the state wherever they were drawn, and
/// those of one node rise and end alike, which is how a sorted memtable finds the place of the next one beside that of the last.
/// </summary>
internal sealed class FreshIds
{
    private const int CountBits = 16;

    private readonly TimeProvider _clock;
    private readonly ulong _low;
    private long _last;

    public FreshIds(NodeId node, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _low = (BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) & ~0xFFUL) | (byte)node.Value;
    }

    /// <summary>Larger than all before it from here, also when the clock is set back. Any thread.</summary>
    public RequestId Next()
    {
        long time = _clock.GetUtcNow().ToUnixTimeMilliseconds() << CountBits;
        while (true)
        {
            long last = Volatile.Read(ref _last);
            long next = Math.Max(last + 1, time);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                return new(new UInt128((ulong)next, _low));
            }
        }
    }
}
