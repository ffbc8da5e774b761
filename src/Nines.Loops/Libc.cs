using System.Runtime.InteropServices;

namespace Nines.Loops;

/// <summary>The few system calls of loops and their watchers (Linux; see epoll(7), eventfd(2), accept4(2), send(2)). Constants as on x86-64 and arm64.</summary>
internal static partial class Libc
{
    public const uint EpollIn = 0x1;
    public const uint EpollOut = 0x4;
    public const uint EpollErr = 0x8;
    public const uint EpollHup = 0x10;
    public const uint EpollPeerClosed = 0x2000;
    public const uint EpollExclusive = 1u << 28;
    public const uint EpollEdge = 1u << 31;

    public const int EpollAdd = 1;
    public const int EpollDelete = 2;

    public const int WouldBlock = 11;
    public const int Interrupted = 4;

    /// <summary>No memory, or too many descriptors in the system or the process, or no buffers.</summary>
    public static bool IsShortage(int error) => error is 12 or 23 or 24 or 105;

    /// <summary>No SIGPIPE: a peer that is gone is an ordinary error.</summary>
    public const int NoSignal = 0x4000;

    public const int ShutWrite = 1;

    private const nuint OutQueue = 0x5411;

    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int ProtocolTcp = 6;
    private const int TcpNoDelay = 1;

    public static int NewEpoll() => EpollCreate1(CloseOnExec);

    public static int NewEvent() => EventFd(0, CloseOnExec | NonBlocking);

    public static int Accept(int listener) => Accept4(listener, 0, 0, CloseOnExec | NonBlocking);

    public static void SetNoDelay(int socket)
    {
        int yes = 1;
        _ = SetSocketOption(socket, ProtocolTcp, TcpNoDelay, in yes, sizeof(int));
    }

    /// <summary>Bytes handed to the kernel that the peer has not taken yet (tcp(7), SIOCOUTQ); 0 when the socket is broken.</summary>
    public static int Unacknowledged(int socket) => InputOutputControl(socket, OutQueue, out int bytes) == 0 ? bytes : 0;

    /// <summary>The life comes back with each event, beside the descriptor.</summary>
    public static int Control(int epoll, int operation, int descriptor, uint events, int life)
    {
        var what = new EpollEvent { Events = events, Descriptor = descriptor, Life = life };
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            return EpollControl(epoll, operation, descriptor, ref what);
        }

        var padded = new EpollEventPadded { Events = events, Descriptor = descriptor, Life = life };
        return EpollControl(epoll, operation, descriptor, ref padded);
    }

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, ref byte events, int maxEvents, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, ref byte buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, ref readonly byte buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    public static partial int Shutdown(int socket, int how);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "write")]
    public static partial nint WriteEvent(int descriptor, ref readonly ulong count, nuint length);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate1(int flags);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint count, int flags);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(int socket, nint address, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetSocketOption(int socket, int level, int option, in int value, uint length);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int InputOutputControl(int descriptor, nuint request, out int value);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, ref EpollEvent what);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, ref EpollEventPadded what);

    /// <summary>On x86-64 the kernel's structure is packed; elsewhere it is not.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 12)]
    private struct EpollEvent
    {
        [FieldOffset(0)]
        public uint Events;

        [FieldOffset(4)]
        public int Descriptor;

        [FieldOffset(8)]
        public int Life;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct EpollEventPadded
    {
        [FieldOffset(0)]
        public uint Events;

        [FieldOffset(8)]
        public int Descriptor;

        [FieldOffset(12)]
        public int Life;
    }
}
