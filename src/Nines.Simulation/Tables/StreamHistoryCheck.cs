namespace Nines.Simulation.Tables;

/// <summary>
/// A stream against what clients know: an acknowledged write has its record, once; one that was refused has none; and the records
/// of a shard are in an order that could have been.
/// </summary>
internal static class StreamHistoryCheck
{
    private const string Name = "streams";

    public static void Check(IReadOnlyDictionary<long, TableOperation> writes, IEnumerable<ShardLog> shards, Findings findings)
    {
        var records = new Dictionary<(string Key, long Writer), int>();
        var removed = new HashSet<(string Key, long Version)>();
        foreach (ShardLog shard in shards)
        {
            CheckRealTime(shard, writes, findings);
            foreach (StreamEntry entry in shard.Entries)
            {
                Count(entry, writes, records, findings);
                if (entry is { New: null, Old: { } old, Record.IsByService: false } && old["v"] is not null)
                {
                    removed.Add((entry.Key, TableRequests.Number(old, "v")));
                }
            }
        }

        foreach (TableOperation operation in writes.Values.Where(static o => o.IsDone))
        {
            foreach (string key in operation.Keys.Where(key => !records.ContainsKey((key, operation.Number))))
            {
                findings.Add('D', Name, $"acknowledged, and without a record of {key}: {operation}");
            }

            if (operation.Removed is { } gone && !removed.Contains(gone))
            {
                findings.Add('D', Name, $"acknowledged, and without a record of {gone}: {operation}");
            }
        }
    }

    /// <summary>What a consumer that reads a shard to its end must have seen: everything a write that was no transaction had been acknowledged for.</summary>
    public static void CheckFreshness(
        ShardLog consumer, ShardLog final, IReadOnlyDictionary<long, TableOperation> writes, Findings findings)
    {
        foreach ((long asked, int read) in consumer.Ends)
        {
            StreamEntry? missed = final.Entries.Skip(read).FirstOrDefault(
                entry => WriterOf(entry, writes) is { IsTransaction: false } writer && writer.EndedUs < asked);
            if (missed is not null)
            {
                findings.Add('F', Name, $"{final.ShardId} said at {asked} us that there is no more, and there was {missed}");
                return;
            }
        }
    }

    private static void Count(
        StreamEntry entry, IReadOnlyDictionary<long, TableOperation> writes, Dictionary<(string Key, long Writer), int> records, Findings findings)
    {
        if (entry.Writer is not { } number)
        {
            return;
        }

        TableOperation? writer = WriterOf(entry, writes);
        if (writer is null || !writer.Keys.Contains(entry.Key))
        {
            findings.Add('E', Name, $"nobody asked for {entry}");
        }
        else if (writer.End == OperationEnd.NotDone)
        {
            findings.Add('E', Name, $"reported as not done: {writer}; there is {entry}");
        }

        int times = records.GetValueOrDefault((entry.Key, number)) + 1;
        records[(entry.Key, number)] = times;
        if (times == 2)
        {
            findings.Add('E', Name, $"done twice: {entry}");
        }
    }

    /// <summary>No write is behind one that began after its end. A transaction may come later to a group, but to no item.</summary>
    private static void CheckRealTime(ShardLog shard, IReadOnlyDictionary<long, TableOperation> writes, Findings findings)
    {
        long begun = 0;
        var begunByKey = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (StreamEntry entry in shard.Entries)
        {
            if (WriterOf(entry, writes) is not { } writer)
            {
                continue;
            }

            long before = writer.IsTransaction ? begunByKey.GetValueOrDefault(entry.Key) : begun;
            if (writer.EndedUs < before)
            {
                findings.Add('F', Name, $"{shard.ShardId} has {entry} behind what began at {before} us, and it had ended: {writer}");
            }

            begun = Math.Max(begun, writer.InvokedUs);
            begunByKey[entry.Key] = Math.Max(begunByKey.GetValueOrDefault(entry.Key), writer.InvokedUs);
        }
    }

    private static TableOperation? WriterOf(StreamEntry entry, IReadOnlyDictionary<long, TableOperation> writes) =>
        entry.Writer is { } number ? writes.GetValueOrDefault(number) : null;
}
