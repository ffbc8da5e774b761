using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Requests;
using Nines.Replication.Wire;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// Requests of this node and where each is sent: to this node's own replica, to the leader's node, or nowhere yet.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>How many hints ("ask that node") are followed before the next pause.</summary>
    private const int MaxHops = 3;

    private readonly Dictionary<ulong, Request> _forwarded = [];
    private readonly Dictionary<int, NodeId> _leaderHints = [];
    private readonly IAppliedListener?[] _listeners = new IAppliedListener?[byte.MaxValue + 1];
    private readonly HashSet<Request> _open = new(ReferenceEqualityComparer.Instance);

    /// <summary>Begins at this start's own number: an answer to an earlier start's question must not be taken for one to a new question.</summary>
    private ulong _nextSequence;

    /// <summary>Takes a request; its <see cref="Request.Complete"/> is called exactly once, now or in a later turn.</summary>
    public void Submit(Request request)
    {
        request.Sequence = ++_nextSequence;
        request.State = RequestState.Held;
        request.SentTo = NodeId.None;
        request.LookTick = 0;
        request.FreshAtMs = -1;
        request.Hops = 0;
        request.Sends = 0;
        request.MayHaveHappened = false;
        request.DeadlineTick = _now + Math.Max(1, request.TimeoutTicks);
        _open.Add(request);
        if (Failure is not null)
        {
            CompleteLocal(request, Ended(request, Reason.Unavailable), null, null);
            return;
        }

        Route(request);
    }

    /// <summary>
    /// Answers a weak read from this node's own replica when that may be done at once. May be called from any thread.
    /// </summary>
    internal bool TryReadHere(GroupId group, byte machine, Consistency consistency, LogIndex notBefore, out ReadTicket ticket)
    {
        ticket = default;
        Replica?[] published = _published;
        if ((uint)group.Value >= (uint)published.Length || published[group.Value] is not { IsReadable: true } replica
            || !Machines.TryGetValue(machine, out IStateMachine? rules))
        {
            return false;
        }

        replica.WantFreshness();
        long freshAt = replica.FreshAtMs;
        StoreView view = replica.Store.View();
        LogIndex applied = view.Applied;
        if (consistency == Consistency.Sequential && applied < notBefore && !Planted.Is(PlantedBug.SessionPositionIgnored))
        {
            view.Dispose();
            return false;
        }

        var answer = new Answer { Group = group, Term = replica.Raft.Term, Position = applied, StalenessMs = -1 };
        ticket = new(answer, view, rules, freshAt);
        return true;
    }

    void IReplicaHost.CompleteLocal(Request request, in Answer answer, IOrderedReader? state, IStateMachine? machine) =>
        CompleteLocal(request, answer, state, machine);

    void IReplicaHost.AnswerRemote(NodeId origin, ulong sequence, in Answer answer)
    {
        ForwardCodec.WriteAnswer(sequence, answer, _outbox.Open(origin, MessageKind.ForwardAnswer));
        _outbox.Close();
    }

    void IReplicaHost.RefuseRemote(NodeId origin, ulong sequence, GroupId group, NodeId leader, bool mayHaveHappened)
    {
        ForwardCodec.WriteRefusal(sequence, group, leader, mayHaveHappened, _outbox.Open(origin, MessageKind.ForwardRefused));
        _outbox.Close();
    }

    void IReplicaHost.Reroute(Request request) => Hold(request);

    void IReplicaHost.Applied(GroupId group, byte machine, bool leads, ReadOnlySpan<byte> answer) =>
        Volatile.Read(ref _listeners[machine])?.Applied(group, leads, answer);

    /// <summary>Who is told of the commands of a state machine. May be called from any thread.</summary>
    public void Listen(byte machine, IAppliedListener listener) => Volatile.Write(ref _listeners[machine], listener);

    /// <summary>The state of this node's replica of a group; null when it has none that may be shown. May be called from any thread.</summary>
    public StoreView? ViewOf(GroupId group) => ViewOf(group, out _);

    /// <summary>The same, and the moment of the steady clock up to which it is known to hold everything; -1: none is known.</summary>
    internal StoreView? ViewOf(GroupId group, out long freshAtMs)
    {
        Replica?[] published = _published;
        freshAtMs = -1;
        if ((uint)group.Value >= (uint)published.Length || published[group.Value] is not { IsReadable: true } replica)
        {
            return null;
        }

        replica.WantFreshness();
        freshAtMs = replica.FreshAtMs;
        return replica.Store.View();
    }

    /// <summary>The rules of a machine; null when there is none of that number.</summary>
    internal IStateMachine? RulesOf(byte machine) => Machines.GetValueOrDefault(machine);

    /// <summary>Whether this node's replica leads a group. May be called from any thread.</summary>
    public bool Leads(GroupId group)
    {
        Replica?[] published = _published;
        return (uint)group.Value < (uint)published.Length && published[group.Value] is { Halted: null, IsLeader: true };
    }

    private void CompleteLocal(Request request, in Answer answer, IOrderedReader? state, IStateMachine? machine)
    {
        if (request.State == RequestState.Completed || !_open.Remove(request))
        {
            return;
        }

        _forwarded.Remove(request.Sequence);
        request.State = RequestState.Completed;
        request.Complete(answer, state, machine);
    }

    private void Route(Request request)
    {
        Replica? replica = Find(request.Group);
        if (replica is { Halted: null } && TryHere(request, replica))
        {
            return;
        }

        NodeId target = Target(request, replica);
        if (target.IsNone || target == Self || request.Hops >= MaxHops)
        {
            Hold(request);
            return;
        }

        Forward(request, target);
    }

    private bool TryHere(Request request, Replica replica)
    {
        if (!request.IsWrite && request.Consistency != Consistency.Strong && replica.IsReadable)
        {
            StayHere(request);
            replica.ReadSequential(ReadWaiter.For(request));
            return true;
        }

        if (!replica.IsLeader)
        {
            return false;
        }

        if (!request.IsWrite && replica.NeedsState)
        {
            // It leads until its next tick only, and has no state to read from.
            return false;
        }

        StayHere(request);
        MarkDirty(replica);
        if (!request.IsWrite)
        {
            replica.ReadStrong(ReadWaiter.For(request));
            return true;
        }

        if (RefusesWrites(replica) is { } reason)
        {
            CompleteLocal(request, Ended(request, reason), null, null);
            return true;
        }

        return replica.TryPropose(request);
    }

    private void StayHere(Request request)
    {
        request.State = RequestState.Local;
        LookAgain(request, _options.ResendTicks);
    }

    private NodeId Target(Request request, Replica? replica)
    {
        if (replica is not null && !replica.Raft.Leader.IsNone && replica.Raft.Leader != Self && !IsSilent(replica.Raft.Leader))
        {
            return replica.Raft.Leader;
        }

        bool waitsForLeader = request.IsWrite || request.Consistency == Consistency.Strong || replica is { IsReadable: true };
        if (replica is { Halted: null, IsPlaced: true } && waitsForLeader)
        {
            return NodeId.None;
        }

        if (_leaderHints.TryGetValue(request.Group.Value, out NodeId hint) && hint != request.SentTo && hint != Self && !IsSilent(hint))
        {
            return hint;
        }

        // No replica here and no idea who leads: any replica knows better. The sequence spreads the tries.
        IReadOnlyList<NodeId> replicas = _map.ReplicasOf(request.Group);
        for (int i = 0; i < replicas.Count; i++)
        {
            NodeId node = replicas[(int)((request.Sequence + (ulong)_now + (ulong)i) % (ulong)replicas.Count)];
            if (node != Self && !IsSilent(node))
            {
                return node;
            }
        }

        return NodeId.None;
    }

    private void Forward(Request request, NodeId target)
    {
        request.State = RequestState.Forwarded;
        request.SentTo = target;
        request.Hops++;
        request.Sends++;
        _forwarded[request.Sequence] = request;
        request.MayHaveHappened |= request.IsWrite;
        ForwardCodec.Write(
            new Forward
            {
                Sequence = request.Sequence,
                Group = request.Group,
                Machine = request.Machine,
                IsWrite = request.IsWrite,
                Consistency = request.Consistency,
                NotBefore = request.NotBefore,
                Id = request.Id,
                TicksLeft = Math.Max(0, request.DeadlineTick - _now),
                Body = request.Body,
            },
            _outbox.Open(target, MessageKind.Forward));
        _outbox.Close();
        LookAgain(request, ResendAfter(request));
    }
}
