namespace Nines.Simulation.Tables;

/// <content>Consumers of the tables' streams, who follow them through the faults.</content>
internal sealed partial class TableWorkload
{
    private static readonly string[] Streamed = [TableRequests.Accounts, TableRequests.Lists, TableRequests.Things];

    /// <summary>
    /// Records are kept for 24 hours, by the clocks of the machines. When those differ by most of a day, any record may be gone at any time,
    /// and nothing can be said of which there are.
    /// </summary>
    private const long NearMs = 20L * 60 * 60 * 1000;

    /// <summary>Those who followed a stream since it began; none when clocks are too far apart.</summary>
    public IReadOnlyList<StreamReader> Consumers { get; private set; } = [];

    /// <summary>No clock says that a record is past its time.</summary>
    public bool KeepsRecords => _cluster.WallSpreadMs + _cluster.World.NowMs < NearMs;

    /// <summary>What was in the streams in the end, in words; nothing while nobody has looked.</summary>
    private string StreamsText { get; set; } = "";

    /// <summary>Notes what was in the streams in the end.</summary>
    public void Note(IReadOnlyList<StreamReader> streams)
    {
        StreamEntry[] all = [.. streams.SelectMany(static stream => stream.Shards).SelectMany(static shard => shard.Entries)];
        int followed = Consumers.SelectMany(static stream => stream.Shards).Sum(static shard => shard.Entries.Count);
        StreamsText = $"; {all.Length} records in streams, {followed} of them followed, {all.Count(static e => e.Record.IsByService)} of items that expired";
    }

    private void FollowStreams()
    {
        if (!KeepsRecords)
        {
            return;
        }

        Consumers = NewStreamReaders();
        foreach (StreamReader consumer in Consumers)
        {
            _ = GuardedAsync(() => consumer.FollowAsync(() => _isOpen));
        }
    }

    private IReadOnlyList<StreamReader> NewStreamReaders() =>
        [.. Streamed.Select(table => new StreamReader(_cluster, this, _calls, _random.Fork(), table))];
}
