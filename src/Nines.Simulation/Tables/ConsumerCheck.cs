namespace Nines.Simulation.Tables;

/// <summary>Whoever followed a stream through the faults was given, shard by shard, the beginning of what it is in the end: all of it, in order.</summary>
internal static class ConsumerCheck
{
    private const string Name = "streams";

    public static void Check(
        IReadOnlyList<ShardLog> consumer, IReadOnlyList<ShardLog> final, IReadOnlyDictionary<long, TableOperation> writes, Findings findings)
    {
        if (!consumer.Select(static s => s.ShardId).SequenceEqual(final.Select(static s => s.ShardId)))
        {
            findings.Add('H', Name, "a stream has other shards than when its table was made");
            return;
        }

        foreach ((ShardLog seen, ShardLog all) in consumer.Zip(final))
        {
            CheckBeginning(seen, all, findings);
            StreamHistoryCheck.CheckFreshness(seen, all, writes, findings);
        }
    }

    private static void CheckBeginning(ShardLog seen, ShardLog all, Findings findings)
    {
        for (int i = 0; i < seen.Entries.Count; i++)
        {
            if (i >= all.Entries.Count || !all.Entries[i].IsSameAs(seen.Entries[i].Placed))
            {
                findings.Add(
                    'F', Name, $"{all.ShardId} gave {seen.Entries[i]}, and has {(i < all.Entries.Count ? all.Entries[i].ToString() : "no more")} there");
                return;
            }
        }
    }
}
