using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Placement;

namespace Nines.Simulation;

/// <summary>
/// Changes who is in the cluster, as an administrator would: through the agreed map, one change after the other, asking again
/// until the map says so and every group has followed. Machines that have to be replaced get an empty disk and a new name.
/// </summary>
public sealed class Membership : IEventTarget
{
    private const long RoundUs = 400_000;
    private const long TimeoutTicks = 80;

    /// <summary>Names are never used again, and the network knows no more of them.</summary>
    private const int NodeIdMax = SimulatedNetwork.NodesMax - 2;

    private readonly SimulatedCluster _cluster;
    private readonly FaultAtlas _atlas;
    private readonly Operator _operator;
    private readonly Prng _random;
    private readonly SortedDictionary<int, NodeId> _replacements = [];
    private readonly Queue<(GroupId Group, NodeId From, NodeId To)> _moves = new();
    private int _lastNode;
    private bool _asking;

    public Membership(SimulatedCluster cluster, FaultAtlas atlas, Operator attendant)
    {
        _cluster = cluster;
        _atlas = atlas;
        _operator = attendant;
        _random = cluster.World.Randomness(Concern.Membership);
        _lastNode = cluster.Hosts.Max(h => h.Id.Value);
        cluster.World.Schedule(RoundUs, this, EventKind.Check, 0);
    }

    /// <summary>Changes asked for and not finished.</summary>
    public bool IsBusy => _replacements.Count > 0 || _moves.Count > 0;

    public int Finished { get; private set; }

    /// <summary>Machines that left the cluster and could come back by mistake.</summary>
    public List<SimulatedHost> Retired { get; } = [];

    /// <summary>Puts a new machine in the place of another. False: no more names, or that one is on its way out already.</summary>
    public bool Replace(NodeId old)
    {
        if (_lastNode >= NodeIdMax || _replacements.ContainsKey(old.Value))
        {
            return false;
        }

        NodeId next = new(++_lastNode);
        foreach ((int other, NodeId pending) in _replacements.ToList())
        {
            if (pending == old)
            {
                // The machine that was to take a place has to be replaced itself before it did.
                _replacements[other] = next;
            }
        }

        _replacements.Add(old.Value, next);
        SimulatedHost host = _cluster.AddHost(next, isJoining: true);
        host.Start();
        _cluster.World.Trace?.Line(_cluster.World.NowUs, old.ToString(), "replaced", $"by {next}");
        return true;
    }

    /// <summary>Moves one replica of a group.</summary>
    public void Move(GroupId group, NodeId from, NodeId to) => _moves.Enqueue((group, from, to));

    public void Fire(in SimulationEvent happened)
    {
        foreach (SimulatedHost host in _cluster.Hosts.ToList())
        {
            if (host.NeedsReplacement && !host.IsRetired)
            {
                Replace(host.Id);
            }
        }

        if (IsBusy && !_asking && AnyReactor() is { } reactor)
        {
            RetireThoseWhoLeft(reactor.Map);
            if (NextMap(reactor.Map) is { } next)
            {
                Ask(reactor, next);
            }
        }

        _cluster.World.Schedule(RoundUs, this, EventKind.Check, 0);
    }

    private Reactor? AnyReactor()
    {
        List<Reactor> reactors = [.. _cluster.Hosts
            .Where(h => h.IsRunning && !h.IsRetired && !h.IsPaused)
            .Select(h => (h.Node as ReactorNode)?.Reactor)
            .OfType<Reactor>()];

        // Whoever knows the newest map; an administrator would ask the leader of the control group.
        return reactors.Count == 0 ? null : reactors.MaxBy(r => r.Map.Epoch);
    }

    private void Ask(Reactor reactor, SlotMap next)
    {
        _asking = true;
        RequestId id = new(((UInt128)_random.Next() << 64) | _random.Next());
        int round = ++_round;
        reactor.ReplaceMap(next, id, TimeoutTicks, _ => _asking = _asking && round != _round);

        // The node that was asked may die with the question.
        _cluster.World.Schedule(TimeoutTicks * 30_000, new Forget(this, round), EventKind.Check, 0);
    }

    private int _round;

    private SlotMap? NextMap(SlotMap map)
    {
        List<Member> members = [.. map.Members];
        List<GroupPlacement> groups = [.. map.Groups];
        foreach ((int old, NodeId next) in _replacements)
        {
            members.RemoveAll(m => m.Node.Value == old);
            if (!members.Exists(m => m.Node == next))
            {
                members.Add(new Member(next, next.ToString()));
            }

            groups = [.. groups.Select(g => g with { Replicas = Exchange(g.Replicas, new NodeId(old), next) })];
        }

        if (_moves.TryPeek(out (GroupId Group, NodeId From, NodeId To) move))
        {
            GroupPlacement placement = groups.Find(g => g.Group == move.Group)!;
            bool possible = placement.Replicas.Contains(move.From) && !placement.Replicas.Contains(move.To)
                && members.Exists(m => m.Node == move.To);
            if (!possible)
            {
                _moves.Dequeue();
                Finished++;
            }
            else
            {
                groups = [.. groups.Select(
                    g => g.Group == move.Group ? g with { Replicas = Exchange(g.Replicas, move.From, move.To) } : g)];
            }
        }

        GroupId[] slots = [.. Enumerable.Range(0, Slots.Count).Select(map.GroupOf)];
        bool same = members.SequenceEqual(map.Members)
            && groups.Zip(map.Groups).All(p => p.First.Replicas.SequenceEqual(p.Second.Replicas));
        return same ? null : new SlotMap(map.Epoch + 1, members, groups, slots);
    }

    private static List<NodeId> Exchange(IReadOnlyList<NodeId> replicas, NodeId old, NodeId next) =>
        [.. replicas.Select(r => r == old ? next : r).Distinct()];

    /// <summary>A replaced machine goes when no leader's configuration names it any more.</summary>
    private void RetireThoseWhoLeft(SlotMap map)
    {
        foreach ((int old, NodeId next) in _replacements.ToList())
        {
            NodeId node = new(old);
            if (map.Members.Any(m => m.Node == node) || map.Groups.Any(g => IsStillMember(g.Group, node)))
            {
                continue;
            }

            _replacements.Remove(old);
            Finished++;
            SimulatedHost host = _cluster.Host(node);
            host.IsRetired = true;
            _operator.LeftAlone.Add(node);
            _atlas.Succeed(node, next);
            Retired.Add(host);
            if (host.IsRunning)
            {
                host.Kill();
            }
        }
    }

    private bool IsStillMember(GroupId group, NodeId node)
    {
        NodeId leader = _cluster.LeaderOf(group);
        if (leader.IsNone || leader == node)
        {
            return true;
        }

        ReplicaView view = _cluster.Host(leader).Replicas.Find(v => v.Group == group);
        return view.Configuration is not { } known || known.IsMember(node) || view.Commit < view.LastIndex;
    }

    private sealed class Forget(Membership membership, int round) : IEventTarget
    {
        public void Fire(in SimulationEvent happened)
        {
            if (membership._round == round)
            {
                membership._asking = false;
            }
        }
    }
}
