using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <summary>What the tables door needs to serve streams. The rules of <see cref="ITableEngine"/> hold for each call.</summary>
public interface IStreamEngine
{
    /// <summary>ListStreams.</summary>
    ValueTask<StreamListResult> ListStreamsAsync(ListStreamsRequest request, TableCall call);

    /// <summary>DescribeStream.</summary>
    ValueTask<StreamResult> DescribeStreamAsync(DescribeStreamRequest request, TableCall call);

    /// <summary>GetShardIterator.</summary>
    ValueTask<ShardIteratorResult> GetShardIteratorAsync(ShardIteratorRequest request, TableCall call);

    /// <summary>GetRecords.</summary>
    ValueTask<RecordsResult> GetRecordsAsync(GetRecordsRequest request, TableCall call);
}

/// <summary>The answer of ListStreams.</summary>
public readonly record struct StreamListResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The streams of the page.</summary>
    public IReadOnlyList<ListedStream> Streams { get; init; } = [];

    /// <summary>More streams follow.</summary>
    public bool More { get; init; }
}

/// <summary>A shard as DescribeStream shows it.</summary>
/// <param name="Name">Which.</param>
/// <param name="Last">The last sequence number of a shard that gets no more records; null while it is open.</param>
public readonly record struct ShardDescription(ShardName Name, StreamPlace? Last);

/// <summary>The answer of DescribeStream.</summary>
public readonly record struct StreamResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The stream's table.</summary>
    public TableDescription? Table { get; init; }

    /// <summary>The stream.</summary>
    public TableStream Stream { get; init; }

    /// <summary>The shards of the page.</summary>
    public IReadOnlyList<ShardDescription> Shards { get; init; } = [];

    /// <summary>More shards follow.</summary>
    public bool More { get; init; }
}

/// <summary>The answer of GetShardIterator.</summary>
public readonly record struct ShardIteratorResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The iterator.</summary>
    public ShardIterator? Iterator { get; init; }
}

/// <summary>The answer of GetRecords.</summary>
public readonly record struct RecordsResult(TableError? Error, Certificate Certificate) : IEngineResult
{
    /// <summary>The records, oldest first.</summary>
    public IReadOnlyList<PlacedRecord> Records { get; init; } = [];

    /// <summary>Where to read on; null when the shard has ended.</summary>
    public ShardIterator? Next { get; init; }
}
