using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Placement;
using Nines.Replication.Requests;
using Nines.Storage.Log;
using Nines.Tables.Model.Machine;

namespace Nines.Bench;

/// <summary>Three reactors in one thread with the tables' rules: messages arrive in the next round, background work is done between rounds.</summary>
internal sealed class ReactorCluster
{
    /// <summary>Ticks until a leader must be there: ten seconds.</summary>
    private const int MaxTicks = 400;

    private static readonly GroupId Group = new(1);

    private readonly HostedReactor[] _nodes;
    private long _now;

    public ReactorCluster()
    {
        SlotMap map = SlotMap.Initial([.. Enumerable.Range(1, 3).Select(n => new Member(new NodeId(n), $"node{n}"))], dataGroups: 1, replicas: 3);
        _nodes = [.. Enumerable.Range(1, 3).Select(n => new HostedReactor(new NodeId(n), map))];
        for (int i = 0; Leading() is null; i++)
        {
            Invariant.Assert(i < MaxTicks);
            Tick();
        }

        Leader = Leading()!.Reactor;
        Follower = Array.Find(_nodes, n => n.Reactor != Leader)!.Reactor;
    }

    public Reactor Leader { get; }

    public Reactor Follower { get; }

    public static BenchRequest Request(ReadOnlyMemory<byte> body, bool isWrite) => new()
    {
        Group = Group, Machine = TablesMachine.MachineId, Body = body, IsWrite = isWrite, Consistency = Consistency.Strong, TimeoutTicks = MaxTicks,
    };

    public void Tick()
    {
        _now++;
        foreach (HostedReactor node in _nodes)
        {
            node.Reactor.Tick(1_700_000_000_000 + (_now * 25), _now * 25);
            node.Reactor.Turn();
        }

        Settle();
    }

    /// <summary>Rounds until nothing is under way.</summary>
    public void Settle()
    {
        bool busy = true;
        foreach (HostedReactor node in _nodes)
        {
            node.Reactor.Turn();
        }

        while (busy)
        {
            busy = false;
            foreach (HostedReactor node in _nodes)
            {
                busy |= node.RunBackground();
            }

            foreach (HostedReactor node in _nodes)
            {
                while (node.Sent.TryDequeue(out (NodeId To, byte[] Frame) message))
                {
                    busy = true;
                    _nodes[message.To.Value - 1].Reactor.Receive(node.Id, new BootId(1), message.Frame);
                }
            }

            foreach (HostedReactor node in _nodes)
            {
                node.Reactor.Turn();
            }
        }
    }

    private HostedReactor? Leading() => Array.Find(
        _nodes, n => n.Reactor.Status().Replicas.Any(r => r.Group == Group && r.Role == RaftRole.Leader && r.Commit > LogIndex.Zero));
}

/// <summary>A reactor with its ports.</summary>
internal sealed class HostedReactor : INetwork, IBackground
{
    private readonly Queue<(IBackgroundWork Work, Action<IBackgroundWork, Exception?> Done)> _work = new();

    public HostedReactor(NodeId id, SlotMap map)
    {
        Id = id;
        Reactor = new Reactor(new ReactorParts
        {
            // A short window keeps the set of remembered requests as small as it would be at a real rate of ticks.
            Options = new ReactorOptions { SessionWindowMs = 1000, RebalanceTicks = 0 },
            Self = id,
            Boot = new BootId(1),
            Disk = new MemoryDisk(),
            Network = this,
            Background = this,
            Machines = [new TablesMachine()],
            Random = new Prng((ulong)id.Value),
            InitialMap = map,
            LogOptions = new LogOptions { SegmentBytes = 8 << 20, GrowingSegmentBytes = 8 << 20, MaxBytes = 64 << 20 },
        });
    }

    public NodeId Id { get; }

    public Reactor Reactor { get; }

    public Queue<(NodeId To, byte[] Frame)> Sent { get; } = new();

    public bool Send(NodeId to, ReadOnlySpan<byte> message)
    {
        Sent.Enqueue((to, message.ToArray()));
        return true;
    }

    public void Start(Lane lane, IBackgroundWork work, Action<IBackgroundWork, Exception?> completed) => _work.Enqueue((work, completed));

    public bool RunBackground()
    {
        int count = _work.Count;
        for (int left = count; left > 0; left--)
        {
            (IBackgroundWork work, Action<IBackgroundWork, Exception?> done) = _work.Dequeue();
            work.Run();
            done(work, null);
        }

        return count > 0;
    }
}

/// <summary>A request that is used again and again.</summary>
internal sealed class BenchRequest : Request
{
    private readonly ByteBuffer _answer = new(512);

    /// <summary>True from the answer until the next <see cref="Renew"/>.</summary>
    public bool IsDone { get; private set; }

    public void Renew(ulong id)
    {
        IsDone = false;
        Id = new RequestId(id);
    }

    protected override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine)
    {
        Invariant.Assert(answer.IsDone);
        if (state is not null && machine is not null)
        {
            _answer.Clear();
            machine.Query(Body, new MachineReader(state, machine.Id), _answer);
            (state as IDisposable)?.Dispose();
        }

        IsDone = true;
    }
}
