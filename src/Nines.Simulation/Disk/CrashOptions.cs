using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <summary>
/// What a power loss does to writes that were not synced, as probabilities per page, file length and directory change.
/// A page that is neither kept, torn nor turned to garbage shows what was last synced.
/// <para>
/// Only bytes that were written since the last sync are ever touched ("power-safe overwrite": a write that fails does not harm
/// its neighbours). A device that breaks this is the business of <see cref="SimulatedDisk.Corrupt"/>.
/// </para>
/// </summary>
public readonly record struct CrashOptions
{
    /// <summary>The whole unsynced page reached the device.</summary>
    public double KeepPage { get; init; }

    /// <summary>Some 512-byte sectors of the unsynced page reached the device.</summary>
    public double TearPage { get; init; }

    /// <summary>Of the bytes written to the page, a stretch is noise.</summary>
    public double GarbagePage { get; init; }

    /// <summary>An unsynced length is kept whole; otherwise it is the synced one, or something between.</summary>
    public double KeepLength { get; init; }

    /// <summary>An unsynced creation, rename or deletion is kept.</summary>
    public double KeepName { get; init; }

    /// <summary>Nothing that was not synced survives.</summary>
    public static CrashOptions LoseAll => default;

    /// <summary>Everything reached the device in time.</summary>
    public static CrashOptions KeepAll => new() { KeepPage = 1, KeepLength = 1, KeepName = 1 };

    /// <summary>The extremes now and then, a mixture mostly.</summary>
    public static CrashOptions Draw(Prng prng)
    {
        ArgumentNullException.ThrowIfNull(prng);
        switch (prng.Below(8))
        {
            case 0: return LoseAll;
            case 1: return KeepAll;
            default:
                double keep = prng.Unit();
                double tear = (1 - keep) * prng.Unit();
                return new CrashOptions
                {
                    KeepPage = keep,
                    TearPage = tear,
                    GarbagePage = (1 - keep - tear) * prng.Unit(),
                    KeepLength = prng.Unit(),
                    KeepName = prng.Unit(),
                };
        }
    }
}
