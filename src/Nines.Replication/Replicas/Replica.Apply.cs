using Nines.Consensus;
using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>Applying committed entries: each command once, in order, with data and applied position moving together.</summary>
internal sealed partial class Replica
{
    private readonly ByteBuffer _answer = new(1024);
    private readonly ByteBuffer _scratch = new(1024);
    private ReplicaMeta _applied;

    /// <summary>The last applied entry and what belongs to it.</summary>
    public ReplicaMeta Applied => _applied;

    /// <summary>Applies entries up to <paramref name="to"/> and answers who waited for them.</summary>
    public void ApplyUpTo(LogIndex to)
    {
        while (_applied.Position.Index < to && Halted is null && !NeedsState)
        {
            Invariant.Assert(Raft.Log.TryGet(_applied.Position.Index.Next, out LogEntry entry));
            try
            {
                Apply(entry);
            }
            catch (DamagedException damage)
            {
                // What the command would have read is not there. Nothing of it counts; the whole state is replaced.
                Store.AbandonTransaction();
                LoseState(damage.Message);
            }
        }

        if (!NeedsState)
        {
            ServeReads();
        }
    }

    public void LoseState(string why)
    {
        if (!NeedsState)
        {
            NeedsState = true;
            _context.Host.StateLost(this, why);
        }
    }

    /// <summary>After a snapshot was installed: the state is that of the snapshot.</summary>
    public void Restore(ReplicaMeta meta)
    {
        _applied = meta;
        _filter.Set(meta.TimeMs, meta.SessionMs);
        SealedIndex = meta.Position.Index;
        ServeReads();
    }

    private void Apply(in LogEntry entry)
    {
        LogIndex answeredAt = entry.Index;
        bool control = false;
        _answer.Clear();
        long time = _applied.TimeMs;
        long session = _applied.SessionMs;
        Configuration configuration = _applied.Configuration;
        if (entry.Kind == EntryKind.Command && CommandEnvelope.TryDecode(entry.Payload, out CommandEnvelope envelope))
        {
            time = Math.Max(time, envelope.TimeMs);
            session = Math.Max(session, envelope.SessionMs);
            WriteTransaction transaction = Store.Begin(entry.Index);
            answeredAt = ApplyCommand(envelope, new(entry.Index, time) { SessionMs = session }, session, transaction);
            Store.Commit(transaction);
            control = envelope.Machine == Placement.ControlMachine.MachineId;
            if (answeredAt == entry.Index)
            {
                _context.Host.Applied(Group, envelope.Machine, IsLeader, _answer.Written);
            }
        }
        else
        {
            if (entry.Kind == EntryKind.Configuration)
            {
                Invariant.Assert(Configuration.TryRead(entry.Payload.Span, out Configuration? agreed));
                configuration = agreed;
            }

            Store.Skip(entry.Index);
        }

        _applied = new(entry.Position, configuration, time, session, ReplicaMeta.Extend(_applied.Chain, entry));
        _filter.Set(time, session);
        AnswerProposal(entry, answeredAt);
        if (control)
        {
            _context.Host.ControlChanged();
        }
    }

    /// <summary>Gives the index whose answer this is: that of the first command with the same id.</summary>
    private LogIndex ApplyCommand(
        in CommandEnvelope envelope, in CommandContext context, long sessionMs, WriteTransaction transaction)
    {
        long window = _context.Options.SessionWindowMs;
        if (!Planted.Is(PlantedBug.AppliedTwice)
            && Sessions.TryFind(transaction, envelope.Id, sessionMs, window, out LogIndex first, out ReadOnlyMemory<byte> answer))
        {
            _answer.Raw(answer.Span);
            return first;
        }

        if (_context.Machines.TryGetValue(envelope.Machine, out IStateMachine? machine))
        {
            machine.Apply(context, envelope.Command, _machineState.Over(transaction, machine.Id), _answer);
        }

        Sessions.Remember(transaction, envelope.Id, sessionMs, context.Position, _answer.Written, _scratch);
        return context.Position;
    }
}
