using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Checks a recorded history with the position in every answer as the witness of the order (invariants D to G). General
/// linearizability checking is NP-complete; with a claimed order it is enough to show that the order explains every answer and
/// respects real time, which takes O(n log n). Nothing is trusted: a wrong position makes the check fail.
/// </summary>
public static class HistoryChecker
{
    /// <param name="history">All operations, in the order of their invocation.</param>
    /// <param name="applied">What replicas applied, by unique value; empty when only clients were watched.</param>
    /// <param name="findings">Receives what is broken.</param>
    /// <param name="staleness">How generously returned staleness is judged.</param>
    public static void Check(
        IReadOnlyList<Operation> history,
        IReadOnlyDictionary<ulong, AppliedCommand> applied,
        Findings findings,
        StalenessTolerance staleness)
    {
        Dictionary<ulong, Operation> byValue = new(history.Count);
        foreach (Operation operation in history)
        {
            byValue.Add(operation.Value, operation);
        }

        foreach (IGrouping<GroupId, Operation> group in history.GroupBy(o => o.Group).OrderBy(g => g.Key))
        {
            List<Operation> operations = [.. group];
            EffectiveWrites writes = EffectiveWrites.Gather(group.Key, operations, byValue, applied, findings);
            ContentsCheck.Check(operations, writes, findings);
            RealTimeCheck.Check(operations, findings);
            SessionCheck.Check(operations, findings);
            StalenessCheck.Check(operations, findings, staleness);
            FinalCheck.Check(operations, writes, findings);
        }
    }
}

/// <summary>
/// The writes of one group that took effect, by position: those acknowledged, those some answer saw, and those a replica
/// applied. On the way it finds answers that no history of this order could give.
/// </summary>
internal sealed class EffectiveWrites
{
    private const string Name = "history";

    private readonly SortedDictionary<long, Operation> _byPosition = [];
    private readonly Dictionary<ulong, long> _positions = [];
    private readonly Dictionary<int, List<(long Position, Operation Write)>> _byKey = [];
    private readonly Findings _findings;

    private EffectiveWrites(Findings findings) => _findings = findings;

    public IEnumerable<KeyValuePair<long, Operation>> InOrder => _byPosition;

    public static EffectiveWrites Gather(
        GroupId group,
        List<Operation> operations,
        Dictionary<ulong, Operation> byValue,
        IReadOnlyDictionary<ulong, AppliedCommand> applied,
        Findings findings)
    {
        EffectiveWrites writes = new(findings);
        foreach (Operation operation in operations)
        {
            if (operation.IsAcknowledgedWrite)
            {
                writes.Add(operation, operation.Position, operation);
            }
        }

        foreach (Operation operation in operations)
        {
            writes.AddApplied(operation, applied);
            if (operation.IsAnswered && operation.Found)
            {
                writes.AddSeen(group, operation, byValue);
            }
        }

        writes.IndexByKey();
        return writes;
    }

    /// <summary>The last write of a key at or before a position.</summary>
    public (long Position, Operation? Write) LastAt(int key, long position)
    {
        if (!_byKey.TryGetValue(key, out List<(long Position, Operation Write)>? list))
        {
            return (0, null);
        }

        int low = 0;
        int high = list.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (list[middle].Position <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? (0, null) : list[low - 1];
    }

    private void AddApplied(Operation operation, IReadOnlyDictionary<ulong, AppliedCommand> applied)
    {
        if (operation.IsRead || !applied.TryGetValue(operation.Value, out AppliedCommand command))
        {
            return;
        }

        if (operation.End == OperationEnd.NotDone)
        {
            _findings.Add('E', Name, $"answered \"not done\", yet applied at {command.Position}: {operation}");
        }
        else if (operation.IsAnswered && operation.Position != command.Position.Value)
        {
            _findings.Add('E', Name, $"acknowledged at one position, applied at {command.Position}: {operation}");
        }
        else if (command.TookEffect)
        {
            Add(operation, command.Position.Value, operation);
        }
    }

    private void AddSeen(GroupId group, Operation seenBy, Dictionary<ulong, Operation> byValue)
    {
        if (!byValue.TryGetValue(seenBy.SeenValue, out Operation? write) || write.IsRead)
        {
            _findings.Add('E', Name, $"saw a value that nobody wrote: {seenBy}");
        }
        else if (write.Group != group || write.Key != seenBy.Key || write.Kind == OperationKind.Delete)
        {
            _findings.Add('E', Name, $"saw a value of another key: {seenBy}, written by {write}");
        }
        else if (write.End is OperationEnd.NotDone or OperationEnd.ConditionFailed)
        {
            _findings.Add('E', Name, $"saw a write that was answered as not done: {seenBy}, written by {write}");
        }
        else if (write.InvokeUs > seenBy.ReturnUs)
        {
            _findings.Add('E', Name, $"saw a write before it was sent: {seenBy}, written by {write}");
        }
        else
        {
            Add(write, seenBy.SeenVersion, seenBy);
        }
    }

    private void Add(Operation write, long position, Operation witness)
    {
        if (_positions.TryGetValue(write.Value, out long known))
        {
            if (known != position)
            {
                _findings.Add('E', Name, $"took effect at {known} and at {position}: {write}, seen by {witness}");
            }

            return;
        }

        _positions.Add(write.Value, position);
        if (!_byPosition.TryAdd(position, write))
        {
            _findings.Add(
                'D', Name, $"two writes took effect at position {position}: {write} and {_byPosition[position]}");
        }
    }

    private void IndexByKey()
    {
        foreach ((long position, Operation write) in _byPosition)
        {
            if (!_byKey.TryGetValue(write.Key, out List<(long Position, Operation Write)>? list))
            {
                list = [];
                _byKey.Add(write.Key, list);
            }

            list.Add((position, write));
        }
    }
}
