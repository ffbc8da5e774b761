namespace Nines.Tables.Protocol;

/// <summary>The operations this server answers. Others are UnknownOperationException.</summary>
public enum Operation
{
    /// <summary>Not an operation of this server.</summary>
    Unknown,

    /// <summary>Makes a table.</summary>
    CreateTable,

    /// <summary>Describes a table.</summary>
    DescribeTable,

    /// <summary>Names the tables, a page at a time.</summary>
    ListTables,

    /// <summary>Deletes a table with everything in it.</summary>
    DeleteTable,

    /// <summary>Writes a whole item.</summary>
    PutItem,

    /// <summary>Reads one item.</summary>
    GetItem,

    /// <summary>Deletes one item.</summary>
    DeleteItem,

    /// <summary>Changes attributes of one item.</summary>
    UpdateItem,

    /// <summary>Reads up to 100 items.</summary>
    BatchGetItem,

    /// <summary>Writes or deletes up to 25 items, each on its own.</summary>
    BatchWriteItem,

    /// <summary>Reads the items of a partition, a page at a time.</summary>
    Query,

    /// <summary>Reads all items, a page at a time.</summary>
    Scan,

    /// <summary>Writes up to 100 items, all or none.</summary>
    TransactWriteItems,

    /// <summary>Reads up to 100 items as they were at one moment.</summary>
    TransactGetItems,

    /// <summary>Carries out one PartiQL statement.</summary>
    ExecuteStatement,

    /// <summary>Carries out up to 25 statements, each on its own.</summary>
    BatchExecuteStatement,

    /// <summary>Carries out up to 100 statements, all or none.</summary>
    ExecuteTransaction,

    /// <summary>Tells the limits on capacity.</summary>
    DescribeLimits,

    /// <summary>Tells which address to use.</summary>
    DescribeEndpoints,

    /// <summary>Sets tags of a table.</summary>
    TagResource,

    /// <summary>Removes tags of a table.</summary>
    UntagResource,

    /// <summary>Tells the tags of a table.</summary>
    ListTagsOfResource,

    /// <summary>Changes a table.</summary>
    UpdateTable,

    /// <summary>Switches time to live of a table on or off.</summary>
    UpdateTimeToLive,

    /// <summary>Tells whether items of a table expire.</summary>
    DescribeTimeToLive,

    /// <summary>Names the streams, a page at a time.</summary>
    ListStreams,

    /// <summary>Describes a stream and its shards.</summary>
    DescribeStream,

    /// <summary>Gives out a place in a shard.</summary>
    GetShardIterator,

    /// <summary>Reads records of a shard from a place on.</summary>
    GetRecords,
}

/// <summary>The operation named by the header <c>X-Amz-Target</c>.</summary>
public static class OperationNames
{
    private const string Prefix = "DynamoDB_20120810.";
    private const string StreamsPrefix = "DynamoDBStreams_20120810.";

    /// <summary>Reads the header; <see cref="Operation.Unknown"/> for everything else.</summary>
    public static Operation FromTarget(ReadOnlySpan<char> target) =>
        target.StartsWith(Prefix, StringComparison.Ordinal) ? OfTables(target[Prefix.Length..])
        : target.StartsWith(StreamsPrefix, StringComparison.Ordinal) ? OfStreams(target[StreamsPrefix.Length..])
        : Operation.Unknown;

    private static Operation OfStreams(ReadOnlySpan<char> name) => name switch
    {
        "ListStreams" => Operation.ListStreams,
        "DescribeStream" => Operation.DescribeStream,
        "GetShardIterator" => Operation.GetShardIterator,
        "GetRecords" => Operation.GetRecords,
        _ => Operation.Unknown,
    };

    private static Operation OfTables(ReadOnlySpan<char> name) => name switch
    {
        "PutItem" => Operation.PutItem,
        "GetItem" => Operation.GetItem,
        "UpdateItem" => Operation.UpdateItem,
        "DeleteItem" => Operation.DeleteItem,
        "BatchGetItem" => Operation.BatchGetItem,
        "BatchWriteItem" => Operation.BatchWriteItem,
        "Query" => Operation.Query,
        "Scan" => Operation.Scan,
        "TransactWriteItems" => Operation.TransactWriteItems,
        "TransactGetItems" => Operation.TransactGetItems,
        "ExecuteStatement" => Operation.ExecuteStatement,
        "BatchExecuteStatement" => Operation.BatchExecuteStatement,
        "ExecuteTransaction" => Operation.ExecuteTransaction,
        "CreateTable" => Operation.CreateTable,
        "DescribeTable" => Operation.DescribeTable,
        "ListTables" => Operation.ListTables,
        "DeleteTable" => Operation.DeleteTable,
        "DescribeLimits" => Operation.DescribeLimits,
        "DescribeEndpoints" => Operation.DescribeEndpoints,
        "UpdateTable" => Operation.UpdateTable,
        "TagResource" => Operation.TagResource,
        "UntagResource" => Operation.UntagResource,
        "UpdateTimeToLive" => Operation.UpdateTimeToLive,
        "DescribeTimeToLive" => Operation.DescribeTimeToLive,
        "ListTagsOfResource" => Operation.ListTagsOfResource,
        _ => Operation.Unknown,
    };
}
