using System.Runtime.InteropServices;

namespace Nines.Node.Hosting;

/// <summary>
/// How many files and sockets this process may have open, and how many of them clients may take. Without room for one more socket a
/// new client waits for an answer that does not come; with a limit below that it is turned away at once.
/// </summary>
/// <param name="Descriptors">The runtime raises the soft limit to the hard one when it starts, so this is all there is.</param>
public readonly partial record struct DescriptorLimit(long Descriptors)
{
    /// <summary>For the log, tables, peers and the runtime, of a limit that is not tiny.</summary>
    private const long LeastOwn = 256;

    /// <summary>The admin API is for people and supervisors: few of them, who must get in while the tables door is full.</summary>
    private const int AdminShare = 8;

    private const int LeastConnections = 8;

    public static DescriptorLimit OfProcess() => new(
        Native.GetResourceLimit(Native.OpenFiles, out Native.ResourceLimit limit) == 0 ? (long)Math.Min(limit.Soft, long.MaxValue) : long.MaxValue);

    /// <summary>What clients may take: a quarter is the node's own, for its tables become more with the data.</summary>
    private long Clients => Descriptors - Math.Max(Math.Min(LeastOwn, Descriptors / 2), Descriptors / 4);

    public int AdminConnections(int wanted) => (int)Math.Clamp(Clients / AdminShare, LeastConnections, wanted);

    public int TablesConnections(int wanted) => (int)Math.Clamp(Clients - AdminConnections(wanted), LeastConnections, wanted);

    private static partial class Native
    {
        public const int OpenFiles = 7;

        [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int GetResourceLimit(int resource, out ResourceLimit limit);

        [StructLayout(LayoutKind.Sequential)]
        public struct ResourceLimit
        {
            public ulong Soft;
            public ulong Hard;
        }
    }
}
