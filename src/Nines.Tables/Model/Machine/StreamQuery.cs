using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// ReadStream: records of a stream in a group, from a place on. Limits are what one answer may hold; a record more than fits the bytes is
/// returned all the same when it is the only one.
/// <code>
///   table id u64 | stream id n | oldest, ms n | index n, number n | records at most n | bytes at most n
/// </code>
/// </summary>
/// <param name="TableId">The table.</param>
/// <param name="StreamId">The stream.</param>
/// <param name="OldestMs">Records written before this time are past their 24 hours.</param>
/// <param name="From">The first place that is wanted.</param>
/// <param name="LimitRecords">At least 1.</param>
/// <param name="LimitBytes">At least 1.</param>
public readonly record struct StreamQuery(
    ulong TableId, ulong StreamId, long OldestMs, StreamPlace From, int LimitRecords, int LimitBytes)
{
    /// <summary>The most records of one answer, DynamoDB's own limit of GetRecords.</summary>
    public const int RecordsMax = 1000;

    /// <summary>The most bytes of one answer, DynamoDB's own limit of GetRecords.</summary>
    public const int BytesMax = 1 << 20;

    /// <summary>Appends the query.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        TableCommand.Begin(to, (byte)TableQueryKind.ReadStream);
        to.Fixed64(TableId);
        to.Varint(StreamId);
        to.Count(Math.Max(0, OldestMs));
        to.Count(From.Index);
        to.Count(From.Number);
        to.Count(LimitRecords);
        to.Count(LimitBytes);
    }

    /// <summary>StreamShard: which records a group has of a stream.</summary>
    public static void EncodeShard(ByteBuffer to, ulong tableId, ulong streamId, long oldestMs)
    {
        TableCommand.Begin(to, (byte)TableQueryKind.StreamShard);
        to.Fixed64(tableId);
        to.Varint(streamId);
        to.Count(Math.Max(0, oldestMs));
    }

    /// <summary>ListStreams: streams behind a table's stream, of one table or (empty) of all, that can be read at a time.</summary>
    public static void EncodeList(ByteBuffer to, string tableName, (string Table, string Label) after, int limit, long nowMs)
    {
        TableCommand.Begin(to, (byte)TableQueryKind.ListStreams);
        to.Text(tableName);
        to.Text(after.Table);
        to.Text(after.Label);
        to.Count(limit);
        to.Count(Math.Max(0, nowMs));
    }

    /// <summary>Reads a query to the end of the bytes; null when they are none.</summary>
    public static StreamQuery? TryDecode(ref ByteReader reader)
    {
        ulong tableId = reader.Fixed64();
        ulong streamId = reader.Varint();
        long oldest = reader.Count();
        long index = reader.Count();
        long number = reader.Count();
        long records = reader.Count();
        long bytes = reader.Count();
        bool isGood = reader.IsComplete && number <= ushort.MaxValue && records is >= 1 and <= RecordsMax && bytes is >= 1 and <= BytesMax;
        return isGood
            ? new StreamQuery(tableId, streamId, oldest, new StreamPlace(index, (int)number), (int)records, (int)bytes)
            : null;
    }
}
