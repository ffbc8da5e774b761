using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// What one node remembers of its peers' boots, over its own restarts: the transport's rule in the small. A boot lower than one seen before,
/// or the same number from another start, is an old copy of a data directory or a second process with one identity.
/// </summary>
public sealed class BootTable
{
    private readonly (BootId Boot, long Start)[] _highest = new (BootId, long)[SimulatedNetwork.NodesMax];

    /// <summary>Notes a peer's boot. False when it must not be talked to.</summary>
    public bool Accepts(NodeId peer, BootId boot, long start)
    {
        (BootId highest, long seen) = _highest[peer.Value];
        bool isKnown = seen != 0;
        if (isKnown && (boot.Value < highest.Value || (boot == highest && start != seen)))
        {
            return false;
        }

        _highest[peer.Value] = (boot, start);
        return true;
    }

    public void Clear() => _highest.AsSpan().Clear();
}
