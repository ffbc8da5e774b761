using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;

namespace Nines.Tables.Engines.Transactions;

/// <summary>
/// Takes over transactions whose coordinator is gone: parts that stay prepared in this group are resolved, decisions of this group that are
/// not finished are told to their groups again. Only what a group's leader has seen for some time: a coordinator that lives is not
/// disturbed.
/// </summary>
internal sealed class TransactionDuty(IReplicated replicated, TimeProvider time, TransactionCoordinator coordinator) : IGroupDuty
{
    /// <summary>How long a part or decision is left to its coordinator.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<GroupId, Look> _looks = new();

    public async ValueTask<bool> RunAsync(GroupId group, CancellationToken stop)
    {
        Look look = _looks.GetOrAdd(group, static _ => new Look());
        if (!look.IsDue(time))
        {
            return false;
        }

        var query = new ByteBuffer(8);
        TransactionCommand.OpenTransactions(query);
        Answer answer = await replicated.ReadAsync(
            group, TablesMachine.MachineId, Consistency.Eventual, LogIndex.Zero, query.WrittenMemory, LookTimeout);
        if (!answer.IsDone || TransactionReads.TryReadOpen(answer.Body.Span) is not { } open)
        {
            return false;
        }

        foreach (TransactionId part in look.Stale(open.Parts, time, Patience, isPart: true))
        {
            if (!stop.IsCancellationRequested)
            {
                await coordinator.ResolveAsync(part, group);
            }
        }

        await TellAgainAsync(group, look, open.Decisions, stop);
        look.Forget(open);
        return false;
    }

    private async Task TellAgainAsync(GroupId group, Look look, IReadOnlyList<OpenTransaction> decisions, CancellationToken stop)
    {
        var finished = new List<TransactionId>();
        HashSet<TransactionId> stale = [.. look.Stale([.. decisions.Select(d => d.Id)], time, Patience, isPart: false)];
        foreach (OpenTransaction decision in decisions)
        {
            if (!stale.Contains(decision.Id) || stop.IsCancellationRequested)
            {
                continue;
            }

            // Whoever was told need not be told again only because the group was too busy to write that down.
            if (!look.Told.Contains(decision.Id))
            {
                Answer[] ends = await coordinator.EndAsync(decision.Id, decision.Participants, isCommitted: true);
                if (!Array.TrueForAll(ends, static end => end.IsDone))
                {
                    continue;
                }

                look.Told.Add(decision.Id);
            }

            finished.Add(decision.Id);
        }

        if (finished.Count > 0)
        {
            var command = new ByteBuffer(1024);
            TransactionCommand.Finish(command, finished);
            await replicated.WriteAsync(group, TablesMachine.MachineId, RequestId.None, command.WrittenMemory, LookTimeout);
        }
    }

    /// <summary>What was open in a group, and since when it has been seen. Used by one run at a time.</summary>
    private sealed class Look
    {
        private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

        private Dictionary<(bool, TransactionId), long> _firstSeen = [];
        private long _lastLook;

        /// <summary>Decisions that all their groups were told of from here.</summary>
        public HashSet<TransactionId> Told { get; } = [];

        /// <summary>Signals come with every change of an index; looking once a second is enough.</summary>
        public bool IsDue(TimeProvider time)
        {
            if (_lastLook != 0 && time.GetElapsedTime(_lastLook) < Every / 2)
            {
                return false;
            }

            _lastLook = time.GetTimestamp();
            return true;
        }

        public List<TransactionId> Stale(IReadOnlyList<TransactionId> ids, TimeProvider time, TimeSpan patience, bool isPart)
        {
            var stale = new List<TransactionId>();
            foreach (TransactionId id in ids)
            {
                if (!_firstSeen.TryGetValue((isPart, id), out long seen))
                {
                    _firstSeen.Add((isPart, id), time.GetTimestamp());
                }
                else if (time.GetElapsedTime(seen) >= patience)
                {
                    stale.Add(id);
                }
            }

            return stale;
        }

        public void Forget((IReadOnlyList<TransactionId> Parts, IReadOnlyList<OpenTransaction> Decisions) open)
        {
            HashSet<(bool, TransactionId)> still = [.. open.Parts.Select(id => (true, id)), .. open.Decisions.Select(d => (false, d.Id))];
            _firstSeen = _firstSeen.Where(seen => still.Contains(seen.Key)).ToDictionary();
            Told.RemoveWhere(id => !still.Contains((false, id)));
        }
    }
}
