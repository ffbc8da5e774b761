using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>
/// A stream tells the whole story of its table: the records of an item follow one from the other, from nothing to what the item is in the
/// end, each is what it says, and none says nothing.
/// </summary>
internal static class StreamCheck
{
    private const string Name = "streams";

    public static void Check(IReadOnlyList<ShardLog> stream, IReadOnlyDictionary<string, Item> table, Findings findings)
    {
        var last = new SortedDictionary<string, (string Shard, Item? Item)>(StringComparer.Ordinal);
        foreach (ShardLog shard in stream)
        {
            CheckOrder(shard, findings);
            foreach (StreamEntry entry in shard.Entries)
            {
                CheckShape(entry, findings);
                Follow(shard.ShardId, entry, last, findings);
            }
        }

        foreach (string key in table.Keys.Union(last.Keys).Order(StringComparer.Ordinal))
        {
            Item? told = last.GetValueOrDefault(key).Item;
            Item? item = table.GetValueOrDefault(key);
            if (!Equals(told, item))
            {
                findings.Add('H', Name, $"{key} is ({Text(item)}), and by its stream ({Text(told)})");
            }
        }
    }

    private static void CheckOrder(ShardLog shard, Findings findings)
    {
        for (int i = 1; i < shard.Entries.Count; i++)
        {
            (StreamEntry before, StreamEntry entry) = (shard.Entries[i - 1], shard.Entries[i]);
            if (string.CompareOrdinal(before.Place.Text, entry.Place.Text) >= 0)
            {
                findings.Add('F', Name, $"{shard.ShardId} goes back from {before} to {entry}");
            }

            if (entry.Record.TimeMs < before.Record.TimeMs)
            {
                findings.Add('F', Name, $"{shard.ShardId}: time goes back from {before.Record.TimeMs} to {entry.Record.TimeMs} with {entry}");
            }
        }
    }

    /// <summary>The event is what the images say, and something happened.</summary>
    private static void CheckShape(StreamEntry entry, Findings findings)
    {
        bool fits = entry.Record.Event switch
        {
            StreamEvent.Insert => entry is { Old: null, New: not null },
            StreamEvent.Modify => entry is { Old: not null, New: not null },
            StreamEvent.Remove => entry is { Old: not null, New: null },
        };
        if (!fits || (entry.Record.IsByService && entry.Record.Event != StreamEvent.Remove))
        {
            findings.Add('H', Name, $"the event is not what the images say: {entry}");
        }

        if (Equals(entry.Old, entry.New))
        {
            findings.Add('H', Name, $"a record of nothing: {entry}");
        }
    }

    private static void Follow(
        string shard, StreamEntry entry, SortedDictionary<string, (string Shard, Item? Item)> last, Findings findings)
    {
        (string Shard, Item? Item) before = last.GetValueOrDefault(entry.Key, (shard, null));
        if (before.Shard != shard)
        {
            findings.Add('H', Name, $"{entry.Key} has records in {before.Shard} and in {shard}");
        }
        else if (!Equals(before.Item, entry.Old))
        {
            findings.Add('H', Name, $"the item was ({Text(before.Item)}) before {entry}");
        }

        last[entry.Key] = (shard, entry.New);
    }

    private static string Text(Item? item) => item is null ? "" : TableRequests.Text(item);
}
