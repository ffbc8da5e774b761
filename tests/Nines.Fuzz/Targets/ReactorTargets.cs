using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Wire;
using Nines.Simulation.Disk;

namespace Nines.Fuzz.Targets;

/// <summary>Frames from peers, into reactors in every condition: at work, joining, with a damaged log.</summary>
internal static class ReactorTargets
{
    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("reactor.cluster", () => new ClusterTarget("reactor.cluster", liars: false)),
        new("reactor.liars", () => new ClusterTarget("reactor.liars", liars: true)),
        new("reactor.joining", () => new LoneTarget("reactor.joining", hasHole: false)),
        new("reactor.repairing", () => new LoneTarget("reactor.repairing", hasHole: true)),
    ];

    /// <summary>
    /// Whether a peer could only send this by lying: a well-formed Raft message, a map, a snapshot of a leader with another term. Nodes
    /// trust each other that far; "raft.node" shows what lies end in. Everything else must be survived.
    /// </summary>
    public static bool IsLie(NodeId from, byte kind, ReadOnlyMemory<byte> body, List<LogEntry> scratch)
    {
        if (kind == MessageKind.SnapshotBegin)
        {
            var begin = new ByteReader(body);
            begin.Count();
            begin.Varint();
            return begin.Count() is > 200 and < long.MaxValue / 4;
        }

        if (kind == MessageKind.MapNews)
        {
            return SlotMap.TryRead(body.Span) is not null;
        }

        if (kind < MessageKind.Raft)
        {
            return false;
        }

        var reader = new ByteReader(body);
        reader.Count();
        return !reader.Failed && RaftCodec.TryRead(body[reader.Offset..], scratch, out RaftMessage message) && message.From == from;
    }
}

/// <summary>
/// A working cluster. An input is a byte that says from whom to whom, and a frame. No node may stop, and after each episode the
/// cluster must serve a write through every node. With liars a node may stop, but only by an invariant that it found broken.
/// </summary>
internal sealed class ClusterTarget : FuzzTarget
{
    private readonly bool _liars;
    private readonly IReadOnlyList<byte[]> _corpus;
    private readonly List<LogEntry> _scratch = [];
    private FuzzCluster _cluster = null!;
    private bool _stopped;

    public ClusterTarget(string name, bool liars)
        : base(name)
    {
        _liars = liars;
        _corpus = [.. Recording.Instance.Frames.SelectMany((f, i) => new[] { (byte[])[(byte)i, .. f], [(byte)(i + 3), .. f, .. Next(i)] })];
    }

    public override IReadOnlyList<byte[]> Corpus => _corpus;

    public override int Episode => _liars ? 40 : 400;

    public override long BytesAllowed(int length) => (8 << 20) + (1024L * length);

    public override void Begin(Prng random)
    {
        _cluster = new FuzzCluster(Recording.Options);
        _cluster.StartAll();
        _stopped = false;
        Recording.Work(_cluster, 4);
    }

    public override bool Try(byte[] input)
    {
        int route = input.Length == 0 ? 0 : input[0] % 6;
        int to = 1 + (route / 2);
        int from = 1 + ((to + (route % 2)) % FuzzCluster.Nodes);
        ReadOnlyMemory<byte> frame = input.AsMemory(Math.Min(1, input.Length));
        ReadOnlyMemory<byte> left = frame;
        bool any = false;
        while (SubMessage.TryNext(ref left, out byte kind, out ReadOnlyMemory<byte> body))
        {
            if (_stopped || (!_liars && ReactorTargets.IsLie(new(from), kind, body, _scratch)))
            {
                return false;
            }

            any = true;
        }

        try
        {
            Deliver(_cluster[to], new(from), new(_cluster[from].Boot), frame, tick: input.Length % 8 == 0);
        }
        catch (InvariantBrokenException) when (_liars)
        {
            _stopped = true;
        }

        return any;
    }

    public override void End()
    {
        if (!_liars)
        {
            Recording.Work(_cluster, 3);
        }
    }

    private void Deliver(FuzzNode node, NodeId from, BootId boot, ReadOnlyMemory<byte> frame, bool tick)
    {
        node.Reactor.Receive(from, boot, frame);
        node.Reactor.Turn();
        _cluster.Settle();
        if (tick)
        {
            _cluster.Tick();
        }

        Invariant.Assert(node.Reactor.Failure is null, node.Reactor.Failure ?? "");
    }

    private static byte[] Next(int i) => Recording.Instance.Frames[(i + 1) % Recording.Instance.Frames.Count];
}

/// <summary>One node that hears only what the input says: on an empty directory, or on one whose log has a hole.</summary>
internal sealed class LoneTarget(string name, bool hasHole) : FuzzTarget(name)
{
    private readonly IReadOnlyList<byte[]> _corpus = [.. Recording.Instance.Frames.Select((f, i) => (byte[])[(byte)i, .. f])];
    private readonly List<LogEntry> _scratch = [];
    private readonly SimulatedDisk _disk = new(new Prng(2));
    private FuzzCluster _cluster = null!;

    public override IReadOnlyList<byte[]> Corpus => _corpus;

    public override int Episode => 50;

    public override long BytesAllowed(int length) => (8 << 20) + (1024L * length);

    public override void Begin(Prng random)
    {
        _cluster = new FuzzCluster(Recording.Options);
        if (hasHole)
        {
            _disk.Restore(Recording.Instance.WithHole);
            _cluster.Start(2, _disk, Recording.Instance.BootWithHole);
        }
        else
        {
            _cluster.Start(2, new SimulatedDisk(random.Fork()));
        }
    }

    public override bool Try(byte[] input)
    {
        int from = input.Length > 0 && input[0] % 2 == 0 ? 1 : 3;
        ReadOnlyMemory<byte> frame = input.AsMemory(Math.Min(1, input.Length));
        ReadOnlyMemory<byte> left = frame;
        bool any = false;
        while (SubMessage.TryNext(ref left, out byte kind, out ReadOnlyMemory<byte> body))
        {
            if (ReactorTargets.IsLie(new(from), kind, body, _scratch))
            {
                return false;
            }

            any = true;
        }

        FuzzNode node = _cluster[2];
        node.Reactor.Receive(new(from), new(100), frame);
        node.Reactor.Turn();
        _cluster.Tick();
        Invariant.Assert(node.Reactor.Failure is null, node.Reactor.Failure ?? "");
        return any;
    }
}
