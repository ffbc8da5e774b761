using Nines.Tables.Model;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>ListStreams, DescribeStream, GetShardIterator and GetRecords: the constraints, then the ARN, then the rest.</summary>
internal static class StreamOperations
{
    private const int PageMax = 100;
    private const string IteratorTypes = "AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON";

    public static ParsedRequest<ListStreamsRequest> ParseList(ref JsonInput json)
    {
        string? table = null;
        string? start = null;
        long? limit = null;
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                table = json.Table().Name;
            }
            else if (json.Is("ExclusiveStartStreamArn"u8))
            {
                start = json.String();
            }
            else if (json.Is("Limit"u8))
            {
                limit = json.Integer("Integer");
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.NameIfAny(table, "tableName");
        Limit(ref constraints, limit, PageMax);
        StreamName? after = null;
        TableError? error = Said(constraints.Message) ?? (start is null ? null : StreamArn.TryRead(start, json.Scope, out after));

        return error is not null ? new(error) : new(new ListStreamsRequest(table, after, (int)(limit ?? PageMax)));
    }

    public static ParsedRequest<DescribeStreamRequest> ParseDescribe(ref JsonInput json)
    {
        string? arn = null;
        string? start = null;
        long? limit = null;
        (bool IsSent, string? Type, string? ShardId) filter = default;
        while (json.NextMember())
        {
            if (json.Is("StreamArn"u8))
            {
                arn = json.String();
            }
            else if (json.Is("ExclusiveStartShardId"u8))
            {
                start = json.String();
            }
            else if (json.Is("Limit"u8))
            {
                limit = json.Integer("Integer");
            }
            else if (json.Is("ShardFilter"u8))
            {
                filter = ReadFilter(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.NotNull(arn is not null, "streamArn");
        Limit(ref constraints, limit, PageMax);
        ShardId(ref constraints, start, "exclusiveStartShardId");
        constraints.OneOf(filter.Type, "shardFilter.type", "CHILD_SHARDS");
        ShardId(ref constraints, filter.ShardId, "shardFilter.shardId");
        StreamName? stream = null;
        TableError? error = Said(constraints.Message) ?? StreamArn.TryRead(arn!, json.Scope, out stream) ?? Said(CheckFilter(filter));
        return error is not null
            ? new(error)
            : new(new DescribeStreamRequest(stream!, start, (int)(limit ?? PageMax), filter.ShardId));
    }

    public static ParsedRequest<ShardIteratorRequest> ParseIterator(ref JsonInput json)
    {
        string? arn = null;
        string? shard = null;
        string? type = null;
        string? sequence = null;
        while (json.NextMember())
        {
            if (json.Is("StreamArn"u8))
            {
                arn = json.String();
            }
            else if (json.Is("ShardId"u8))
            {
                shard = json.String();
            }
            else if (json.Is("ShardIteratorType"u8))
            {
                type = json.String();
            }
            else if (json.Is("SequenceNumber"u8))
            {
                sequence = json.String();
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.NotNull(arn is not null, "streamArn");
        constraints.NotNull(shard is not null, "shardId");
        ShardId(ref constraints, shard, "shardId");
        constraints.NotNull(type is not null, "shardIteratorType");
        constraints.OneOf(type, "shardIteratorType", IteratorTypes);
        constraints.LengthAtLeast(sequence?.Length, 21, "sequenceNumber", () => sequence!);
        constraints.LengthAtMost(sequence?.Length, 40, "sequenceNumber", () => sequence!);
        StreamName? stream = null;
        StreamPlace? place = sequence is null ? null : StreamPlace.TryParse(sequence);
        TableError? error = Said(constraints.Message) ?? StreamArn.TryRead(arn!, json.Scope, out stream) ?? Said(CheckPlace(type!, sequence, place));
        return error is not null ? new(error) : new(new ShardIteratorRequest(stream!, shard!, TypeOf(type!), place ?? StreamPlace.Start));
    }

    public static ParsedRequest<GetRecordsRequest> ParseRecords(ref JsonInput json)
    {
        string? iterator = null;
        long? limit = null;
        while (json.NextMember())
        {
            if (json.Is("ShardIterator"u8))
            {
                iterator = json.String();
            }
            else if (json.Is("Limit"u8))
            {
                limit = json.Integer("Integer");
            }
            else
            {
                json.Skip();
            }
        }

        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.NotNull(iterator is not null, "shardIterator");
        constraints.LengthAtLeast(iterator?.Length, 1, "shardIterator", () => iterator!);
        Limit(ref constraints, limit, StreamQuery.RecordsMax);
        ShardIterator? read = constraints.Message is null ? ShardIteratorText.TryDecode(iterator!, json.Scope) : null;
        return read is null
            ? new(TableError.Validation(constraints.Message ?? "Invalid ShardIterator"))
            : new(new GetRecordsRequest(read, (int)(limit ?? StreamQuery.RecordsMax)));
    }

    private static (bool IsSent, string? Type, string? ShardId) ReadFilter(ref JsonInput json)
    {
        string? type = null;
        string? shard = null;
        if (!json.Value() || !json.IsField("ShardFilter"))
        {
            return default;
        }

        while (json.NextMember())
        {
            if (json.Is("Type"u8))
            {
                type = json.String();
            }
            else if (json.Is("ShardId"u8))
            {
                shard = json.String();
            }
            else
            {
                json.Skip();
            }
        }

        return (true, type, shard);
    }

    private static string? CheckFilter((bool IsSent, string? Type, string? ShardId) filter) =>
        filter.IsSent && (filter.Type is null || filter.ShardId is null)
            ? "One or more parameter values were invalid: ShardFilter must have both Type and ShardId"
            : null;

    private static string? CheckPlace(string type, string? sequence, StreamPlace? place) =>
        type is "AT_SEQUENCE_NUMBER" or "AFTER_SEQUENCE_NUMBER"
            ? sequence is null ? "One or more parameter values were invalid: SequenceNumber must be specified when ShardIteratorType is " + type
                : place is null ? "Invalid SequenceNumber"
                : null
            : null;

    private static ShardIteratorType TypeOf(string type) => type switch
    {
        "LATEST" => ShardIteratorType.Latest,
        "AT_SEQUENCE_NUMBER" => ShardIteratorType.AtSequenceNumber,
        "AFTER_SEQUENCE_NUMBER" => ShardIteratorType.AfterSequenceNumber,
        _ => ShardIteratorType.TrimHorizon,
    };

    private static void Limit(ref Constraints constraints, long? limit, int high)
    {
        constraints.AtLeast(limit, 1, "limit");
        constraints.AtMost(limit, high, "limit");
    }

    private static void ShardId(ref Constraints constraints, string? shard, string at)
    {
        constraints.LengthAtLeast(shard?.Length, 28, at, () => shard!);
        constraints.LengthAtMost(shard?.Length, 65, at, () => shard!);
    }

    private static TableError? Said(string? message) => message is null ? null : TableError.Validation(message);
}
