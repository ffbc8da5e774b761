using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Log;

namespace Nines.Replication;

/// <summary>
/// One node's share of the cluster: the replicas it holds, their common log, and the requests it received. Single-threaded and
/// deterministic: everything comes in through <see cref="Receive"/>, <see cref="Submit"/>, <see cref="Tick"/> and completions
/// of background work; everything goes out through the ports. It never waits, reads no clock and draws no random number.
/// <para>
/// A turn: inputs step the cores as they come. <see cref="Turn"/> finishes the cores that were stepped, hands over <b>one</b> log
/// append for everything that became due, whichever group it belongs to, and sends what may leave now. When the append is durable,
/// what waited for it leaves. While one append is being flushed the next fills up: group commit and pipelining come from
/// this shape.
/// </para>
/// The shell (<see cref="ReactorThread"/>, or the simulator) owns it and calls from one thread, except where a member says otherwise.
/// </summary>
public sealed partial class Reactor : IReplicaHost
{
    private readonly ReactorOptions _options;
    private readonly IBackground _background;
    private readonly SegmentedLog _log;
    private readonly Outbox _outbox;
    private readonly ReplicaContext _replicaContext;
    private readonly SortedList<int, Replica> _replicas = [];
    private readonly Dictionary<int, PeerState> _peers = [];
    private readonly List<Replica> _dirty = [];
    private volatile SlotMap _map;
    private volatile Replica?[] _published = [];
    private long _now;

    public NodeId Self { get; }

    public IReadOnlyDictionary<byte, IStateMachine> Machines { get; }

    /// <summary>The slot map in force here. May be read from any thread.</summary>
    public SlotMap Map => _map;

    /// <summary>Ticks since the start.</summary>
    public long Now => _now;

    public long WallMs { get; private set; }

    /// <summary>Messages of a peer that could not be read. Frames are checksummed: it runs a version that this one does not understand.</summary>
    public long MalformedFrom(NodeId peer) => Peer(peer).Malformed;

    /// <summary>Why this node must stop (a failed flush, a broken log); null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>A frame from another node. The memory may be kept.</summary>
    public void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> frame)
    {
        PeerState peer = Peer(from);
        int age = boot.CompareTo(peer.Boot);
        if (age < 0 || (age == 0 && boot != peer.Boot))
        {
            // Sent by an earlier life of that node, or by a copy of its data directory. Nothing it says counts.
            peer.Refused++;
            return;
        }

        if (age > 0)
        {
            peer.Boot = boot;
            OnPeerDown(from);
        }

        peer.LastHeard = _now;
        while (SubMessage.TryNext(ref frame, out byte kind, out ReadOnlyMemory<byte> body))
        {
            Dispatch(from, kind, body);
        }

        peer.Malformed += frame.IsEmpty ? 0 : 1;
    }

    /// <summary>The connection to a peer broke: a hint, taken at once instead of waiting for silence.</summary>
    public void PeerDown(NodeId peer)
    {
        Peer(peer).LastHeard = Math.Min(Peer(peer).LastHeard, _now - _options.ElectionTimeoutTicks);
        OnPeerDown(peer);
    }

    /// <summary>A clock that never jumps, as of the latest tick, in milliseconds. Only differences on this node mean anything.</summary>
    public long SteadyMs { get; private set; }

    /// <summary>One tick passed. The wall clock is only data: it stamps commands.</summary>
    /// <param name="wallMs">The wall clock.</param>
    /// <param name="steadyMs">A clock that never jumps, also in real milliseconds; ticks are not, they stand still with the process.</param>
    public void Tick(long wallMs, long steadyMs)
    {
        _now++;
        WallMs = wallMs;
        SteadyMs = steadyMs;
        foreach (Replica replica in _replicas.Values)
        {
            TickReplica(replica);
        }

        FireDeadlines();
        RecallFromSilent();
        RetryHeld();
        SayAlive();
        TellEpoch();
        TickSnapshots();
        SayHello();
        TickRepairs();
        RequestStates();
        AskFreshness();
        SealIdleLog();
        CheckSpace();
    }

    /// <summary>Ends the turn: see the class.</summary>
    public void Turn()
    {
        if (Failure is not null)
        {
            return;
        }

        FinishReplicas();
        StartFlush();
        StartStoreWork();
        _outbox.Flush();
    }

    private void Dispatch(NodeId from, byte kind, ReadOnlyMemory<byte> body)
    {
        switch (kind)
        {
            case MessageKind.Alive: break;
            case MessageKind.Forward: OnForward(from, body); break;
            case MessageKind.ForwardAnswer: OnForwardAnswer(from, body); break;
            case MessageKind.ForwardRefused: OnForwardRefused(from, body); break;
            case MessageKind.Quiesce: OnQuiesce(from, body); break;
            case MessageKind.Wake: OnWake(from, body); break;
            case MessageKind.SnapshotBegin: OnSnapshotBegin(from, body); break;
            case MessageKind.SnapshotChunk: OnSnapshotChunk(from, body); break;
            case MessageKind.SnapshotProgress: OnSnapshotProgress(from, body); break;
            case MessageKind.RepairRequest: OnRepairRequest(from, body); break;
            case MessageKind.RepairAnswer: OnRepairAnswer(from, body); break;
            case MessageKind.Amnesiac: OnAmnesiac(from, body); break;
            case MessageKind.StateRequest: OnStateRequest(from, body); break;
            case MessageKind.Hello: OnHello(from, body); break;
            case MessageKind.HelloAnswer: OnHelloAnswer(from, body); break;
            case MessageKind.MapEpoch: OnMapEpoch(from, body); break;
            case MessageKind.MapNews: OnMapNews(from, body); break;
            case MessageKind.Readmit: OnReadmit(from, body); break;
            case MessageKind.Retire: OnRetire(from, body); break;
            case MessageKind.Retired: OnRetired(from, body); break;
            case >= MessageKind.Raft: OnRaft(from, body); break;
            default: Peer(from).Malformed++; break;
        }
    }

    private void OnRaft(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        if (reader.Failed || !RaftCodec.TryRead(body[reader.Offset..], _entries, out RaftMessage message)
            || message.From != from || message.To != Self)
        {
            Peer(from).Malformed++;
            return;
        }

        if (Find(group) is { } replica)
        {
            if (replica is { IsNew: true, NeedsState: true } && message.Kind == RaftMessageKind.Append)
            {
                return;
            }

            if (message.Kind != RaftMessageKind.HeartbeatAnswer)
            {
                replica.Wake();
            }

            replica.Step(RaftInput.Receive(message));
            MarkDirty(replica);
        }
        else
        {
            OnStrayRaft(from, group, message);
        }
    }

    private void OnPeerDown(NodeId node)
    {
        foreach (Replica replica in _replicas.Values)
        {
            if (replica.Raft.Leader == node || replica.IsLeader)
            {
                replica.Wake();
                replica.Step(RaftInput.PeerUnreachable(node));
                MarkDirty(replica);
            }
        }

        RecallFrom(node);
        AbandonSnapshots(node);
    }

    private void AbandonSnapshots(NodeId peer)
    {
        foreach (SnapshotSending sending in _sendings.Where(s => s.Peer == peer).ToArray())
        {
            EndSending(sending, ok: false);
        }
    }

    private Replica? Find(GroupId group) => _replicas.TryGetValue(group.Value, out Replica? replica) ? replica : null;

    /// <summary>Counts a message that is not what its kind says. Nothing of it was done.</summary>
    private bool IsMalformed(NodeId from, in ByteReader reader)
    {
        if (!reader.IsComplete)
        {
            Peer(from).Malformed++;
        }

        return !reader.IsComplete;
    }

    private PeerState Peer(NodeId node)
    {
        if (!_peers.TryGetValue(node.Value, out PeerState? peer))
        {
            peer = new() { LastHeard = _now };
            _peers.Add(node.Value, peer);
        }

        return peer;
    }

    private void MarkDirty(Replica replica)
    {
        if (!replica.IsDirty)
        {
            replica.IsDirty = true;
            _dirty.Add(replica);
        }
    }

    /// <summary>Lets other threads find the replicas. The array is replaced, never changed.</summary>
    private void Publish()
    {
        int last = _replicas.Count == 0 ? -1 : _replicas.GetKeyAtIndex(_replicas.Count - 1);
        var published = new Replica?[last + 1];
        foreach (Replica replica in _replicas.Values)
        {
            published[replica.Group.Value] = replica;
        }

        _published = published;
    }

    private sealed class PeerState
    {
        public BootId Boot { get; set; }

        public long LastHeard { get; set; }

        public bool WasSilent { get; set; }

        public long Malformed { get; set; }

        public long Refused { get; set; }
    }
}
