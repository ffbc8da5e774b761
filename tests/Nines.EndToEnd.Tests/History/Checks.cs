using Nines.Kernel;
using Nines.Simulation;

namespace Nines.EndToEnd.Tests.History;

/// <summary>Nothing is read that nobody wrote to that key before, or that was answered as not done (invariant E).</summary>
internal static class OriginCheck
{
    public static void Check(IReadOnlyList<Observation> history, List<string> findings)
    {
        Dictionary<long, Observation> byValue = [];
        foreach (Observation write in history.Where(o => o.Act is Act.Put or Act.CompareAndSet))
        {
            byValue.Add(write.Value, write);
        }

        foreach (Observation read in history.Where(o => o is { Act: Act.Get, End: End.Done, Seen: not 0 }))
        {
            if (!byValue.TryGetValue(read.Seen, out Observation? write) || write.Key != read.Key)
            {
                findings.Add($"E: a value from nowhere: {read}");
            }
            else if (write.End is End.NotDone or End.ConditionFailed)
            {
                findings.Add($"E: a write that was answered as not done is read: {read}, written by {write}");
            }
            else if (write.StartUs > read.EndUs)
            {
                findings.Add($"E: read before it was sent: {read}, written by {write}");
            }
        }
    }
}

/// <summary>
/// Counters: each acknowledged increment gave a number of its own, in the order of real time, and the last strong reads lie between
/// what was acknowledged and what was sent: no increment is lost, and none counts twice however often it was resent.
/// </summary>
internal static class CounterCheck
{
    public static void Check(IReadOnlyList<Observation> history, List<string> findings)
    {
        foreach (IGrouping<string, Observation> counter in history.Where(o => o.Act == Act.Add).GroupBy(o => o.Key))
        {
            List<Observation> done = [.. counter.Where(o => o.End == End.Done)];
            foreach (IGrouping<long, Observation> twice in done.GroupBy(o => o.Seen).Where(g => g.Count() > 1))
            {
                findings.Add($"F: two increments gave {twice.Key}: {string.Join(" and ", twice)}");
            }

            CheckRealTime(done, findings);
            int sent = counter.Count(o => o.End != End.NotDone);
            if (done.Count > 0 && done.Max(o => o.Seen) > sent)
            {
                findings.Add($"E: {counter.Key} reached {done.Max(o => o.Seen)} after {sent} increments");
            }
        }
    }

    /// <summary>The last value of a counter, read in quiet.</summary>
    public static void CheckLast(IReadOnlyList<Observation> history, string key, long value, string where, List<string> findings)
    {
        int done = history.Count(o => o.Act == Act.Add && o.Key == key && o.End == End.Done);
        int sent = history.Count(o => o.Act == Act.Add && o.Key == key && o.End != End.NotDone);
        if (value < done || value > sent)
        {
            findings.Add($"{(value < done ? 'D' : 'E')}: {key} is {value} at {where}; {done} increments are acknowledged, {sent} were sent");
        }
    }

    private static void CheckRealTime(List<Observation> done, List<string> findings)
    {
        var byEnd = new Queue<Observation>(done.OrderBy(o => o.EndUs));
        Observation? latest = null;
        foreach (Observation next in done.OrderBy(o => o.StartUs))
        {
            while (byEnd.TryPeek(out Observation? ended) && ended.EndUs < next.StartUs)
            {
                latest = latest is null || ended.Seen > latest.Seen ? ended : latest;
                byEnd.Dequeue();
            }

            if (latest is not null && next.Seen <= latest.Seen)
            {
                findings.Add($"F: {next} began after {latest}");
            }
        }
    }
}

/// <summary>
/// The position in an answer is a certificate of what it saw: the last write of the key at or before it. Only writes whose position is
/// known count, so that an unknown one in between excuses a value of its own and nothing else. Not trusted: a wrong position makes
/// the check fail.
/// </summary>
internal static class PositionCheck
{
    public static void Check(IReadOnlyList<Observation> history, List<string> findings)
    {
        foreach (IGrouping<int, Observation> group in history.Where(o => o.Position > 0 && o.IsAnswered).GroupBy(o => o.Group))
        {
            foreach (IGrouping<long, Observation> same in group.Where(o => o.IsAcknowledgedWrite).GroupBy(o => o.Position))
            {
                if (same.Count() > 1)
                {
                    findings.Add($"D: two writes at one position: {string.Join(" and ", same)}");
                }
            }

            CheckRealTime([.. group.Where(o => o.Act != Act.Get || o.Consistency == Consistency.Strong)], findings);
        }

        foreach (IGrouping<string, Observation> key in history.Where(o => o.Act != Act.Add).GroupBy(o => o.Key))
        {
            CheckKey([.. key], findings);
        }
    }

    private static void CheckKey(List<Observation> key, List<string> findings)
    {
        Observation[] writes = [.. key.Where(o => o.IsAcknowledgedWrite && o.Position > 0).OrderBy(o => o.Position)];
        Dictionary<long, Observation> byValue = key.Where(o => o.Act is Act.Put or Act.CompareAndSet).ToDictionary(o => o.Value);
        bool anyUnknownDelete = key.Exists(o => o is { Act: Act.Delete, End: End.Unknown });
        foreach (Observation read in key.Where(o => o is { Act: Act.Get, End: End.Done, Position: > 0 }))
        {
            int next = Array.FindIndex(writes, w => w.Position > read.Position);
            int count = next < 0 ? writes.Length : next;
            Observation? last = count == 0 ? null : writes[count - 1];
            long expected = last is null || last.Act == Act.Delete ? 0 : last.Value;
            if (read.Seen == expected)
            {
                continue;
            }

            bool excused = read.Seen == 0
                ? anyUnknownDelete
                : byValue.TryGetValue(read.Seen, out Observation? seen) && seen.End == End.Unknown;
            if (!excused)
            {
                findings.Add($"{(read.Consistency == Consistency.Strong ? 'D' : 'G')}: position {read.Position} holds {expected}: {read}, last {last}");
            }
        }
    }

    /// <summary>What began after another ended comes later in the group's order (Herlihy and Wing, 1990).</summary>
    private static void CheckRealTime(List<Observation> strong, List<string> findings)
    {
        var byEnd = new Queue<Observation>(strong.OrderBy(o => o.EndUs));
        Observation? latest = null;
        foreach (Observation next in strong.OrderBy(o => o.StartUs))
        {
            while (byEnd.TryPeek(out Observation? ended) && ended.EndUs < next.StartUs)
            {
                latest = latest is null || ended.Position > latest.Position ? ended : latest;
                byEnd.Dequeue();
            }

            if (latest is not null && next.Position < latest.Position)
            {
                findings.Add($"F: out of order: {next} began after {latest}");
            }
        }
    }
}

/// <summary>Within a session nothing goes back: a sequential read is never behind what the session wrote and read before (invariant G).</summary>
internal static class SessionCheck
{
    public static void Check(IReadOnlyList<Observation> history, List<string> findings)
    {
        foreach (IGrouping<(int, int), Observation> session in history
            .Where(o => o.InSession && o.IsAnswered && o.Position > 0).GroupBy(o => (o.Client, o.Group)))
        {
            Observation? latest = null;
            foreach (Observation next in session.OrderBy(o => o.StartUs))
            {
                if (latest is not null && next.Position < latest.Position)
                {
                    findings.Add($"G: the session went back: {next} came after {latest}");
                }

                latest = latest is null || next.Position > latest.Position ? next : latest;
            }
        }
    }
}

/// <summary>Writes and strong reads of each key, without their positions, are those of one register (invariants D and F).</summary>
internal static class RegisterCheck
{
    private const int ShownOperations = 60;

    public static void Check(IReadOnlyList<Observation> history, List<string> findings)
    {
        foreach (IGrouping<string, Observation> key in history
            .Where(o => o.Act != Act.Add && o.End != End.NotDone && o.Consistency == Consistency.Strong).GroupBy(o => o.Key))
        {
            List<RegisterEvent> events = [.. key.Where(o => o.Act != Act.Get || o.End == End.Done).Select(Event)];
            Linearizable result = LinearizabilityChecker.Check(events);
            if (result != Linearizable.Yes)
            {
                findings.Add(
                    $"F: {key.Key} is {(result == Linearizable.No ? "not linearizable" : "not decided")}, {events.Count} operations, the last ones:\n"
                    + string.Join('\n', key.TakeLast(ShownOperations)));
            }
        }
    }

    private static RegisterEvent Event(Observation o)
    {
        long end = o.IsAnswered ? o.EndUs : long.MaxValue;
        return o.Act switch
        {
            Act.Get => new RegisterEvent(RegisterAction.Read, o.Seen, 0, o.StartUs, end),
            Act.Delete => new RegisterEvent(RegisterAction.Write, 0, 0, o.StartUs, end),
            Act.CompareAndSet => new RegisterEvent(
                o.End == End.ConditionFailed ? RegisterAction.FailedCompareAndSet : RegisterAction.CompareAndSet,
                o.Value, o.Expected, o.StartUs, end),
            _ => new RegisterEvent(RegisterAction.Write, o.Value, 0, o.StartUs, end),
        };
    }
}
