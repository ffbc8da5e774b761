namespace Nines.Simulation.Tables;

/// <summary>
/// Strict serializability of transactions on lists, after Elle (Kingsbury and Alvaro, VLDB 2020): the final lists give the order of the writes
/// of each list, every read shows a beginning of it, and what must have been before what, by writes, by reads and by real time,
/// may have no cycle.
/// </summary>
internal static class SerializabilityCheck
{
    private const string Name = "lists";

    public static void Check(IReadOnlyList<TableOperation> history, SortedDictionary<string, long[]> final, Findings findings)
    {
        var byNumber = new Dictionary<long, TableOperation>();
        foreach (TableOperation operation in history)
        {
            byNumber.Add(operation.Number, operation);
        }

        CheckLists(history, byNumber, final, findings);
        if (findings.Any)
        {
            return;
        }

        var graph = new PrecedenceGraph();
        foreach ((string list, long[] values) in final)
        {
            for (int i = 1; i < values.Length; i++)
            {
                graph.Before(byNumber[values[i - 1]], byNumber[values[i]], $"{list}: wrote before");
            }
        }

        foreach (TableOperation operation in history.Where(static o => o.IsDone))
        {
            foreach ((string list, long[] seen) in operation.Reads)
            {
                AddRead(graph, byNumber, operation, list, seen, final.GetValueOrDefault(list) ?? []);
            }
        }

        graph.AddRealTime([.. history.Where(o => o.IsDone || o.Appends.Any(l => final.GetValueOrDefault(l)?.Contains(o.Number) == true))]);
        if (graph.FindCycle() is { } cycle)
        {
            findings.Add('F', Name, "no order explains these: " + cycle);
        }
    }

    private static void AddRead(
        PrecedenceGraph graph, Dictionary<long, TableOperation> byNumber, TableOperation reader, string list, long[] seen, long[] final)
    {
        if (seen.Length > 0 && seen[^1] != reader.Number)
        {
            graph.Before(byNumber[seen[^1]], reader, $"{list}: was read by");
        }

        if (seen.Length < final.Length && final[seen.Length] != reader.Number)
        {
            graph.Before(reader, byNumber[final[seen.Length]], $"{list}: did not see");
        }
    }

    private static void CheckLists(
        IReadOnlyList<TableOperation> history, Dictionary<long, TableOperation> byNumber, SortedDictionary<string, long[]> final, Findings findings)
    {
        foreach ((string list, long[] values) in final)
        {
            if (values.Distinct().Count() != values.Length)
            {
                findings.Add('E', Name, $"{list} has a value twice: {string.Join(" ", values)}");
            }

            foreach (long value in values)
            {
                if (!byNumber.TryGetValue(value, out TableOperation? writer) || !writer.Appends.Contains(list))
                {
                    findings.Add('E', Name, $"{list} has {value}, which nobody appended to it");
                }
                else if (writer.End == OperationEnd.NotDone)
                {
                    findings.Add('E', Name, $"{list} has what was reported as not done: {writer}");
                }
            }
        }

        foreach (TableOperation operation in history)
        {
            CheckWrites(operation, final, findings);
            foreach ((string list, long[] seen) in operation.Reads)
            {
                long[] values = final.GetValueOrDefault(list) ?? [];
                if (!values.AsSpan().StartsWith(seen))
                {
                    findings.Add('F', Name, $"{list} became {string.Join(" ", values)}, and this saw something else: {operation}");
                }
            }
        }
    }

    private static void CheckWrites(TableOperation operation, SortedDictionary<string, long[]> final, Findings findings)
    {
        string[] has = [.. operation.Appends.Where(list => final.GetValueOrDefault(list)?.Contains(operation.Number) == true)];
        if (operation.IsDone && has.Length < operation.Appends.Count)
        {
            findings.Add('D', Name, $"acknowledged, and missing in {string.Join(" ", operation.Appends.Except(has))}: {operation}");
        }
        else if (has.Length > 0 && has.Length < operation.Appends.Count)
        {
            findings.Add('F', Name, $"only in {string.Join(" ", has)}: {operation}");
        }
    }
}
