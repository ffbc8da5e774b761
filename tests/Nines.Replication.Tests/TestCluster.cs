using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Requests;
using Nines.Simulation.Disk;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Replication.Tests;

/// <summary>A few reactors in one thread: messages arrive in the next round, background work is done between rounds.</summary>
internal sealed class TestCluster
{
    private readonly Dictionary<int, TestNode> _nodes = [];
    private readonly SlotMap _map;
    private readonly Func<IReadOnlyList<IStateMachine>> _machines;
    private readonly ReactorOptions _options;
    private ulong _nextId;

    public TestCluster(int nodes, int groups, ReactorOptions? options = null, Func<IReadOnlyList<IStateMachine>>? machines = null)
    {
        _options = options ?? new();
        _machines = machines ?? (() => [new RegisterRules()]);
        _map = SlotMap.Initial([.. Enumerable.Range(1, nodes).Select(n => new Member(new(n), $"node{n}"))], groups, 3);
        for (int n = 1; n <= nodes; n++)
        {
            Start(n);
        }
    }

    public IEnumerable<TestNode> Nodes => _nodes.Values.Where(n => n.IsUp);

    public TestNode this[int node] => _nodes[node];

    /// <summary>Real time, also for those who stand still.</summary>
    public long NowMs { get; private set; }

    /// <summary>Directed links that lose everything.</summary>
    public HashSet<(int From, int To)> Cut { get; } = [];

    /// <summary>Processes that stand still: they hear later what is said to them now.</summary>
    public HashSet<int> Paused { get; } = [];

    public void Start(int node)
    {
        TestNode? before = _nodes.GetValueOrDefault(node);
        SimulatedDisk disk = before?.Disk ?? new SimulatedDisk(new Prng((ulong)node));
        var next = new TestNode(node, disk, (before?.Boot ?? 0) + 1);
        next.Reactor = new(new ReactorParts
        {
            Options = _options,
            Self = new(node),
            Boot = new(next.Boot),
            Disk = disk,
            Network = next,
            Background = next,
            Machines = _machines(),
            Random = new Prng((ulong)(node * 1000 + next.Boot)),
            InitialMap = _map,
            LogOptions = LogOptions.ForSimulation,
            StoreOptions = new StoreOptions { MemtableBytes = 64 << 10, TableBytes = 64 << 10, LevelBaseBytes = 256 << 10 },
        });
        _nodes[node] = next;
    }

    /// <summary>The process dies; what it wrote and did not sync stays in the page cache.</summary>
    public void Kill(int node)
    {
        _nodes[node].IsUp = false;
        _nodes[node].Disk.Kill();
    }

    /// <summary>The process dies and its data directory is wiped.</summary>
    public void Wipe(int node)
    {
        Kill(node);
        _nodes[node].Disk.Wipe();
    }

    public void Tick(int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            NowMs += 25;
            foreach (TestNode node in Nodes.Where(IsAwake))
            {
                node.Reactor.Tick(1_700_000_000_000 + (node.Reactor.Now * 25), NowMs);
                node.Reactor.Turn();
            }

            Settle();
        }
    }

    /// <summary>Runs until <paramref name="condition"/> holds; fails after many ticks.</summary>
    public void Until(Func<bool> condition, int maxTicks = 4000)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < maxTicks, "the condition was not reached");
            Tick();
        }
    }

    public TestRequest Write(int node, GroupId group, string command, ulong? id = null, int ticks = 400)
    {
        var request = new TestRequest { IsWrite = true, Id = new(id ?? ++_nextId + 1000) };
        return Submit(node, group, command, ticks, request);
    }

    public TestRequest Read(int node, GroupId group, string query, Consistency consistency = Consistency.Strong, LogIndex notBefore = default) =>
        Submit(node, group, query, 400, new TestRequest { Consistency = consistency, NotBefore = notBefore });

    public int Leader(GroupId group) =>
        Nodes.FirstOrDefault(n => IsAwake(n) && n.Reactor.Core(group)?.Role == Consensus.RaftRole.Leader)?.Id ?? 0;

    public Answer Done(TestRequest request)
    {
        Until(() => request.Answer is not null);
        return request.Answer!.Value;
    }

    public TestRequest Submit(int node, GroupId group, string body, int ticks, TestRequest request)
    {
        request.Group = group;
        request.Machine = RegisterRules.MachineId;
        request.Body = System.Text.Encoding.UTF8.GetBytes(body);
        request.TimeoutTicks = ticks;
        _nodes[node].Reactor.Submit(request);
        _nodes[node].Reactor.Turn();
        return request;
    }

    private void Settle()
    {
        for (bool busy = true; busy;)
        {
            busy = false;
            foreach (TestNode node in Nodes.Where(IsAwake))
            {
                busy |= node.RunBackground();
            }

            foreach (TestNode node in Nodes)
            {
                while (node.Sent.TryDequeue(out (int To, byte[] Frame) message))
                {
                    busy = true;
                    if (_nodes[message.To].IsUp && !Cut.Contains((node.Id, message.To)))
                    {
                        _nodes[message.To].Inbox.Enqueue((node.Id, node.Boot, message.Frame));
                    }
                }
            }

            foreach (TestNode node in Nodes.Where(IsAwake))
            {
                while (node.Inbox.TryDequeue(out (int From, long Boot, byte[] Frame) message))
                {
                    node.Reactor.Receive(new(message.From), new(message.Boot), message.Frame);
                }

                node.Reactor.Turn();
            }
        }
    }

    private bool IsAwake(TestNode node) => !Paused.Contains(node.Id);
}

internal sealed class TestNode(int id, SimulatedDisk disk, long boot) : INetwork, IBackground
{
    private readonly Queue<(IBackgroundWork Work, Action<IBackgroundWork, Exception?> Done)> _work = new();

    public int Id { get; } = id;

    public long Boot { get; } = boot;

    public SimulatedDisk Disk { get; } = disk;

    public Reactor Reactor { get; set; } = null!;

    public bool IsUp { get; set; } = true;

    public Queue<(int To, byte[] Frame)> Sent { get; } = new();

    public Queue<(int From, long Boot, byte[] Frame)> Inbox { get; } = new();

    public bool Send(NodeId to, ReadOnlySpan<byte> message)
    {
        Sent.Enqueue((to.Value, message.ToArray()));
        return true;
    }

    public void Start(Lane lane, IBackgroundWork work, Action<IBackgroundWork, Exception?> completed) =>
        _work.Enqueue((work, completed));

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

internal sealed class TestRequest : Request
{
    public Answer? Answer { get; private set; }

    /// <summary>The object becomes another request when it is answered, as those of the doors do.</summary>
    public bool IsUsedAgain { get; init; }

    public void Forget() => Answer = null;

    public long Freshness { get; private set; } = -1;

    public string Text => System.Text.Encoding.UTF8.GetString(Answer!.Value.Body.Span);

    protected internal override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine)
    {
        Assert.True(Answer is null || IsUsedAgain);
        Freshness = FreshAtMs;
        Answer = answer;
        if (state is not null && machine is not null)
        {
            var buffer = new ByteBuffer();
            machine.Query(Body, new MachineReader(state, machine.Id), buffer);
            Answer = answer with { Body = buffer.ToArray() };
            (state as IDisposable)?.Dispose();
        }
    }
}

/// <summary>Commands "key=value" answer the value before and count; queries "key" answer "value#count".</summary>
internal sealed class RegisterRules : IStateMachine
{
    public const byte MachineId = 9;

    public byte Id => MachineId;

    public void Apply(in CommandContext context, ReadOnlyMemory<byte> command, IOrderedState state, ByteBuffer answer)
    {
        string[] parts = System.Text.Encoding.UTF8.GetString(command.Span).Split('=');
        byte[] key = System.Text.Encoding.UTF8.GetBytes(parts[0]);
        string before = state.TryGet(key, out ReadOnlyMemory<byte> old) ? System.Text.Encoding.UTF8.GetString(old.Span) : "#0";
        int count = int.Parse(before[(before.IndexOf('#') + 1)..]) + 1;
        state.Put(key, System.Text.Encoding.UTF8.GetBytes($"{parts[1]}#{count}"));
        answer.Raw(System.Text.Encoding.UTF8.GetBytes(before));
    }

    public void Query(ReadOnlyMemory<byte> query, IOrderedReader state, ByteBuffer answer)
    {
        if (state.TryGet(query.Span, out ReadOnlyMemory<byte> value))
        {
            answer.Raw(value.Span);
        }
    }
}
