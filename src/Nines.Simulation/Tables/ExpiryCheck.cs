using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>
/// Time to live deletes what is due and nothing else, by the time its group has agreed on: a record carries it, and no machine's clock was
/// ever further than that.
/// </summary>
internal static class ExpiryCheck
{
    private const string Name = "expiry";

    /// <summary>Nothing is left that was due by all clocks a while ago.</summary>
    public static void CheckLeft(IEnumerable<Item> things, long dueMs, Findings findings)
    {
        foreach (Item thing in things.Where(thing => ThingRequests.ExpiryOf(thing) < dueMs / 1000))
        {
            findings.Add('N', Name, $"was due before {dueMs / 1000} and is still there: {TableRequests.Text(thing)}");
        }
    }

    /// <summary>What was deleted had expired.</summary>
    public static void CheckGone(IReadOnlyList<ShardLog> stream, Findings findings)
    {
        foreach (StreamEntry entry in stream.SelectMany(static shard => shard.Entries).Where(static entry => entry.Record.IsByService))
        {
            long? second = entry.Old is null ? null : ThingRequests.ExpiryOf(entry.Old);
            if (second is null || entry.Record.TimeMs / 1000 <= second)
            {
                findings.Add('D', Name, $"deleted at {entry.Record.TimeMs} ms: {entry}");
            }
        }
    }
}
