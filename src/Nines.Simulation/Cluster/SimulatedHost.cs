using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Simulation;

public enum HostState : byte
{
    /// <summary>No process runs.</summary>
    Down,

    Running,

    /// <summary>The process ended by its own decision: it would not start, or a flush failed.</summary>
    Stopped,
}

/// <summary>
/// A machine: a disk and a clock that outlive the process, and the process that runs on them now and then. It turns
/// ticks, messages and completed background work into turns of the node.
/// </summary>
public sealed class SimulatedHost : IEventTarget, IMessageReceiver
{
    private const long TickUs = 25_000;
    private const double TurnDelayMeanUs = 30;

    private readonly SimulatedCluster _cluster;
    private readonly SimulatedWorld _world;
    private readonly Prng _random;
    private readonly Queue<(NodeId From, BootId Boot, ReadOnlyMemory<byte> Message)> _inbox = new();
    private bool _turnScheduled;

    // Ticks and turns scheduled before a start or a resumption belong to the past.
    private long _era;

    public SimulatedHost(SimulatedCluster cluster, NodeId id, bool isJoining, Prng random)
    {
        _cluster = cluster;
        _world = cluster.World;
        _random = random;
        Id = id;
        IsJoining = isJoining;
        Disk = new SimulatedDisk(random.Fork());
    }

    public NodeId Id { get; }

    public bool IsJoining { get; }

    /// <summary>Starting again changes nothing: the machine needs an empty disk and a new name.</summary>
    public bool NeedsReplacement { get; private set; }

    /// <summary>The boot of a peer's refusal of what is on the disk as an old copy. Written down there: another disk knows nothing of it.</summary>
    public BootId? DisownedFor { get; private set; }

    /// <summary>It left the cluster for good.</summary>
    public bool IsRetired { get; set; }

    /// <summary>The highest boot of each peer, kept beside the data; what a handshake compares.</summary>
    public BootTable PeerBoots { get; } = new();

    public SimulatedDisk Disk { get; }

    public SimulatedBackground? Background { get; private set; }

    public ISimulatedNode? Node { get; private set; }

    public HostState State { get; private set; }

    public string StopReason { get; private set; } = "";

    /// <summary>Counts starts of the process.</summary>
    public long Starts { get; private set; }

    public long PausedUntilUs { get; private set; }

    /// <summary>Real time per tick: 1.2 is a slow clock.</summary>
    public double TickFactor { get; set; } = 1;

    /// <summary>This machine's wall clock minus the true one.</summary>
    public long WallOffsetMs
    {
        get;
        set
        {
            field = value;
            _cluster.NoteWallOffset(value);
        }
    }

    /// <summary>The last view of each replica.</summary>
    public List<ReplicaView> Replicas { get; } = [];

    public bool IsRunning => State == HostState.Running;

    public bool IsPaused => PausedUntilUs > _world.NowUs;

    public long WallClockMs => SimulatedCluster.WallClockStartMs + _world.NowMs + WallOffsetMs;

    public void Start()
    {
        Invariant.Assert(!IsRunning);
        Starts++;
        _era++;
        State = HostState.Running;
        StopReason = "";
        PausedUntilUs = 0;
        _turnScheduled = false;
        SimulatedNetwork.Endpoint endpoint = _cluster.Network.Attach(Id, Starts, this);
        Background = new SimulatedBackground(_world, Id.Value, _cluster.Background, _random.Fork(), ScheduleTurn)
        {
            PowerLost = PowerLost,
        };
        NodeSetup setup = new()
        {
            Id = Id,
            Disk = Disk,
            Network = endpoint,
            Background = Background,
            Random = _random.Fork(),
            Answers = _cluster.Answers,
            Observer = _cluster.States,
            Logs = _cluster.Logs,
            Leaders = _cluster.Leaders,
            WallClockMs = WallClockMs,
            SteadyMs = () => _world.NowUs / 1000,
            Clock = new SimulatedClock(this, _world),
            ScheduleTurn = ScheduleTurn,
            IsJoining = IsJoining,
            DisownedFor = DisownedFor,
        };
        Guarded(_ =>
        {
            Node = _cluster.Factory.Start(setup);
            endpoint.Boot = Node.Boot;
            DisownedFor = null;
        });
        if (IsRunning)
        {
            _world.Trace?.Line(_world.NowUs, Id.ToString(), "started", $"start {Starts}, {Node!.Boot}");
            _world.Schedule(_random.Below((int)TickUs), this, EventKind.NodeTick, Id.Value, _era);
            ScheduleTurn();
        }
    }

    /// <summary>kill -9: what was written stays, what was in memory is gone.</summary>
    public void Kill()
    {
        if (IsRunning)
        {
            _world.Trace?.Line(_world.NowUs, Id.ToString(), "killed", "");
        }

        End(HostState.Down);
        Disk.Kill();
    }

    /// <summary>The machine loses power: unsynced writes are lost, torn or kept.</summary>
    public void PowerLoss(in CrashOptions options)
    {
        _world.Trace?.Line(_world.NowUs, Id.ToString(), "power lost", "");
        End(HostState.Down);
        Disk.Crash(options);
    }

    /// <summary>SIGSTOP until a time: nothing is received, ticked or done; the network's buffers keep what arrives.</summary>
    public void Pause(long untilUs)
    {
        _world.Trace?.Line(_world.NowUs, Id.ToString(), "paused", $"until {untilUs / 1e6:F3}");
        PausedUntilUs = untilUs;
        if (Background is { } background && background.StalledUntilUs < untilUs)
        {
            background.Stall(untilUs);
        }
    }

    /// <summary>SIGCONT now; the disk answers again as well.</summary>
    public void Resume()
    {
        if (!IsRunning)
        {
            return;
        }

        PausedUntilUs = 0;
        _era++;
        _turnScheduled = false;
        Background!.BeforeStep = null;
        Background.Resume();
        _world.Schedule(0, this, EventKind.NodeTick, Id.Value, _era);
        ScheduleTurn();
    }

    /// <summary>A peer's handshake said that this is an old copy of a data directory, or a second one.</summary>
    public void RefusedAsOld(NodeId by, BootId seen)
    {
        DisownedFor = seen;
        Stopped($"{by} has seen a later boot of this node");
    }

    /// <summary>The disk has become another one: empty, or an old one.</summary>
    public void DiskExchanged()
    {
        PeerBoots.Clear();
        DisownedFor = null;
    }

    public void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message)
    {
        if (!IsRunning)
        {
            return;
        }

        _inbox.Enqueue((from, boot, message));
        ScheduleTurn();
    }

    /// <summary>Hands a request to the node; false when no process takes it.</summary>
    public bool Submit(Action<ISimulatedNode> request)
    {
        if (!IsRunning || Node == null)
        {
            return false;
        }

        Guarded(host => request(host.Node!));
        ScheduleTurn();
        return true;
    }

    public void Fire(in SimulationEvent happened)
    {
        if (happened.A != _era || !IsRunning)
        {
            return;
        }

        if (IsPaused)
        {
            _world.Schedule(PausedUntilUs - _world.NowUs, this, happened.Kind, Id.Value, _era);
            return;
        }

        if (happened.Kind == EventKind.NodeTick)
        {
            Guarded(static host => host.Node!.Tick(host.WallClockMs));
            if (IsRunning)
            {
                _world.Schedule((long)(TickUs * TickFactor), this, EventKind.NodeTick, Id.Value, _era);
                ScheduleTurn();
            }
        }
        else
        {
            _turnScheduled = false;
            Guarded(static host => host.Turn());
        }
    }

    private void Turn()
    {
        ISimulatedNode node = Node!;
        while (_inbox.TryDequeue(out (NodeId From, BootId Boot, ReadOnlyMemory<byte> Message) next))
        {
            node.Receive(next.From, next.Boot, next.Message);
        }

        Background!.RunCompletions();
        node.Turn();
        _cluster.Observe(this);
        if (node.IsStopped)
        {
            Stopped(node.StopReason);
        }
    }

    private void ScheduleTurn()
    {
        if (!_turnScheduled && IsRunning)
        {
            _turnScheduled = true;
            long delay = 1 + (long)_random.Exponential(TurnDelayMeanUs);
            _world.Schedule(delay, this, EventKind.NodeTurn, Id.Value, _era);
        }
    }

    /// <summary>Runs the node's code; what it throws ends the process, and is a finding unless the fault explains it.</summary>
    private void Guarded(Action<SimulatedHost> code)
    {
        try
        {
            code(this);
        }
        catch (PowerLossException)
        {
            PowerLost();
        }
        catch (DiskException broken)
        {
            // The shell ends the process when the disk fails under a turn, or while the node starts.
            Stopped(broken.Message);
        }
        catch (NodeRefusedException refused)
        {
            NeedsReplacement |= refused.IsFinal;
            Stopped(refused.Message);
        }
#pragma warning disable CA1031 // A crash of the node by any exception is what the simulator looks for: it becomes a finding.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _cluster.Findings.Add('X', "exception", $"{Id}: {exception}");
            Stopped(exception.Message);
        }
    }

    private void PowerLost() => PowerLoss(_cluster.CrashOptions);

    private void Stopped(string reason)
    {
        _world.Trace?.Line(_world.NowUs, Id.ToString(), "stopped", reason);
        End(HostState.Stopped);
        StopReason = reason;
    }

    private void End(HostState state)
    {
        State = state;
        Node = null;
        PausedUntilUs = 0;
        _inbox.Clear();
        Background?.Crash();
        _cluster.Network.Detach(Id);
        Replicas.Clear();
        _cluster.WentDown(this);
    }
}
