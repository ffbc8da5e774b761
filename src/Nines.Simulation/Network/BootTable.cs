using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// What one node remembers of its peers' boots, over its own restarts: the transport's rule in the small. Who comes with a boot lower
/// than one seen before, or with another of the same number, runs on an old copy of a data directory.
/// </summary>
public sealed class BootTable
{
    private readonly BootId[] _highest = new BootId[SimulatedNetwork.NodesMax];

    public BootId Highest(NodeId peer) => _highest[peer.Value];

    /// <summary>Notes a peer's boot. False when it must not be talked to.</summary>
    public bool Accepts(NodeId peer, BootId boot)
    {
        int age = boot.CompareTo(_highest[peer.Value]);
        if (age < 0 || (age == 0 && boot != _highest[peer.Value]))
        {
            return false;
        }

        _highest[peer.Value] = boot;
        return true;
    }

    public void Clear() => _highest.AsSpan().Clear();
}
