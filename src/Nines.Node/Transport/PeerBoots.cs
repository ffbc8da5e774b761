using Nines.Kernel;

namespace Nines.Node.Transport;

/// <summary>
/// The latest boot seen of every peer. A peer that comes with a lower one, or with another of the same number, runs on an old copy of its
/// data directory, or is a second process with the same identity: it may have forgotten votes and acknowledgements, so nobody talks to it.
/// </summary>
public sealed class PeerBoots
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<NodeId, BootId> _boots = [];

    public PeerBoots()
    {
    }

    public PeerBoots(IEnumerable<KeyValuePair<NodeId, BootId>> remembered)
    {
        foreach ((NodeId node, BootId boot) in remembered)
        {
            _boots[node] = boot;
        }
    }

    /// <summary>Called outside any lock after a peer's boot rose, with the whole table, so that it can be kept over a restart.</summary>
    public Action<IReadOnlyList<KeyValuePair<NodeId, BootId>>>? Advanced { get; set; }

    /// <summary>The highest boot seen; 0 when none.</summary>
    public BootId Highest(NodeId node)
    {
        lock (_gate)
        {
            return _boots.GetValueOrDefault(node);
        }
    }

    /// <summary>Notes a peer's boot. False when a higher one was seen before, or another of that number.</summary>
    public bool TryAdvance(NodeId node, BootId boot)
    {
        KeyValuePair<NodeId, BootId>[] table;
        lock (_gate)
        {
            bool known = _boots.TryGetValue(node, out BootId highest);
            if (known && boot.Value <= highest.Value)
            {
                return boot == highest;
            }

            _boots[node] = boot;
            table = [.. _boots];
        }

        Advanced?.Invoke(table);
        return true;
    }
}
