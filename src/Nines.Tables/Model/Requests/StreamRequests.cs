using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Model.Requests;

/// <summary>A stream as requests name it.</summary>
/// <param name="TableName">Its table.</param>
/// <param name="Label">What tells it from the table's other streams.</param>
/// <param name="Arn">All of it, as it was sent.</param>
public sealed record StreamName(string TableName, string Label, string Arn);

/// <summary>A shard: a data group's part of a stream.</summary>
public readonly record struct ShardName(ulong StreamId, int Group);

/// <summary>ListStreams: of one table or of all (null), behind a stream.</summary>
public sealed record ListStreamsRequest(string? TableName, StreamName? After, int Limit);

/// <summary>DescribeStream.</summary>
/// <param name="Stream">Which.</param>
/// <param name="After">The shard behind which the page begins, as it was sent; null: the first.</param>
/// <param name="Limit">The most shards to return.</param>
/// <param name="ParentShardId">Only the children of this shard are wanted; null: all shards.</param>
public sealed record DescribeStreamRequest(StreamName Stream, string? After, int Limit, string? ParentShardId);

/// <summary>Where a shard iterator begins.</summary>
public enum ShardIteratorType
{
    /// <summary>TRIM_HORIZON: the oldest record there is.</summary>
    TrimHorizon,

    /// <summary>LATEST: behind the newest record.</summary>
    Latest,

    /// <summary>AT_SEQUENCE_NUMBER.</summary>
    AtSequenceNumber,

    /// <summary>AFTER_SEQUENCE_NUMBER.</summary>
    AfterSequenceNumber,
}

/// <summary>GetShardIterator. The place is there for the types that need one.</summary>
public sealed record ShardIteratorRequest(StreamName Stream, string ShardId, ShardIteratorType Type, StreamPlace Place);

/// <summary>
/// A place in a shard together with all that reading on from it needs, so that GetRecords asks nobody but the shard's own group.
/// </summary>
/// <param name="Arn">The stream's ARN.</param>
/// <param name="TableId">The table.</param>
/// <param name="Stream">The stream's id and view.</param>
/// <param name="Group">The data group.</param>
/// <param name="Place">The first place that is to be read.</param>
/// <param name="IssuedMs">When the iterator was given out, by the clock of the node that did: milliseconds since 1970.</param>
public sealed record ShardIterator(string Arn, ulong TableId, StreamShape Stream, int Group, StreamPlace Place, long IssuedMs)
{
    /// <summary>How long an iterator can be used: 15 minutes, in milliseconds.</summary>
    public const long LifetimeMs = 15 * 60 * 1000;
}

/// <summary>GetRecords.</summary>
public sealed record GetRecordsRequest(ShardIterator Iterator, int Limit);
