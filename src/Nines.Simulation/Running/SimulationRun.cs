using System.Diagnostics;
using Nines.Kernel;
using Nines.Simulation.Tables;

namespace Nines.Simulation;

/// <summary>
/// One world from its first event to its report: the safety phase, in which anything may happen at any time and only wrong
/// answers count; then the liveness phase, in which the faults stop and everything has to converge.
/// </summary>
internal sealed class SimulationRun
{
    private const long SliceUs = 1_000_000;

    private readonly SimulationOptions _options;
    private readonly SwarmOptions _swarm;
    private readonly SimulatedWorld _world;
    private readonly SimulatedCluster _cluster;
    private readonly Workload _workload;
    private readonly ReplicaScanner _scanner;
    private readonly Operator _operator;
    private readonly FaultInjector _injector;
    private readonly LivenessPhase _liveness;
    private TableWorkload? _tables;
    private readonly SimulationTrace? _trace;

    public SimulationRun(SimulationOptions options, Func<SimulationOptions, SwarmOptions, INodeFactory> nodes)
    {
        _trace = options.Trace != null || options.KeepTrace ? new SimulationTrace(writer: options.Trace) : null;
        _world = new SimulatedWorld(options.Seed, _trace);
        Prng random = _world.Randomness(Concern.Options);
        _swarm = SwarmOptions.Draw(random, options.Faults, options.OpsPerSecond);
        _options = options.Replicas > 0 ? options : options with { Replicas = DrawReplicas(random, options.Nodes) };
        SimulatedNetwork network = new(_world, _swarm.Network);
        AnswerRouter router = new();
        _cluster = new SimulatedCluster(_world, network, nodes(_options, _swarm), router)
        {
            Background = _swarm.Background,
            CrashOptions = _swarm.Crash,
        };
        if (_cluster.Factory is ReactorFactory product)
        {
            network.MayRepeat = product.MayRepeat;
        }

        _workload = new Workload(_world, _swarm.Workload);
        _scanner = new ReplicaScanner(_cluster);
        router.Workload = _workload;
        router.Scanner = _scanner;
        Prng clocks = _world.Randomness(Concern.Nodes);
        for (int i = 1; i <= _options.Nodes; i++)
        {
            SimulatedHost host = _cluster.AddHost(new NodeId(i), isJoining: false);
            host.TickFactor = 1 + (_swarm.TickSpread * ((2 * clocks.Unit()) - 1));
            host.WallOffsetMs = clocks.Below((2 * _swarm.WallSpreadMs) + 1) - _swarm.WallSpreadMs;
        }

        _operator = new Operator(_cluster);
        FaultAtlas atlas = new(_cluster, _options.Replicas);
        _cluster.WasHarmed = atlas.WasHarmed;
        Membership? membership = _cluster.Factory is ReactorFactory ? new Membership(_cluster, atlas, _operator) : null;
        _injector = new FaultInjector(_cluster, _swarm, atlas, _operator, membership);
        _liveness = new LivenessPhase(_cluster, _workload, _scanner, _operator, membership, atlas, _options);
    }

    public SimulationReport Run()
    {
        Stopwatch watch = Stopwatch.StartNew();
        foreach (SimulatedHost host in _cluster.Hosts)
        {
            host.Start();
        }

        _workload.Begin(_cluster);
        _scanner.Begin();
        if (_options.Tables)
        {
            _tables = new TableWorkload(_cluster, _swarm.Workload, _world.Randomness(Concern.Tables));
            _tables.Begin();
        }

        RunFor(_options.Duration);
        double healedAfter = 0;
        if (!_cluster.Findings.Any)
        {
            _injector.Stop();
            _workload.Close();
            _tables?.Close();
            healedAfter = _liveness.Run();
        }

        if (_tables is not null && !_cluster.Findings.Any)
        {
            new TablesPhase(_cluster, _tables).Run();
        }

        HistoryChecker.Check(_workload.History, _cluster.States.Applied, _cluster.Findings, StalenessTolerance.Default);
        return Report(watch.Elapsed, healedAfter);
    }

    private static int DrawReplicas(Prng random, int nodes)
    {
        int roll = random.Below(10);
        int wanted = roll == 0 ? 1 : roll == 1 ? 5 : 3;
        return Math.Min(wanted, nodes);
    }

    private void RunFor(TimeSpan duration)
    {
        long end = _world.NowUs + (long)duration.TotalMicroseconds;
        while (_world.NowUs < end && !_cluster.Findings.Any)
        {
            _world.RunUntil(Math.Min(end, _world.NowUs + SliceUs));
        }
    }

    private SimulationReport Report(TimeSpan elapsed, double healedAfter)
    {
        HistorySummary summary = HistorySummary.Of(_workload.History, _workload.Skipped);
        bool vacuous = summary.IsVacuous && !_cluster.Findings.Any;
        vacuous |= _tables is { IsVacuous: true } && !_cluster.Findings.Any;
        if (vacuous && !_options.AllowVacuous)
        {
            _cluster.Findings.Add('V', "vacuous", $"the history says too little: {summary}");
        }

        return new SimulationReport
        {
            Options = _options,
            OptionsBlock = _swarm.Describe(),
            Findings = _cluster.Findings.All,
            IsVacuous = vacuous,
            Faults = _injector.Strikes,
            History = summary,
            Tables = _tables?.Describe() ?? "",
            Leaderships = _cluster.Leaders.Leaderships,
            Applications = _cluster.States.Applications,
            Scans = _scanner.Scans,
            SimulatedTime = TimeSpan.FromMicroseconds(_world.NowUs),
            HealedAfterSeconds = healedAfter,
            Events = _world.Events,
            MessagesSent = _cluster.Network.Sent,
            TraceHash = _world.TraceHash,
            Elapsed = elapsed,
            TraceLines = _trace?.LastLines ?? [],
        };
    }
}
