using System.Runtime.InteropServices;

namespace Nines.Loops;

/// <summary>The events of one wait, whatever the kernel's layout.</summary>
internal sealed class EpollEvents(int capacity)
{
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly byte[] _bytes = new byte[capacity * EventBytes];

    public int Wait(int epoll, int timeoutMs) => Libc.EpollWait(epoll, ref _bytes[0], capacity, timeoutMs);

    public (uint Events, int Descriptor, int Life) this[int index]
    {
        get
        {
            ReadOnlySpan<byte> one = _bytes.AsSpan(index * EventBytes, EventBytes);
            return (BitConverter.ToUInt32(one), BitConverter.ToInt32(one[(EventBytes - 8)..]), BitConverter.ToInt32(one[(EventBytes - 4)..]));
        }
    }
}
