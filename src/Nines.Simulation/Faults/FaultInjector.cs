using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>What the fault classes share: the world they strike, their random numbers, and what they may do.</summary>
internal sealed class FaultContext(SimulatedCluster cluster, SwarmOptions swarm, FaultAtlas atlas, Prng random)
{
    public SimulatedCluster Cluster { get; } = cluster;

    public SimulatedWorld World { get; } = cluster.World;

    public SwarmOptions Swarm { get; } = swarm;

    public FaultAtlas Atlas { get; } = atlas;

    public Prng Random { get; } = random;

    public bool IsOn(FaultClasses single) => Swarm.Faults.HasFlag(single);

    public List<NodeId> Nodes() => [.. Cluster.Hosts.Where(h => !h.IsRetired).Select(h => h.Id)];

    public List<SimulatedHost> Running() => [.. Cluster.Hosts.Where(h => h.IsRunning && !h.IsRetired)];

    public SimulatedHost? PickRunning()
    {
        List<SimulatedHost> running = Running();
        return running.Count == 0 ? null : Random.Pick(running);
    }

    /// <summary>The leader of some group; faults at leaders hurt most.</summary>
    public NodeId PickLeader()
    {
        NodeId leader = Cluster.LeaderOf(Random.Pick(Cluster.Factory.Groups));
        return leader.IsNone ? Random.Pick(Nodes()) : leader;
    }

    public SimulatedHost? PickVictim()
    {
        if (Random.Chance(0.5) && Cluster.FindHost(PickLeader()) is { IsRunning: true } leader)
        {
            return leader;
        }

        return PickRunning();
    }

    /// <summary>A duration between two bounds, short ones as likely as long ones (log-uniform).</summary>
    public long DurationUs(double lowSeconds, double highSeconds) =>
        (long)(1e6 * lowSeconds * Math.Pow(highSeconds / lowSeconds, Random.Unit()));

    public void Note(FaultClasses single, string text) => World.Trace?.Line(World.NowUs, "", $"fault {single}", text);
}

/// <summary>Strikes one fault class. False: the fault found no victim, or was not allowed.</summary>
internal interface IFault
{
    FaultClasses Class { get; }

    bool Strike();
}

/// <summary>
/// Lets each fault class that is on strike as a Poisson process until it is stopped. Each class has its own random numbers: to
/// switch one off with the filter leaves the others' choices alone as far as possible.
/// </summary>
public sealed class FaultInjector : IEventTarget
{
    private readonly SimulatedWorld _world;
    private readonly SwarmOptions _swarm;
    private readonly SortedDictionary<FaultClasses, (IFault Fault, Prng Random)> _faults = [];
    private readonly SortedDictionary<FaultClasses, int> _strikes = [];
    private bool _stopped;

    public FaultInjector(SimulatedCluster cluster, SwarmOptions swarm, FaultAtlas atlas, Operator attendant, Membership? membership)
    {
        _world = cluster.World;
        _swarm = swarm;
        Prng seeds = _world.Randomness(Concern.Faults);
        foreach (FaultClasses single in FaultFilter.Singles)
        {
            Prng random = seeds.Fork();
            FaultContext context = new(cluster, swarm, atlas, random);
            if (swarm.Faults.HasFlag(single) && FaultFactory.Create(single, context, attendant, membership) is { } fault)
            {
                _faults.Add(single, (fault, random));
                ScheduleNext(single);
            }
        }
    }

    /// <summary>How often each class struck.</summary>
    public IReadOnlyDictionary<FaultClasses, int> Strikes => _strikes;

    public int Total => _strikes.Values.Sum();

    public void Stop() => _stopped = true;

    public void Fire(in SimulationEvent happened)
    {
        if (_stopped)
        {
            return;
        }

        var single = (FaultClasses)happened.A;
        if (_faults[single].Fault.Strike())
        {
            _strikes[single] = _strikes.GetValueOrDefault(single) + 1;
        }

        ScheduleNext(single);
    }

    private void ScheduleNext(FaultClasses single)
    {
        long delay = 1 + (long)_faults[single].Random.Exponential(_swarm.MeanSecondsBetween[single] * 1e6);
        _world.Schedule(delay, this, EventKind.Fault, 0, (long)single);
    }
}

internal static class FaultFactory
{
    /// <summary>Null for classes that are only options of the world and never strike (torn writes, small logs).</summary>
    public static IFault? Create(
        FaultClasses single, FaultContext context, Operator attendant, Membership? membership) => single switch
        {
            FaultClasses.M1 when membership != null => new MembershipChanges(context, membership),
            FaultClasses.M2 when membership != null => new RemovedComesBack(context, membership),
            FaultClasses.N1 => new BrokenConnections(context),
            FaultClasses.N2 => new Partition(context),
            FaultClasses.N3 => new OneWay(context),
            FaultClasses.N4 => new Clog(context),
            FaultClasses.N5 => new DropKind(context),
            FaultClasses.N6 => new Replay(context),
            FaultClasses.P1 => new Kills(context, attendant),
            FaultClasses.P2 => new Pauses(context),
            FaultClasses.P3 => new ColdStart(context, attendant),
            FaultClasses.C1 => new WallClockJumps(context),
            FaultClasses.C2 => new TickRates(context),
            FaultClasses.D1 => new PowerLosses(context, attendant),
            FaultClasses.D3 => new FailedFlush(context),
            FaultClasses.D5 => new BitRot(context, attendant),
            FaultClasses.D8 => new OldFiles(context, attendant),
            FaultClasses.D10 => new DiskStalls(context),
            FaultClasses.D11 => new WipedDisk(context, attendant),
            _ => null,
        };
}
