using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Simulation;

/// <summary>
/// The machines, the network between them, and the checkers that look on from outside. It knows nothing about faults or load.
/// </summary>
public sealed class SimulatedCluster
{
    /// <summary>The true wall clock when the world begins: 2026-01-01.</summary>
    public const long WallClockStartMs = 1_767_225_600_000;

    private readonly SortedDictionary<int, SimulatedHost> _hosts = [];
    private readonly Prng _random;
    private readonly List<ReplicaView> _views = [];
    private readonly SortedDictionary<GroupId, Term> _newestLeadership = [];
    private (long Lowest, long Highest) _wallOffsetsMs;

    public SimulatedCluster(SimulatedWorld world, SimulatedNetwork network, INodeFactory factory, IAnswerSink answers)
    {
        World = world;
        Network = network;
        Factory = factory;
        Answers = answers;
        _random = world.Randomness(Concern.Nodes);
        Findings = new Findings(() => world.NowUs);
        Leaders = new LeaderChecker(Findings);
        Logs = new LogChecker(Findings);
        States = new StateChecker(Findings);
    }

    public SimulatedWorld World { get; }

    public SimulatedNetwork Network { get; }

    public INodeFactory Factory { get; }

    public IAnswerSink Answers { get; }

    public BackgroundOptions Background { get; set; } = new();

    /// <summary>What a power loss in the middle of a disk call does to unsynced writes.</summary>
    public CrashOptions CrashOptions { get; set; }

    public Findings Findings { get; }

    public LeaderChecker Leaders { get; }

    public LogChecker Logs { get; }

    public StateChecker States { get; }

    public IEnumerable<SimulatedHost> Hosts => _hosts.Values;

    /// <summary>The latest time any machine's wall clock has shown, or could have: milliseconds since 1970.</summary>
    public long LatestWallMs => WallClockStartMs + World.NowMs + _wallOffsetsMs.Highest;

    /// <summary>How far two wall clocks ever were apart, over all machines and the whole run, in milliseconds.</summary>
    public long WallSpreadMs => _wallOffsetsMs.Highest - _wallOffsetsMs.Lowest;

    public int HostCount => _hosts.Count;

    /// <summary>Hears when a process ends, for whatever reason.</summary>
    public Action<SimulatedHost>? HostWentDown { get; set; }

    /// <summary>A fault has destroyed durable data of the node, now or earlier.</summary>
    public Predicate<NodeId> WasHarmed { get; set; } = static _ => false;

    public SimulatedHost Host(NodeId id) => _hosts[id.Value];

    public SimulatedHost? FindHost(NodeId id) => _hosts.GetValueOrDefault(id.Value);

    public SimulatedHost AddHost(NodeId id, bool isJoining)
    {
        Invariant.Assert(id.Value > 0 && id.Value < SimulatedNetwork.NodesMax);
        SimulatedHost host = new(this, id, isJoining, _random.Fork());
        _hosts.Add(id.Value, host);
        return host;
    }

    /// <summary>A machine's wall clock is so far from the true time now.</summary>
    public void NoteWallOffset(long offsetMs) =>
        _wallOffsetsMs = (Math.Min(_wallOffsetsMs.Lowest, offsetMs), Math.Max(_wallOffsetsMs.Highest, offsetMs));

    public void RemoveHost(NodeId id)
    {
        SimulatedHost host = Host(id);
        if (host.IsRunning)
        {
            host.Kill();
        }

        _hosts.Remove(id.Value);
    }

    /// <summary>The node that leads the group in the highest term, as far as running nodes think.</summary>
    public NodeId LeaderOf(GroupId group)
    {
        NodeId leader = NodeId.None;
        Term highest = Term.Zero;
        foreach (SimulatedHost host in _hosts.Values)
        {
            foreach (ReplicaView view in host.Replicas)
            {
                if (view.Group == group && view.Role == ReplicaRole.Leader && view.Term > highest)
                {
                    (leader, highest) = (host.Id, view.Term);
                }
            }
        }

        return leader;
    }

    internal void WentDown(SimulatedHost host) => HostWentDown?.Invoke(host);

    /// <summary>Looks at every replica of a node after its turn and tells the checkers what changed.</summary>
    internal void Observe(SimulatedHost host)
    {
        _views.Clear();
        host.Node!.Replicas(_views);
        for (int i = 0; i < _views.Count; i++)
        {
            ReplicaView now = _views[i];
            bool known = i < host.Replicas.Count && host.Replicas[i].Group == now.Group;
            if (known && host.Replicas[i] == now)
            {
                continue;
            }

            Changed(host, known ? host.Replicas[i] : null, now);
        }

        host.Replicas.Clear();
        host.Replicas.AddRange(_views);
    }

    private void Changed(SimulatedHost host, ReplicaView? before, in ReplicaView now)
    {
        bool isLeader = now.Role == ReplicaRole.Leader;
        if (now.IsImpaired)
        {
            // It knows that it is not whole: it neither votes nor answers, and what it had promised counts again only if it is repaired.
            Leaders.Forget(host.Id, now.Group);
        }
        else
        {
            Leaders.Observe(host.Id, now.Group, now.Term, isLeader);
        }

        if (now.HasLostPromises && !WasHarmed(host.Id))
        {
            Findings.Add('B', "log", $"{host.Id} {now.Group} lacks what it has acknowledged, and no fault took it");
        }

        if (now.Chain != 0 && now.Chain != before?.Chain)
        {
            Logs.Committed(host.Id, now.Group, now.Applied, now.Chain);
        }

        // A replica without a configuration has not heard yet that it is a member.
        bool isWhole = now.Applied == now.LastIndex && now.Applied > LogIndex.Zero && !now.IsImpaired;
        if (isWhole && now.Configuration is { Members.Count: > 0 } configuration)
        {
            Logs.Configured(host.Id, now.Group, now.Applied, configuration);
        }

        bool elected = isLeader && (before is not { Role: ReplicaRole.Leader } || before.Value.Term != now.Term);
        if (elected)
        {
            Elected(host.Id, now);
        }

        Logs.CommitIndex(host.Id, now.Group, now.Commit, now.Applied);
        World.Mix(StateSummary.Mix((ulong)now.Term.Value, (ulong)now.Commit.Value) ^ (ulong)now.Role);
        if (World.Trace != null && (before == null || before.Value.Role != now.Role || before.Value.Term != now.Term
            || before.Value.IsImpaired != now.IsImpaired || !Equals(before.Value.Configuration, now.Configuration)))
        {
            World.Trace.Line(
                World.NowUs, host.Id.ToString(), now.Role.ToString().ToLowerInvariant(),
                $"{now.Group,-4} {now.Term,-5} commit {now.Commit} applied {now.Applied} last {now.LastIndex}"
                + $" {now.Configuration}{(now.IsImpaired ? " impaired" : "")}");
        }
    }

    private void Elected(NodeId node, in ReplicaView now)
    {
        // A node may learn late that it won an old term, after later leaders have committed more: only the newest counts.
        Term newest = _newestLeadership.GetValueOrDefault(now.Group);
        if (now.Term > newest)
        {
            _newestLeadership[now.Group] = now.Term;
            Logs.BecameLeader(node, now.Group, now.LastIndex, Logs.Highest(now.Group));
        }
    }
}
