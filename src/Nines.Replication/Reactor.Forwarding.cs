using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Requests;
using Nines.Replication.Wire;

namespace Nines.Replication;

/// <summary>Requests between nodes: what comes for groups led here, and what comes back for requests that were sent elsewhere.</summary>
public sealed partial class Reactor
{
    private void OnForward(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (!ForwardCodec.TryRead(body, out Forward forward))
        {
            Peer(from).Malformed++;
            return;
        }

        IReplicaHost host = this;
        Replica? replica = Find(forward.Group);
        if (replica is not { Halted: null })
        {
            host.RefuseRemote(from, forward.Sequence, forward.Group, NodeId.None, mayHaveHappened: false);
        }
        else if (forward.TicksLeft == 0)
        {
            // Expired on the way: not begun, hence not done by this attempt. The sender knows the deadline itself.
        }
        else if (!forward.IsWrite && forward.Consistency != Consistency.Strong && replica.IsReadable)
        {
            ReadHere(from, forward, replica);
        }
        else if (!replica.IsLeader)
        {
            replica.Wake();
            host.RefuseRemote(from, forward.Sequence, forward.Group, replica.Raft.Leader, mayHaveHappened: false);
        }
        else
        {
            TakeForwarded(from, forward, replica);
        }
    }

    private void TakeForwarded(NodeId from, in Forward forward, Replica replica)
    {
        MarkDirty(replica);
        Reason? refusal = RemoteWaiters() >= _options.MaxForwarded ? Reason.Overloaded
            : forward.IsWrite ? RefusesWrites(replica) : null;
        if (refusal is { } reason)
        {
            AnswerNotDone(from, forward, reason);
        }
        else if (forward.IsWrite)
        {
            replica.Propose(from, forward);
        }
        else
        {
            replica.ReadStrong(ReadWaiter.For(from, forward, _now));
        }
    }

    /// <summary>A sequential read may have to wait for its session's position, as long as it likes: it counts like all that wait.</summary>
    private void ReadHere(NodeId from, in Forward forward, Replica replica)
    {
        if (RemoteWaiters() >= _options.MaxForwarded)
        {
            AnswerNotDone(from, forward, Reason.Overloaded);
        }
        else
        {
            replica.ReadSequential(ReadWaiter.For(from, forward, _now));
        }
    }

    private void AnswerNotDone(NodeId from, in Forward forward, Reason reason)
    {
        var answer = new Answer { Outcome = Outcome.NotDone, Reason = reason, Group = forward.Group, RetryAfterMs = 50 };
        ((IReplicaHost)this).AnswerRemote(from, forward.Sequence, answer);
    }

    private int RemoteWaiters()
    {
        int count = 0;
        foreach (Replica replica in _replicas.Values)
        {
            count += replica.RemoteWaiters;
        }

        return count;
    }

    private void OnForwardAnswer(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (!ForwardCodec.TryReadAnswer(body, out ulong sequence, out Answer answer))
        {
            Peer(from).Malformed++;
            return;
        }

        if (!_forwarded.TryGetValue(sequence, out Request? request))
        {
            return;
        }

        _leaderHints[request.Group.Value] = from;
        if (answer.Outcome == Outcome.NotDone && request.IsWrite && request.MayHaveHappened && request.Sends > 1)
        {
            // This attempt was refused, but an earlier one may have been taken by another leader.
            answer = answer with { Outcome = Outcome.Unknown };
        }

        CompleteLocal(request, answer with { Body = answer.Body.ToArray() }, null, null);
    }

    private void OnForwardRefused(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (!ForwardCodec.TryReadRefusal(body, out ulong sequence, out NodeId leader, out bool mayHaveHappened))
        {
            Peer(from).Malformed++;
            return;
        }

        if (!_forwarded.TryGetValue(sequence, out Request? request) || request.SentTo != from)
        {
            return;
        }

        if (!mayHaveHappened && request.Sends == 1)
        {
            // The only send there ever was has been refused.
            request.MayHaveHappened = false;
        }

        _forwarded.Remove(sequence);
        if (!leader.IsNone && leader != from && leader != Self && !IsSilent(leader))
        {
            _leaderHints[request.Group.Value] = leader;
            if (request.Hops < MaxHops)
            {
                Forward(request, leader);
                return;
            }
        }

        Hold(request);
    }
}
