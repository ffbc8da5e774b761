using System.Runtime.CompilerServices;
using System.Text;
using Nines.Http;
using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Tables;

/// <summary>
/// The DynamoDB door: HTTP in, engine, HTTP out. Takes <c>POST /</c> with an operation in <c>X-Amz-Target</c>, and <c>GET /</c> as a
/// health check. Which listener it hangs on, and with what limits on connections, is the host's choice.
/// </summary>
public sealed partial class TablesDoor
{
    private readonly ITableEngine _engine;
    private readonly TablesDoorOptions _options;
    private readonly TableScope _scope;
    private readonly byte[] _healthy;
    private readonly AmazonRequestIds _requestIds = new();
    private readonly HeavyWork _heavyWork = new();
    private readonly SignatureCheck _signatures;

    /// <summary>A door to an engine.</summary>
    public TablesDoor(ITableEngine engine, TablesDoorOptions? options = null)
        : this(engine, null, options) => ArgumentNullException.ThrowIfNull(engine);

    private TablesDoor(ITableEngine? engine, IOperationEngine? operations, TablesDoorOptions? options)
    {
        // A door that hands operations on never asks it.
        _engine = engine!;
        _operations = operations;
        _options = options ?? new TablesDoorOptions();
        _scope = _options.Scope;
        _signatures = new SignatureCheck(_options.AccessKeys, _options.Time);

        // The blank at the end is DynamoDB's.
        _healthy = Encoding.UTF8.GetBytes($"healthy: dynamodb.{_options.Region}.amazonaws.com ");
    }

    /// <summary>Answers one request.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask HandleAsync(HttpExchange exchange)
    {
        var response = new DoorResponse(exchange, _options);
        if (response.IsForPage && exchange.Method.SequenceEqual("OPTIONS"u8))
        {
            response.SendPermission(_requestIds.Next());
            return;
        }

        if (exchange.Method.SequenceEqual("GET"u8))
        {
            response.Send(200, _requestIds.Next(), "text/plain"u8, _healthy);
            return;
        }

        if (!exchange.Method.SequenceEqual("POST"u8) || !DoorRequest.IsJson(exchange))
        {
            response.Send(404, _requestIds.Next(), "text/plain"u8, "<UnknownOperationException/>\n"u8);
            return;
        }

        using var body = new DoorBody(exchange);
        if (body.IsTooLarge)
        {
            response.Send(413, _requestIds.Next(), "text/plain"u8, default);
            return;
        }

        if (_operations is { } operations)
        {
            await HandOnAsync(operations, exchange, response, body);
            return;
        }

        ByteBuffer answer = BufferPool.Shared.Rent();
        Begun begun = body.IsHeavy ? await BeginHeavyAsync(exchange, body, answer) : Begin(exchange, body, answer);
        if (body.IsTooLarge)
        {
            response.Send(413, _requestIds.Next(), "text/plain"u8, default);
            return;
        }

        (TableError? error, Certificate certificate) = await begun.Doing;
        if (error is not null)
        {
            answer.Clear();
            ResponseWriter.Error(answer, error);
        }

        bool isGzip = GzipAnswer.IsWanted(exchange, answer.Length);
        if (isGzip)
        {
            await CompressAsync(answer);
        }

        response.Send(error?.Status ?? 200, _requestIds.Next(), certificate, begun.Call, answer.Written, isGzip);
        BufferPool.Shared.Return(answer);
    }

    private Task<Begun> BeginHeavyAsync(HttpExchange exchange, DoorBody body, ByteBuffer answer) =>
        _heavyWork.RunAsync(() => Begin(exchange, body, answer));

    private Task<bool> CompressAsync(ByteBuffer answer) => _heavyWork.RunAsync(() =>
    {
        GzipAnswer.Compress(answer);
        return true;
    });

    /// <summary>Reads the request, whole, and hands it on.</summary>
    private Begun Begin(HttpExchange exchange, DoorBody body, ByteBuffer answer)
    {
        TableError? error = Admit(exchange, body, out TableCall call);
        return error is not null || body.IsTooLarge
            ? new Begun(call, new((error, Certificate.Refused)))
            : new Begun(
                call, DoAsync(OperationNames.FromTarget(Encoding.Latin1.GetString(exchange.Header("x-amz-target"u8))), exchange, body, call, answer));
    }

    /// <summary>Who is not let in gets nothing decompressed or parsed.</summary>
    private TableError? Admit(HttpExchange exchange, DoorBody body, out TableCall call)
    {
        if (_signatures.Check(exchange) is { } refused)
        {
            call = new TableCall { Timeout = _options.Timeout };
            return refused;
        }

        body.Decompress();
        TableError? error = DoorRequest.TryReadCall(exchange, body.Span, _options, out call);
        return body.IsReadable ? error : TableError.Serialization("");
    }

    private ValueTask<(TableError? Error, Certificate Certificate)> DoAsync(
        Operation operation, HttpExchange exchange, DoorBody body, TableCall call, ByteBuffer answer) => operation switch
        {
            Operation.PutItem => ItemAsync(RequestParser.Item(body.Span, ItemOperation.Put, _scope), call, answer),
            Operation.GetItem => ItemAsync(RequestParser.Item(body.Span, ItemOperation.Get, _scope), call, answer),
            Operation.DeleteItem => ItemAsync(RequestParser.Item(body.Span, ItemOperation.Delete, _scope), call, answer),
            Operation.UpdateItem => ItemAsync(RequestParser.Item(body.Span, ItemOperation.Update, _scope), call, answer),
            Operation.BatchGetItem => BatchGetAsync(RequestParser.BatchGet(body.Span, _scope), call, answer),
            Operation.BatchWriteItem => BatchWriteAsync(RequestParser.BatchWrite(body.Span, _scope), call, answer),
            Operation.Query => PageAsync(RequestParser.Query(body.Span, _scope), _engine.QueryAsync, call, answer),
            Operation.Scan => PageAsync(RequestParser.Scan(body.Span, _scope), _engine.ScanAsync, call, answer),
            Operation.TransactWriteItems => TransactWriteAsync(RequestParser.TransactWrite(body.Span, _scope), call, answer),
            Operation.TransactGetItems => TransactGetAsync(RequestParser.TransactGet(body.Span, _scope), call, answer),
            Operation.ExecuteStatement => StatementAsync(RequestParser.Statement(body.Span, _scope), call, answer),
            Operation.BatchExecuteStatement => StatementBatchAsync(RequestParser.StatementBatch(body.Span, _scope), call, answer),
            Operation.ExecuteTransaction => StatementTransactionAsync(RequestParser.StatementTransaction(body.Span, _scope), call, answer),
            Operation.CreateTable => CreateTableAsync(RequestParser.CreateTable(body.Span, _scope), call, answer),
            Operation.DescribeTable => DescribeTableAsync(RequestParser.TableName(body.Span, _scope), call, answer),
            Operation.DeleteTable => DeleteTableAsync(RequestParser.TableName(body.Span, _scope), call, answer),
            Operation.ListTables => ListTablesAsync(RequestParser.ListTables(body.Span), call, answer),
            Operation.DescribeLimits => DescribeLimits(body, answer),
            Operation.DescribeEndpoints => DescribeEndpoints(exchange, body, answer),
            Operation.UpdateTable => UpdateTableAsync(RequestParser.UpdateTable(body.Span, _scope), call, answer),
            Operation.TagResource => ChangeTagsAsync(RequestParser.TagResource(body.Span, _scope), call),
            Operation.UntagResource => ChangeTagsAsync(RequestParser.UntagResource(body.Span, _scope), call),
            Operation.UpdateTimeToLive => UpdateTimeToLiveAsync(RequestParser.UpdateTimeToLive(body.Span, _scope), call, answer),
            Operation.DescribeTimeToLive => DescribeTimeToLiveAsync(RequestParser.TableName(body.Span, _scope), call, answer),
            Operation.ListStreams => ListStreamsAsync(RequestParser.ListStreams(body.Span, _scope), call, answer),
            Operation.DescribeStream => DescribeStreamAsync(RequestParser.DescribeStream(body.Span, _scope), call, answer),
            Operation.GetShardIterator => GetShardIteratorAsync(RequestParser.GetShardIterator(body.Span, _scope), call, answer),
            Operation.GetRecords => GetRecordsAsync(RequestParser.GetRecords(body.Span, _scope), call, answer),
            Operation.ListTagsOfResource => ListTagsAsync(RequestParser.ListTags(body.Span, _scope), call, answer),

            Operation.Unknown => Refused(UnknownOperation(body)),
        };

    /// <summary>Malformed JSON is noticed before an unknown operation is.</summary>
    private static TableError UnknownOperation(DoorBody body) =>
        body.Span.IsEmpty || RequestParser.IsJson(body.Span) ? TableError.UnknownOperation() : TableError.Serialization("");

    private static ValueTask<(TableError? Error, Certificate Certificate)> Refused(TableError error) =>
        new((error, Certificate.Refused));

    private ValueTask<(TableError? Error, Certificate Certificate)> ItemAsync(
        ParsedRequest<ItemRequest> parsed, TableCall call, ByteBuffer answer)
    {
        return parsed.IsGood ? DoAsync(parsed.Request) : Refused(parsed.Error);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        async ValueTask<(TableError?, Certificate)> DoAsync(ItemRequest request)
        {
            ItemResult result = await _engine.ItemAsync(request, call);
            TableError? error = result.Error;
            if (error is null && !ResponseWriter.Item(answer, request, result.Item, result.CapacityUnits, result.IndexUnits))
            {
                error = Outcomes.Damaged();
            }

            return (error, result.Certificate);
        }
    }

    private ValueTask<(TableError? Error, Certificate Certificate)> BatchGetAsync(
        ParsedRequest<BatchGetRequest> parsed, TableCall call, ByteBuffer answer) => AnswerItemsAsync(
            parsed, call, _engine.BatchGetAsync, static result => result.Found.Sum(BytesOf),
            (request, result) => ResponseWriter.BatchGet(answer, request, result.Found, result.Unprocessed, result.CapacityUnits));

    private ValueTask<(TableError? Error, Certificate Certificate)> PageAsync<T>(
        ParsedRequest<T> parsed, Func<T, TableCall, ValueTask<PageResult>> read, TableCall call, ByteBuffer answer)
        where T : PageRequest => AnswerItemsAsync(
            parsed, call, read, static result => BytesOf(result.Items), (request, result) => ResponseWriter.Page(
                answer, request, result.Items, result.Totals, result.LastKey, result.CapacityUnits, result.IndexUnits));

    private ValueTask<(TableError? Error, Certificate Certificate)> BatchWriteAsync(
        ParsedRequest<BatchWriteRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.BatchWriteAsync,
            (request, result) => ResponseWriter.BatchWrite(answer, request, result.Unprocessed, result.CapacityUnits));

    private async ValueTask<(TableError? Error, Certificate Certificate)> CreateTableAsync(
        ParsedRequest<TableDescription> parsed, TableCall call, ByteBuffer answer) =>
        parsed.IsGood
            ? WriteTable(await _engine.CreateTableAsync(parsed.Request, call), isDescribe: false, answer)
            : (parsed.Error, Certificate.Refused);

    private async ValueTask<(TableError? Error, Certificate Certificate)> DeleteTableAsync(
        ParsedRequest<string> parsed, TableCall call, ByteBuffer answer) =>
        parsed.IsGood
            ? WriteTable(await _engine.DeleteTableAsync(parsed.Request, call), isDescribe: false, answer)
            : (parsed.Error, Certificate.Refused);

    private async ValueTask<(TableError? Error, Certificate Certificate)> DescribeTableAsync(
        ParsedRequest<string> parsed, TableCall call, ByteBuffer answer) =>
        parsed.IsGood
            ? WriteTable(await _engine.DescribeTableAsync(parsed.Request, call), isDescribe: true, answer)
            : (parsed.Error, Certificate.Refused);

    private (TableError? Error, Certificate Certificate) WriteTable(TableResult result, bool isDescribe, ByteBuffer answer)
    {
        if (result.Table is not null)
        {
            ResponseWriter.Table(answer, result.Table, isDescribe, _scope.ArnPrefix);
        }

        return (result.Error, result.Certificate);
    }

    private ValueTask<(TableError? Error, Certificate Certificate)> ListTablesAsync(
        ParsedRequest<ListTablesRequest> parsed, TableCall call, ByteBuffer answer) => AnswerAsync(
            parsed, call, _engine.ListTablesAsync, (_, result) => ResponseWriter.TableNames(answer, result.Names, result.More));

    /// <summary>A request that was read, and its operation under way.</summary>
    private readonly struct Begun(TableCall call, ValueTask<(TableError? Error, Certificate Certificate)> doing)
    {
        public TableCall Call => call;

        public ValueTask<(TableError? Error, Certificate Certificate)> Doing => doing;
    }
}
