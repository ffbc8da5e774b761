using System.Text.Json;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.Operations;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Tables.Protocol;

/// <summary>
/// Requests from their bytes, one method an operation; ARNs of tables are those of the given scope. Never throws for what a client can send: malformed JSON, wrong types and
/// wrong values all come back as the error DynamoDB answers.
/// </summary>
public static class RequestParser
{
    private delegate ParsedRequest<T> Body<T>(ref JsonInput json)
        where T : class;

    /// <summary>CreateTable: the wanted description.</summary>
    public static ParsedRequest<TableDescription> CreateTable(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Operations.CreateTable.Parse);

    /// <summary>DescribeTable, DeleteTable and DescribeTimeToLive: the table's name.</summary>
    public static ParsedRequest<string> TableName(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, TableNames.ParseName);

    /// <summary>ListTables.</summary>
    public static ParsedRequest<ListTablesRequest> ListTables(ReadOnlySpan<byte> body) => Parse(body, null, TableNames.ParseList);

    /// <summary>PutItem, GetItem, DeleteItem, UpdateItem.</summary>
    public static ParsedRequest<ItemRequest> Item(ReadOnlySpan<byte> body, ItemOperation operation, TableScope? scope = null) => operation switch
    {
        ItemOperation.Put => Parse(body, scope, static (ref JsonInput json) => ItemOperations.Parse(ref json, ItemOperation.Put)),
        ItemOperation.Get => Parse(body, scope, static (ref JsonInput json) => ItemOperations.Parse(ref json, ItemOperation.Get)),
        ItemOperation.Delete => Parse(body, scope, static (ref JsonInput json) => ItemOperations.Parse(ref json, ItemOperation.Delete)),
        ItemOperation.Update or ItemOperation.Check =>
            Parse(body, scope, static (ref JsonInput json) => ItemOperations.Parse(ref json, ItemOperation.Update)),
    };

    /// <summary>BatchGetItem.</summary>
    public static ParsedRequest<BatchGetRequest> BatchGet(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Operations.BatchGet.Parse);

    /// <summary>BatchWriteItem.</summary>
    public static ParsedRequest<BatchWriteRequest> BatchWrite(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, BatchWrites.Parse);

    /// <summary>TransactWriteItems.</summary>
    public static ParsedRequest<TransactWriteRequest> TransactWrite(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Transactions.ParseWrite);

    /// <summary>TransactGetItems.</summary>
    public static ParsedRequest<TransactGetRequest> TransactGet(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Transactions.ParseGet);

    /// <summary>ExecuteStatement.</summary>
    public static ParsedRequest<StatementRequest> Statement(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Statements.ParseOne);

    /// <summary>BatchExecuteStatement.</summary>
    public static ParsedRequest<StatementBatch> StatementBatch(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, StatementLists.ParseBatch);

    /// <summary>ExecuteTransaction.</summary>
    public static ParsedRequest<StatementTransaction> StatementTransaction(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, StatementLists.ParseTransaction);

    /// <summary>UpdateTable: what is to change.</summary>
    public static ParsedRequest<TableUpdate> UpdateTable(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Operations.UpdateTable.Parse);

    /// <summary>TagResource.</summary>
    public static ParsedRequest<TagRequest> TagResource(ReadOnlySpan<byte> body, TableScope? scope = null) => Parse(body, scope, Tagging.ParseTag);

    /// <summary>UntagResource.</summary>
    public static ParsedRequest<TagRequest> UntagResource(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, Tagging.ParseUntag);

    /// <summary>ListTagsOfResource.</summary>
    public static ParsedRequest<TagRequest> ListTags(ReadOnlySpan<byte> body, TableScope? scope = null) => Parse(body, scope, Tagging.ParseList);

    /// <summary>DescribeLimits and DescribeEndpoints, which have no members: why the body is refused, or null.</summary>
    public static TableError? NoMembers(ReadOnlySpan<byte> body) =>
        Parse(body, null, static (ref JsonInput json) => new ParsedRequest<string>("")).Error;

    /// <summary>UpdateTimeToLive.</summary>
    public static ParsedRequest<TimeToLiveRequest> UpdateTimeToLive(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, TimeToLives.ParseUpdate);

    /// <summary>ListStreams.</summary>
    public static ParsedRequest<ListStreamsRequest> ListStreams(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, StreamOperations.ParseList);

    /// <summary>DescribeStream.</summary>
    public static ParsedRequest<DescribeStreamRequest> DescribeStream(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, StreamOperations.ParseDescribe);

    /// <summary>GetShardIterator.</summary>
    public static ParsedRequest<ShardIteratorRequest> GetShardIterator(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, StreamOperations.ParseIterator);

    /// <summary>GetRecords.</summary>
    public static ParsedRequest<GetRecordsRequest> GetRecords(ReadOnlySpan<byte> body, TableScope? scope = null) =>
        Parse(body, scope, StreamOperations.ParseRecords);

    /// <summary>Query.</summary>
    public static ParsedRequest<QueryRequest> Query(ReadOnlySpan<byte> body, TableScope? scope = null) => Parse(body, scope, Pages.ParseQuery);

    /// <summary>Scan.</summary>
    public static ParsedRequest<ScanRequest> Scan(ReadOnlySpan<byte> body, TableScope? scope = null) => Parse(body, scope, Pages.ParseScan);

    /// <summary>Whether a body is JSON at all, which is looked at before anything else.</summary>
    public static bool IsJson(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = new JsonInput(body, TableScope.Default);
            json.Drain();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ParsedRequest<T> Parse<T>(ReadOnlySpan<byte> body, TableScope? scope, Body<T> read)
        where T : class
    {
        try
        {
            var json = new JsonInput(body, scope ?? TableScope.Default);
            ParsedRequest<T> parsed = json.Begin() ? read(ref json) : default;
            json.Drain();
            return json.Fault is { } fault ? new(TableError.Serialization(fault))
                : json.Refusal is { } refusal ? new(refusal)
                : parsed;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The reader's way to say: no JSON (JsonException), or a string that is no Unicode (InvalidOperationException).
            return new(TableError.Serialization(""));
        }
    }
}
