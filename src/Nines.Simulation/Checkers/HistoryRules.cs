using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Every answer saw exactly the state at its position: the last write of the key at or before it (reads), or before it (what a
/// write replaced). A missing acknowledged write is a lost one (D); anything else is a wrong answer (F for strong reads and
/// writes, G for the others).
/// </summary>
internal static class ContentsCheck
{
    private const string Name = "contents";

    public static void Check(List<Operation> operations, EffectiveWrites writes, Findings findings)
    {
        foreach (Operation operation in operations)
        {
            if (!operation.IsAnswered)
            {
                continue;
            }

            long at = operation.IsRead ? operation.Position : operation.Position - 1;
            (long position, Operation? last) = writes.LastAt(operation.Key, at);
            bool holds = last != null && last.Kind != OperationKind.Delete;
            long expected = holds ? position : 0;
            long seen = operation.Found ? operation.SeenVersion : 0;
            if (seen == expected)
            {
                continue;
            }

            bool misses = seen < expected || (expected == 0 && last != null && seen < position);
            if (misses && last!.IsAcknowledgedWrite)
            {
                findings.Add('D', Name, $"misses the acknowledged {last}: {operation}");
            }
            else
            {
                char invariant = operation.IsRead && operation.Consistency != Consistency.Strong ? 'G' : 'F';
                findings.Add(
                    invariant, Name, $"position {at} holds {(holds ? $"v{last!.Value}@{position}" : "nothing")}: {operation}");
            }
        }
    }
}

/// <summary>
/// Strong: an operation that began after another one ended comes later in the order (Herlihy and Wing, 1990). Sweeps over begins
/// and ends, carrying the highest position acknowledged so far.
/// </summary>
internal static class RealTimeCheck
{
    private const string Name = "real time";

    public static void Check(List<Operation> operations, Findings findings)
    {
        List<Operation> strong = [.. operations.Where(
            o => o.IsAnswered && (!o.IsRead || o.Consistency == Consistency.Strong))];
        List<Operation> byReturn = [.. strong.OrderBy(o => o.ReturnUs)];
        Operation? latest = null;
        int ended = 0;
        foreach (Operation operation in strong.OrderBy(o => o.InvokeUs))
        {
            while (ended < byReturn.Count && byReturn[ended].ReturnUs < operation.InvokeUs)
            {
                if (latest == null || byReturn[ended].Position > latest.Position)
                {
                    latest = byReturn[ended];
                }

                ended++;
            }

            long floor = latest?.Position ?? 0;
            if (operation.Position < floor || (!operation.IsRead && latest != null && operation.Position == floor))
            {
                findings.Add(
                    'F', Name, $"{(operation.IsRead ? "stale read" : "write out of order")}: {operation} began after {latest}");
            }
        }
    }
}

/// <summary>
/// Sequential: within a session nothing goes back. A sequential read is never behind the session's own writes and the strong
/// and sequential reads before it.
/// </summary>
internal static class SessionCheck
{
    private const string Name = "session";

    public static void Check(List<Operation> operations, Findings findings)
    {
        foreach (IGrouping<int, Operation> session in operations.GroupBy(o => o.Client).OrderBy(g => g.Key))
        {
            Operation? latest = null;
            foreach (Operation operation in session.OrderBy(o => o.InvokeUs))
            {
                if (!operation.IsAnswered || (operation.IsRead && operation.Consistency == Consistency.Eventual))
                {
                    continue;
                }

                if (operation.IsRead
                    && operation.Consistency == Consistency.Sequential
                    && latest != null
                    && operation.Position < latest.Position)
                {
                    findings.Add('G', Name, $"the session went back: {operation} came after {latest}");
                }

                if (latest == null || operation.Position > latest.Position)
                {
                    latest = operation;
                }
            }
        }
    }
}

/// <summary>How generously returned staleness is judged: node clocks may run fast or slow (C2), and count in ticks.</summary>
public readonly record struct StalenessTolerance(double Factor, long SlackMs)
{
    public static readonly StalenessTolerance Default = new(1.5, 100);
}

/// <summary>
/// Returned staleness is true: a state said to be at most s old contains every write acknowledged more than s before the read
/// was sent.
/// </summary>
internal static class StalenessCheck
{
    private const string Name = "staleness";

    public static void Check(List<Operation> operations, Findings findings, StalenessTolerance tolerance)
    {
        List<Operation> writes = [.. operations.Where(o => o.IsAcknowledgedWrite).OrderBy(o => o.ReturnUs)];
        if (writes.Count == 0)
        {
            return;
        }

        // highest[i] is the latest in the order among the first i + 1 writes to be acknowledged.
        Operation[] highest = new Operation[writes.Count];
        for (int i = 0; i < writes.Count; i++)
        {
            highest[i] = i > 0 && highest[i - 1].Position > writes[i].Position ? highest[i - 1] : writes[i];
        }

        foreach (Operation read in operations)
        {
            if (!read.IsRead || !read.IsAnswered || read.StalenessMs < 0)
            {
                continue;
            }

            long agedUs = (long)(((read.StalenessMs * tolerance.Factor) + tolerance.SlackMs) * 1000);
            int before = CountBefore(writes, read.InvokeUs - agedUs);
            if (before > 0 && highest[before - 1].Position > read.Position)
            {
                findings.Add(
                    'G', Name, $"older than the {read.StalenessMs} ms it claims: {read} misses {highest[before - 1]}");
            }
        }
    }

    private static int CountBefore(List<Operation> writes, long timeUs)
    {
        int low = 0;
        int high = writes.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (writes[middle].ReturnUs < timeUs)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

/// <summary>D: after everything has healed, each replica and every strong read has every acknowledged write.</summary>
internal static class FinalCheck
{
    private const string Name = "final read";

    public static void Check(List<Operation> operations, EffectiveWrites writes, Findings findings)
    {
        Operation? last = writes.InOrder.Select(w => w.Value).LastOrDefault(o => o.IsAcknowledgedWrite);
        if (last == null)
        {
            return;
        }

        foreach (Operation read in operations)
        {
            if (read.IsFinal && read.IsRead && read.IsAnswered && read.Position < last.Position)
            {
                findings.Add('D', Name, $"the replica of {read.Node} lacks {last}: {read}");
            }
        }
    }
}
