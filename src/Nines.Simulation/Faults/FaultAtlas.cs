using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Replication.Placement;

namespace Nines.Simulation;

/// <summary>
/// Which nodes have lost durable data by a fault and are not repaired yet. Raft promises nothing when a majority forgets, so
/// destructive faults ask here first: of the replicas of any group at most a minority suffers at a time (the fault atlas of
/// TigerBeetle). Faults that honest disks survive (power loss, torn unsynced writes) need no permission.
/// </summary>
public sealed class FaultAtlas(SimulatedCluster cluster, int replicasPerGroup)
{
    private readonly SortedDictionary<int, Harmed> _harmed = [];
    private readonly SortedSet<int> _settled = [];
    private readonly SortedSet<int> _everHarmed = [];

    /// <summary>How many nodes may be harmed at one time.</summary>
    public int HarmedMax { get; } = (replicasPerGroup - 1) / 2;

    /// <summary>Some node has lost something and is not repaired.</summary>
    public bool AnyHarmed
    {
        get
        {
            Forgive();
            return _harmed.Count > 0;
        }
    }

    public bool WasHarmed(NodeId node) => _everHarmed.Contains(node.Value);

    /// <summary>
    /// The node may be harmed, even so that it never starts again and has to be replaced. A new machine takes a place by a map that the
    /// control group agreed on, and there is none before all founders have met: a node with an empty directory that has not heard from a founder
    /// cannot tell whether that is the one who knows what it promised (decision 4). A cluster that loses a founder for good before that
    /// never was one, and waits rightly.
    /// </summary>
    public bool MayDestroy(NodeId node) => HaveFoundersMet() && MayHarm(node);

    public bool MayHarm(NodeId node)
    {
        Forgive();
        return _harmed.ContainsKey(node.Value) || _harmed.Count < HarmedMax;
    }

    /// <summary>
    /// The node loses something now. It counts as repaired when it was started since, for only then it looks at all it has, and when it
    /// has caught up with what is committed today.
    /// </summary>
    public void Harm(NodeId node)
    {
        Invariant.Assert(MayHarm(node));
        _everHarmed.Add(node.Value);
        SortedDictionary<GroupId, LogIndex> needed = [];
        foreach (GroupId group in cluster.Factory.Groups)
        {
            needed.Add(group, cluster.Logs.Highest(group));
        }

        List<Damage> damages = _harmed.TryGetValue(node.Value, out Harmed? before) ? before.Damages : [];
        _harmed[node.Value] = new Harmed(cluster.Host(node).Starts, needed, damages);
    }

    /// <summary>
    /// Bytes of a file went bad. A table is not read as a whole when the node starts: it harms for as long as the bytes are there,
    /// whether anybody has seen them or not.
    /// </summary>
    public void HarmFile(NodeId node, string path, int from, int count)
    {
        Harm(node);
        if (path.EndsWith(".table", StringComparison.Ordinal))
        {
            byte[] bytes = cluster.Host(node).Disk.Peek(path).AsSpan(from, count).ToArray();
            _harmed[node.Value].Damages.Add(new Damage(path, from, bytes));
        }
    }

    /// <summary>
    /// The node left the cluster for good. A node that forgot its promises leaves its groups before its successor votes there, so they are
    /// one copy short until the successor has caught up: the harm is the successor's now.
    /// </summary>
    public void Succeed(NodeId node, NodeId successor)
    {
        if (_harmed.Remove(node.Value, out Harmed? harmed))
        {
            _harmed.TryAdd(successor.Value, harmed with { Starts = 0, Damages = [] });
        }
    }

    private bool HaveFoundersMet()
    {
        bool all = true;
        foreach (SimulatedHost founder in cluster.Hosts.Where(h => !h.IsJoining && !_settled.Contains(h.Id.Value)))
        {
            bool hasMet = founder is { IsRunning: true, Node: not ReactorNode { Reactor.IsJoining: true } };
            all &= hasMet && _settled.Add(founder.Id.Value);
        }

        return all;
    }

    private void Forgive()
    {
        if (_harmed.Count == 0)
        {
            return;
        }

        IReadOnlyList<GroupPlacement> placed = NewestPlacements();
        List<int> repaired = [];
        foreach ((int node, Harmed harmed) in _harmed)
        {
            if (cluster.FindHost(new NodeId(node)) is { IsRunning: true } host
                && IsRepaired(host, harmed) && IsWherePlaced(host, placed))
            {
                repaired.Add(node);
            }
        }

        repaired.ForEach(node => _harmed.Remove(node));
    }

    /// <summary>Where the replicas shall be, by the newest agreed map; nothing when the nodes have no maps.</summary>
    private IReadOnlyList<GroupPlacement> NewestPlacements()
    {
        SlotMap? newest = null;
        foreach (SimulatedHost host in cluster.Hosts)
        {
            if (host.Node is ReactorNode node && (newest == null || node.Reactor.Map.Epoch > newest.Epoch))
            {
                newest = node.Reactor.Map;
            }
        }

        return newest?.Groups ?? [];
    }

    /// <summary>
    /// A node that lost something is taken out of its groups and let in again. Until it is back in all of them they have fewer members
    /// than they shall have, and bear no further loss.
    /// </summary>
    private static bool IsWherePlaced(SimulatedHost host, IReadOnlyList<GroupPlacement> placed)
    {
        foreach (GroupPlacement placement in placed)
        {
            if (placement.Replicas.Contains(host.Id) && !host.Replicas.Exists(view => view.Group == placement.Group))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsRepaired(SimulatedHost host, Harmed harmed)
    {
        if (host.Replicas.Count == 0 || host.Starts == harmed.Starts)
        {
            return false;
        }

        harmed.Damages.RemoveAll(damage => !damage.IsOn(host.Disk));
        if (harmed.Damages.Count > 0)
        {
            return false;
        }

        foreach (ReplicaView view in host.Replicas)
        {
            bool caughtUp = !harmed.Needed.TryGetValue(view.Group, out LogIndex index) || view.Applied >= index;
            bool votes = view.Configuration is { IsJoint: false } settled && settled.IsVoter(host.Id);
            if (view.IsImpaired || !votes || !caughtUp)
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Harmed(long Starts, SortedDictionary<GroupId, LogIndex> Needed, List<Damage> Damages);

    private sealed record Damage(string Path, int From, byte[] Bytes)
    {
        public bool IsOn(SimulatedDisk disk) =>
            disk.Exists(Path) && disk.Peek(Path).AsSpan() is var all && all.Length >= From + Bytes.Length
            && all.Slice(From, Bytes.Length).SequenceEqual(Bytes);
    }
}
