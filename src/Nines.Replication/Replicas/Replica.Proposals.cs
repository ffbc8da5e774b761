using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Requests;
using Nines.Replication.Wire;

namespace Nines.Replication.Replicas;

/// <summary>Commands this replica proposed as leader, and who waits for each.</summary>
internal sealed partial class Replica
{
    private readonly Queue<Proposal> _proposals = new();
    private Term _sessionTerm;
    private long _sessionTick;
    private long _sessionMs;

    /// <summary>Forwarded requests that wait here; counted by the reactor against its bound.</summary>
    public int RemoteWaiters { get; private set; }

    /// <summary>Proposes a request of this node. False: not the leader, route it elsewhere.</summary>
    public bool TryPropose(Request request)
    {
        ProposeResult result = Propose(request.Machine, request.Id, request.Body.Span);
        switch (result.Status)
        {
            case ProposeStatus.Accepted:
                request.MayHaveHappened = true;
                request.Sends++;
                _proposals.Enqueue(new(result.Position, request, default, request.Sequence));
                return true;
            case ProposeStatus.Overloaded:
                _context.Host.CompleteLocal(request, Refused(Reason.Overloaded, request.MayHaveHappened), null, null);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Proposes a command that another node forwarded.</summary>
    public void Propose(NodeId origin, in Forward forward)
    {
        ProposeResult result = Propose(forward.Machine, forward.Id, forward.Body.Span);
        switch (result.Status)
        {
            case ProposeStatus.Accepted:
                RemoteWaiters++;
                _proposals.Enqueue(new(result.Position, null, origin, forward.Sequence));
                break;
            case ProposeStatus.Overloaded:
                _context.Host.AnswerRemote(origin, forward.Sequence, Refused(Reason.Overloaded, mayHaveHappened: false));
                break;
            default:
                _context.Host.RefuseRemote(origin, forward.Sequence, Group, Raft.Leader, mayHaveHappened: false);
                break;
        }
    }

    /// <summary>
    /// Called when this replica stops leading. Its proposals may still be committed by the next leader, or never: they go to
    /// that leader again with the same id, so that whichever happens they take effect once.
    /// </summary>
    public void AbandonProposals()
    {
        while (_proposals.TryDequeue(out Proposal proposal))
        {
            if (proposal.Local is not null)
            {
                Reroute(proposal.Local, proposal.Sequence);
            }
            else
            {
                RemoteWaiters--;
                _context.Host.RefuseRemote(proposal.Origin, proposal.Sequence, Group, Raft.Leader, mayHaveHappened: true);
            }
        }
    }

    private void Reroute(Request request, ulong sequence)
    {
        if (request.IsOpen(sequence))
        {
            _context.Host.Reroute(request);
        }
    }

    private ProposeResult Propose(byte machine, RequestId id, ReadOnlySpan<byte> command)
    {
        Wake();
        if (!IsLeader)
        {
            return ProposeResult.NotLeader(Raft.Leader);
        }

        byte[] payload = CommandEnvelope.Encode(machine, id, _context.Host.WallMs, SessionNow(), command, _scratch);
        return Raft.Propose(payload, _output);
    }

    /// <summary>
    /// The session clock as this leader stamps it: where the state left it, plus the ticks of this leadership. Between two leaders it stands
    /// still, so that ids are remembered for at least their window, whatever wall clocks say.
    /// </summary>
    private long SessionNow()
    {
        long now = _context.Host.Now;
        long passed = _sessionTerm == Raft.Term ? (now - _sessionTick) * _context.Options.TickMs : 0;
        _sessionMs = Math.Max(_sessionTerm == Raft.Term ? _sessionMs : 0, _applied.SessionMs) + passed;
        _sessionTerm = Raft.Term;
        _sessionTick = now;
        return _sessionMs;
    }

    private void AnswerProposal(in LogEntry entry, LogIndex answeredAt)
    {
        if (!_proposals.TryPeek(out Proposal proposal) || proposal.Position.Index > entry.Index)
        {
            return;
        }

        // Proposals of this replica are in log order and dropped as soon as it stops leading, so the head is this entry.
        Invariant.Assert(proposal.Position == entry.Position);
        _proposals.Dequeue();
        var answer = new Answer
        {
            Outcome = Outcome.Done,
            Group = Group,
            Term = entry.Term,
            Position = answeredAt,
            Body = proposal.Local is null ? _answer.WrittenMemory : _answer.ToArray(),
        };
        if (proposal.Local is { } local)
        {
            // It may have been given up at its deadline, and the object be another request by now.
            if (local.IsOpen(proposal.Sequence))
            {
                _context.Host.CompleteLocal(local, answer, null, null);
            }
        }
        else
        {
            RemoteWaiters--;
            _context.Host.AnswerRemote(proposal.Origin, proposal.Sequence, answer);
        }
    }

    private Answer Refused(Reason reason, bool mayHaveHappened) => new()
    {
        Outcome = mayHaveHappened ? Outcome.Unknown : Outcome.NotDone,
        Reason = reason,
        Group = Group,
        Term = Raft.Term,
        RetryAfterMs = 50,
    };

    private readonly record struct Proposal(LogPosition Position, Request? Local, NodeId Origin, ulong Sequence);
}
