using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Looks after the machines as a process supervisor and a person would: starts what was killed at the time a fault has chosen,
/// and finds everything else that is down at its rounds. A node that stopped itself after a failed flush gets a power cycle.
/// </summary>
public sealed class Operator : IEventTarget
{
    private const long RoundUs = 1_000_000;

    private readonly SimulatedCluster _cluster;
    private readonly SortedDictionary<int, long> _planned = [];

    public Operator(SimulatedCluster cluster)
    {
        _cluster = cluster;
        _cluster.World.Schedule(RoundUs, this, EventKind.Check, 0);
    }

    /// <summary>Off: what goes down stays down (a core that must do without).</summary>
    public SortedSet<NodeId> LeftAlone { get; } = [];

    public void RestartAfter(SimulatedHost host, long delayUs)
    {
        _planned[host.Id.Value] = _cluster.World.NowUs + delayUs;
        _cluster.World.Schedule(delayUs, this, EventKind.NodeStart, host.Id.Value);
    }

    /// <summary>Starts everything that is down, now.</summary>
    public void StartAll()
    {
        foreach (SimulatedHost host in _cluster.Hosts)
        {
            if (!host.IsRunning && MayStart(host))
            {
                Start(host);
            }
        }
    }

    public void Fire(in SimulationEvent happened)
    {
        if (happened.Kind == EventKind.NodeStart)
        {
            SimulatedHost? host = _cluster.FindHost(new NodeId(happened.Node));
            if (host is { IsRunning: false } && MayStart(host))
            {
                Start(host);
            }

            return;
        }

        foreach (SimulatedHost host in _cluster.Hosts)
        {
            bool planned = _planned.TryGetValue(host.Id.Value, out long at) && at >= _cluster.World.NowUs;
            if (!host.IsRunning && !planned && MayStart(host))
            {
                RestartAfter(host, RoundUs);
            }
        }

        _cluster.World.Schedule(RoundUs, this, EventKind.Check, 0);
    }

    private bool MayStart(SimulatedHost host) => !LeftAlone.Contains(host.Id) && !host.NeedsReplacement && !host.IsRetired;

    private void Start(SimulatedHost host)
    {
        _planned.Remove(host.Id.Value);
        if (host.State == HostState.Stopped)
        {
            // After a failed flush nobody knows what the device holds: the page cache must go before the files are read again.
            host.PowerLoss(_cluster.CrashOptions);
        }

        host.Start();
    }
}
