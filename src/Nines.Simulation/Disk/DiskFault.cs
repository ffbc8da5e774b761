using System.IO.Enumeration;
using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <summary>What an injected fault does.</summary>
public enum DiskFaultKind
{
    /// <summary>
    /// A sync throws. As on Linux, the pages are marked clean though they never reached the device: reads still show
    /// them, a later sync returns without error, and the next power loss takes them away.
    /// </summary>
    SyncFails,

    /// <summary>A sync returns without error and stores nothing (phantom write).</summary>
    SyncLies,

    /// <summary>A sync stores one of its pages in the place of another page of the same file.</summary>
    SyncMisdirects,

    /// <summary>A read that touches the range throws (bad sector).</summary>
    ReadFails,

    /// <summary>A write throws and stores nothing.</summary>
    WriteFails,

    /// <summary>A sync of a directory throws; its names are as durable as they were.</summary>
    SyncDirectoryFails,
}

/// <summary>A fault waiting for a file whose path matches. It fires <see cref="TimesLeft"/> more times, unless lifted.</summary>
public sealed class DiskFault
{
    /// <summary>As <see cref="TimesLeft"/>: fires until it is lifted.</summary>
    public const int UntilLifted = int.MaxValue;

    public required DiskFaultKind Kind { get; init; }

    /// <summary>A path, or a directory for <see cref="DiskFaultKind.SyncDirectoryFails"/>; '*' stands for anything.</summary>
    public required string Pattern { get; init; }

    public DiskFailure Failure { get; init; } = DiskFailure.Device;

    /// <summary>The first offset a failing read or write must touch.</summary>
    public long From { get; init; }

    /// <summary>The end of the range a failing read or write must touch.</summary>
    public long To { get; init; } = long.MaxValue;

    public int TimesLeft { get; set; } = 1;

    /// <summary>How often it fired.</summary>
    public int Fired { get; private set; }

    internal bool Matches(DiskFaultKind kind, string path, long from, long to) =>
        TimesLeft > 0 && kind == Kind && from < To && to > From
        && FileSystemName.MatchesSimpleExpression(Pattern, path, ignoreCase: false);

    internal void Fire()
    {
        Fired++;
        if (TimesLeft != UntilLifted)
        {
            TimesLeft--;
        }
    }
}

/// <summary>The power went away at a point that was set by <see cref="SimulatedDisk.PowerLossAfter"/>.</summary>
public sealed class PowerLossException() : Exception("The simulated power is off.");
