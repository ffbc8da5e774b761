using Nines.Kernel;
using Nines.Loops;

namespace Nines.Node.Hosting;

/// <summary>Which event loop does what (docs/decisions/0008).</summary>
internal static class NodeLoop
{
    /// <summary>
    /// With so few processors a second thread that is busy takes the time of the first and costs a wake-up for each request;
    /// with more it is work done at the same time.
    /// </summary>
    private const int FewProcessors = 3;

    /// <summary>The loop of the reactor and its peers' connections.</summary>
    public static EventLoop New() => OperatingSystem.IsLinux() ? new EpollLoop("nines-loop") : new DoorbellLoop("nines-loop");

    /// <summary>The loops that doors are on; none: they make their own.</summary>
    public static IReadOnlyList<EventLoop> ForDoors(EventLoop loop) => Environment.ProcessorCount <= FewProcessors ? [loop] : [];
}
