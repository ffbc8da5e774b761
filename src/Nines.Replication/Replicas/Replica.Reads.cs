using Nines.Kernel;
using Nines.Replication.Requests;
using Nines.Replication.Wire;
using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>
/// Reads. Strong ones gather during a turn, are confirmed by one ReadIndex round together (Ongaro, section 6.4), then wait until
/// the state has caught up with the confirmed index. Sequential ones wait for their session's position only.
/// </summary>
internal sealed partial class Replica
{
    private readonly List<ReadBatch> _confirming = [];
    private readonly List<ReadWaiter> _waiting = [];
    private readonly Stack<ReadBatch> _free = new();
    private readonly ByteBuffer _queryAnswer = new(1024);
    private ReadBatch _gathering = new();
    private ulong _nextReadId;

    /// <summary>True when a read is somewhere between arrival and answer.</summary>
    public bool HasReads => _gathering.Waiters.Count + _confirming.Count + _waiting.Count > 0;

    public void ReadStrong(in ReadWaiter waiter)
    {
        Wake();
        CountRemote(waiter, +1);
        _gathering.Waiters.Add(waiter);
    }

    public void ReadSequential(in ReadWaiter waiter)
    {
        CountRemote(waiter, +1);
        bool isThere = _applied.Position.Index >= waiter.NotBefore || Planted.Is(PlantedBug.SessionPositionIgnored);
        if (isThere && !NeedsState)
        {
            Serve(waiter);
        }
        else
        {
            _waiting.Add(waiter);
        }
    }

    /// <summary>Asks the core to confirm what gathered in this turn.</summary>
    public void BeginReadRound()
    {
        if (_gathering.Waiters.Count == 0)
        {
            return;
        }

        ReadBatch batch = _gathering;
        _gathering = _free.TryPop(out ReadBatch? free) ? free : new();
        batch.Id = ++_nextReadId;
        _confirming.Add(batch);
        if (!Raft.ReadIndex(batch.Id, _output))
        {
            DropReads(batch.Id);
        }
    }

    /// <summary>The round was confirmed: the batch may be answered from any state at or behind <paramref name="index"/>.</summary>
    public void ConfirmReads(ulong id, LogIndex index)
    {
        int at = _confirming.FindIndex(b => b.Id == id);
        if (at < 0)
        {
            return;
        }

        ReadBatch batch = _confirming[at];
        _confirming.RemoveAt(at);
        foreach (ReadWaiter waiter in batch.Waiters)
        {
            _waiting.Add(waiter with { NotBefore = index });
        }

        Recycle(batch);
    }

    /// <summary>The core lost the right to answer: the reads go to whoever leads now.</summary>
    public void DropReads(ulong id)
    {
        int at = _confirming.FindIndex(b => b.Id == id);
        if (at < 0)
        {
            return;
        }

        ReadBatch batch = _confirming[at];
        _confirming.RemoveAt(at);
        batch.Waiters.ForEach(SendElsewhere);
        Recycle(batch);
    }

    /// <summary>The state is gone: reads that waited for it are answered by a replica that has one.</summary>
    public void DropWaitingReads()
    {
        _waiting.ForEach(SendElsewhere);
        _waiting.Clear();
    }

    private void SendElsewhere(ReadWaiter waiter)
    {
        CountRemote(waiter, -1);
        if (waiter.Local is not null)
        {
            Reroute(waiter.Local, waiter.Sequence);
        }
        else
        {
            _context.Host.RefuseRemote(waiter.Origin, waiter.Sequence, Group, Raft.Leader, mayHaveHappened: false);
        }
    }

    /// <summary>Answers every waiting read whose index is applied.</summary>
    public void ServeReads()
    {
        RefreshWhenApplied();
        if (_waiting.Count == 0 || NeedsState)
        {
            return;
        }

        int kept = 0;
        for (int i = 0; i < _waiting.Count; i++)
        {
            ReadWaiter waiter = _waiting[i];
            if (waiter.Local is { } local && !local.IsOpen(waiter.Sequence))
            {
                continue;
            }

            if (waiter.NotBefore <= _applied.Position.Index)
            {
                Serve(waiter);
            }
            else
            {
                _waiting[kept++] = waiter;
            }
        }

        _waiting.RemoveRange(kept, _waiting.Count - kept);
    }

    /// <summary>Remote sequential readers whose time is up are told so; local ones are ended by the reactor's own deadlines.</summary>
    public void ExpireReads(long now)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            ReadWaiter waiter = _waiting[i];
            if (waiter.DeadlineTick <= now)
            {
                _waiting.RemoveAt(i);
                CountRemote(waiter, -1);
                if (waiter.Local is null)
                {
                    _context.Host.AnswerRemote(waiter.Origin, waiter.Sequence, Refused(Reason.Behind, mayHaveHappened: false));
                }
            }
        }
    }

    private void Serve(in ReadWaiter waiter)
    {
        CountRemote(waiter, -1);
        bool known = _context.Machines.TryGetValue(waiter.Machine, out IStateMachine? machine) || waiter.Machine == Reactor.NoMachine;
        var answer = new Answer
        {
            Outcome = known ? Outcome.Done : Outcome.NotDone,
            Reason = known ? Reason.None : Reason.Unavailable,
            Group = Group,
            Term = Raft.Term,
            Position = _applied.Position.Index,
            StalenessMs = waiter.IsStrong ? 0 : -1,
        };
        if (waiter.Local is not null)
        {
            if (waiter.Local.IsOpen(waiter.Sequence))
            {
                if (!waiter.IsStrong)
                {
                    WantFreshness();
                    waiter.Local.FreshAtMs = FreshAtMs;
                }

                _context.Host.CompleteLocal(waiter.Local, answer, Store.View(), machine);
            }

            return;
        }

        _queryAnswer.Clear();
        try
        {
            using StoreView view = Store.View();
            machine?.Query(waiter.Query, new MachineReader(view, waiter.Machine), _queryAnswer);
        }
        catch (DamagedException damage)
        {
            LoseState(damage.Message);
            _context.Host.AnswerRemote(waiter.Origin, waiter.Sequence, Refused(Reason.Unavailable, mayHaveHappened: false));
            return;
        }

        _context.Host.AnswerRemote(waiter.Origin, waiter.Sequence, answer with { Body = _queryAnswer.WrittenMemory });
    }

    private void CountRemote(in ReadWaiter waiter, int by)
    {
        if (waiter.Local is null)
        {
            RemoteWaiters += by;
        }
    }

    private void Recycle(ReadBatch batch)
    {
        batch.Waiters.Clear();
        _free.Push(batch);
    }

    private sealed class ReadBatch
    {
        public ulong Id { get; set; }

        public List<ReadWaiter> Waiters { get; } = [];
    }
}

/// <summary>One read that waits at a replica, for a request of this node or of another.</summary>
internal readonly record struct ReadWaiter
{
    public Request? Local { get; init; }

    public NodeId Origin { get; init; }

    public ulong Sequence { get; init; }

    public byte Machine { get; init; }

    public bool IsStrong { get; init; }

    public LogIndex NotBefore { get; init; }

    public long DeadlineTick { get; init; }

    public ReadOnlyMemory<byte> Query { get; init; }

    public static ReadWaiter For(Request request) => new()
    {
        Local = request,
        Sequence = request.Sequence,
        Machine = request.Machine,
        IsStrong = request.Consistency == Consistency.Strong,
        NotBefore = request.NotBefore,
        DeadlineTick = request.DeadlineTick,
        Query = request.Body,
    };

    public static ReadWaiter For(NodeId origin, in Forward forward, long now) => new()
    {
        Origin = origin,
        Sequence = forward.Sequence,
        Machine = forward.Machine,
        IsStrong = forward.Consistency == Consistency.Strong,
        NotBefore = forward.NotBefore,
        DeadlineTick = now + Math.Min(forward.TicksLeft, long.MaxValue / 2),
        Query = forward.Body,
    };
}
