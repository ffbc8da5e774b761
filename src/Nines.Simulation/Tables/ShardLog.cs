namespace Nines.Simulation.Tables;

/// <summary>What somebody has read of a shard: its records in their order, each once.</summary>
internal sealed record ShardLog(string ShardId)
{
    public List<StreamEntry> Entries { get; } = [];

    /// <summary>When it was asked for more than the first so many records, and the answer was that there are no others.</summary>
    public List<(long AskedUs, int Read)> Ends { get; } = [];
}
