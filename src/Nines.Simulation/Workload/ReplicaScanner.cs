using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Reads the whole state of random replicas now and then, and of all at the end, and shows it to the state checker. Its tokens
/// are negative, so that one sink can serve it and the clients.
/// </summary>
public sealed class ReplicaScanner(SimulatedCluster cluster) : IEventTarget
{
    private const long IntervalUs = 2_000_000;
    private const long TimeoutMs = 2_000;

    private readonly Dictionary<long, GroupId> _open = [];
    private readonly SortedDictionary<(GroupId Group, NodeId Node), long> _last = [];
    private readonly Prng _random = cluster.World.Randomness(Concern.Scans);
    private long _lastToken;

    public int Scans { get; private set; }

    /// <summary>The position of each replica's last scan since <see cref="ForgetAll"/>.</summary>
    public IReadOnlyDictionary<(GroupId Group, NodeId Node), long> LastPositions => _last;

    public void Begin() => cluster.World.Schedule(IntervalUs, this, EventKind.Check, 0);

    public void ForgetAll() => _last.Clear();

    public void ScanOne(SimulatedHost host, GroupId group)
    {
        long token = --_lastToken;
        _open.Add(token, group);
        if (!host.Submit(node => node.Read(
            group, Consistency.Eventual, LogIndex.Zero, RegisterQuery.ScanAll, TimeoutMs, token)))
        {
            _open.Remove(token);
        }
    }

    public void Answered(NodeId node, long token, in Answer answer)
    {
        if (!_open.Remove(token, out GroupId group) || answer.Outcome != Outcome.Done)
        {
            return;
        }

        if (!StateScan.TryDecode(answer.Body.Span, out StateScan scan))
        {
            cluster.Findings.Add('C', "scan", $"{node} {group}: the answer cannot be read");
            return;
        }

        Scans++;
        _last[(group, node)] = scan.LastPosition;
        cluster.States.OnScan(node, group, scan);
    }

    public void Fire(in SimulationEvent happened)
    {
        List<SimulatedHost> hosts = [.. cluster.Hosts.Where(h => h.IsRunning && !h.IsRetired)];
        if (hosts.Count > 0)
        {
            ScanOne(_random.Pick(hosts), _random.Pick(cluster.Factory.Groups));
        }

        cluster.World.Schedule(IntervalUs, this, EventKind.Check, 0);
    }
}

/// <summary>Gives answers to whoever asked.</summary>
public sealed class AnswerRouter : IAnswerSink
{
    public Workload? Workload { get; set; }

    public ReplicaScanner? Scanner { get; set; }

    public void Answered(NodeId node, long token, in Answer answer)
    {
        if (token < 0)
        {
            Scanner!.Answered(node, token, answer);
        }
        else
        {
            ((IAnswerSink)Workload!).Answered(node, token, answer);
        }
    }
}
