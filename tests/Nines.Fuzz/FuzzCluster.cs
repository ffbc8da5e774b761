using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Placement;
using Nines.Replication.Requests;
using Nines.Simulation.Disk;
using Nines.Storage.Log;
using Nines.Storage.Store;
using Nines.Tables.Model.Machine;

namespace Nines.Fuzz;

/// <summary>Three reactors in one thread, with the tables machine. Messages arrive in the next round, background work is done between rounds.</summary>
internal sealed class FuzzCluster
{
    public const int Nodes = 3;
    public static readonly GroupId Group = new(1);

    private readonly FuzzNode?[] _nodes = new FuzzNode?[Nodes + 1];
    private readonly SlotMap _map;
    private readonly ReactorOptions _options;
    private ulong _nextId;

    public FuzzCluster(ReactorOptions options)
    {
        _options = options;
        _map = SlotMap.Initial([.. Enumerable.Range(1, Nodes).Select(n => new Member(new(n), $"node{n}"))], 2, Nodes);
    }

    /// <summary>Sees every frame that a node sends.</summary>
    public Action<int, int, ReadOnlyMemory<byte>>? Sent { get; set; }

    public FuzzNode this[int node] => _nodes[node]!;

    public IEnumerable<FuzzNode> Up => _nodes.Where(n => n is { IsUp: true })!;

    /// <summary>Starts a node: a new process on its own disk, or on the one given.</summary>
    public void Start(int node, SimulatedDisk? disk = null, long boot = 0)
    {
        FuzzNode? before = _nodes[node];
        disk ??= before?.Disk ?? new SimulatedDisk(new Prng((ulong)node));
        var next = new FuzzNode(node, disk, boot > 0 ? boot : (before?.Boot ?? 0) + 1);
        next.Reactor = new(new ReactorParts
        {
            Options = _options,
            Self = new(node),
            Boot = new(next.Boot),
            Disk = disk,
            Network = next,
            Background = next,
            Machines = [new TablesMachine()],
            Random = new Prng((ulong)((node * 1000) + next.Boot)),
            InitialMap = _map,
            LogOptions = LogOptions.ForSimulation,
            StoreOptions = new StoreOptions { MemtableBytes = 8 << 10, TableBytes = 16 << 10, LevelBaseBytes = 64 << 10 },
            BlockCacheBytes = 1 << 20,
        });
        _nodes[node] = next;
    }

    public void StartAll()
    {
        for (int node = 1; node <= Nodes; node++)
        {
            Start(node);
        }
    }

    public void Kill(int node)
    {
        _nodes[node]!.IsUp = false;
        _nodes[node]!.Disk.Kill();
    }

    public void Tick(int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            foreach (FuzzNode node in Up)
            {
                node.Reactor.Tick(1_700_000_000_000 + (node.Reactor.Now * 25), node.Reactor.Now * 25);
                node.Reactor.Turn();
            }

            Settle();
        }
    }

    public void Until(Func<bool> condition, int maxTicks = 3000)
    {
        for (int i = 0; !condition(); i++)
        {
            Invariant.Assert(i < maxTicks, "the cluster does not come to what was waited for");
            Tick();
        }
    }

    /// <summary>A command through a node; its answer when it is done.</summary>
    public Answer Write(int node, GroupId group, byte[] command)
    {
        var request = new FuzzRequest
        {
            IsWrite = true, Id = new(++_nextId + 1000), Group = group, Machine = TablesMachine.MachineId, Body = command, TimeoutTicks = 1000,
        };
        return Do(node, request);
    }

    public Answer Read(int node, GroupId group, byte[] query, Consistency consistency) => Do(node, new FuzzRequest
    {
        Group = group, Machine = TablesMachine.MachineId, Body = query, Consistency = consistency, TimeoutTicks = 1000,
    });

    public void Settle()
    {
        for (int round = 0; round < 1000; round++)
        {
            bool busy = false;
            foreach (FuzzNode node in Up)
            {
                busy |= node.RunBackground();
            }

            foreach (FuzzNode node in Up)
            {
                while (node.Outgoing.TryDequeue(out (int To, byte[] Frame) message))
                {
                    busy = true;
                    Sent?.Invoke(node.Id, message.To, message.Frame);
                    if (message.To is > 0 and <= Nodes && _nodes[message.To] is { IsUp: true } target)
                    {
                        target.Reactor.Receive(new(node.Id), new(node.Boot), message.Frame);
                    }
                }
            }

            foreach (FuzzNode node in Up)
            {
                node.Reactor.Turn();
            }

            if (!busy)
            {
                return;
            }
        }

        Invariant.Assert(false, "the nodes talk for ever");
    }

    private Answer Do(int node, FuzzRequest request)
    {
        _nodes[node]!.Reactor.Submit(request);
        _nodes[node]!.Reactor.Turn();
        Until(() => request.Answer is not null);
        return request.Answer!.Value;
    }

    private sealed class FuzzRequest : Request
    {
        public Answer? Answer { get; private set; }

        protected internal override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine)
        {
            Answer = answer;
            if (state is not null && machine is not null)
            {
                var buffer = new ByteBuffer();
                machine.Query(Body, new MachineReader(state, machine.Id), buffer);
                (state as IDisposable)?.Dispose();
            }
        }
    }
}

/// <summary>The shell of one reactor.</summary>
internal sealed class FuzzNode(int id, SimulatedDisk disk, long boot) : INetwork, IBackground
{
    private readonly Queue<(IBackgroundWork Work, Action<IBackgroundWork, Exception?> Done)> _work = new();

    public int Id { get; } = id;

    public long Boot { get; } = boot;

    public SimulatedDisk Disk { get; } = disk;

    public Reactor Reactor { get; set; } = null!;

    public bool IsUp { get; set; } = true;

    public Queue<(int To, byte[] Frame)> Outgoing { get; } = new();

    public bool Send(NodeId to, ReadOnlySpan<byte> message)
    {
        Outgoing.Enqueue((to.Value, message.ToArray()));
        return true;
    }

    public void Start(Lane lane, IBackgroundWork work, Action<IBackgroundWork, Exception?> completed) => _work.Enqueue((work, completed));

    public bool RunBackground()
    {
        bool any = false;
        for (int left = _work.Count; left > 0; left--)
        {
            (IBackgroundWork work, Action<IBackgroundWork, Exception?> done) = _work.Dequeue();
            Exception? failure = null;
            try
            {
                while (work.Step())
                {
                }
            }
            catch (Exception e) when (e is DiskException or DamagedException)
            {
                failure = e;
            }

            done(work, failure);
            any = true;
        }

        return any;
    }
}
