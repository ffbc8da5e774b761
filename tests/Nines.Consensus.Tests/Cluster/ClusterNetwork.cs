using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>What travels: a Raft message, a whole snapshot, or the news of a snapshot's end.</summary>
internal sealed record Packet(NodeId From, NodeId To)
{
    public RaftMessage Message { get; init; }

    public AppliedState? Snapshot { get; init; }

    public Term SnapshotTerm { get; init; }

    public LogPosition? SnapshotEnd { get; init; }

    public bool Ok { get; init; }

    public override string ToString() => this switch
    {
        { Snapshot: { } state } => $"{From}->{To} snapshot {state.Position} in {SnapshotTerm}",
        { SnapshotEnd: { } end } => $"{From}->{To} snapshot {end} {(Ok ? "done" : "failed")}",
        _ => Trace.Describe(Message),
    };
}

/// <summary>Loses, duplicates, delays and reorders; cuts links in one or both directions.</summary>
internal sealed class ClusterNetwork(Prng prng, ClusterFaults faults)
{
    private readonly PriorityQueue<Packet, (int Due, long Sequence)> _underWay = new();
    private readonly HashSet<(NodeId From, NodeId To)> _cut = [];
    private long _sequence;

    public bool Calm { get; set; }

    public void Send(Packet packet, int now)
    {
        if (!Calm && prng.Chance(faults.Loss))
        {
            return;
        }

        Enqueue(packet, now);
        if (!Calm && prng.Chance(faults.Duplicate))
        {
            Enqueue(packet, now);
        }
    }

    public bool TryTake(int now, out Packet? packet)
    {
        while (_underWay.TryPeek(out packet, out (int Due, long Sequence) key) && key.Due <= now)
        {
            _underWay.Dequeue();
            if (!_cut.Contains((packet.From, packet.To)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Cuts one side of the cluster off the other; one way, sometimes.</summary>
    public void Cut(IReadOnlyList<NodeId> side, IReadOnlyList<NodeId> all, bool oneWay)
    {
        foreach (NodeId inside in side)
        {
            foreach (NodeId outside in all)
            {
                if (!side.Contains(outside))
                {
                    _cut.Add((inside, outside));
                    if (!oneWay)
                    {
                        _cut.Add((outside, inside));
                    }
                }
            }
        }
    }

    public void Heal() => _cut.Clear();

    public void Forget() => _underWay.Clear();

    private void Enqueue(Packet packet, int now)
    {
        int delay = 1 + prng.Below(Calm ? 2 : faults.DelayMax);
        if (!Calm && prng.Chance(faults.LateChance))
        {
            delay += prng.Below(8 * faults.ElectionTicks * faults.UnitsPerTick);
        }

        _underWay.Enqueue(packet, (now + delay, _sequence++));
    }
}
