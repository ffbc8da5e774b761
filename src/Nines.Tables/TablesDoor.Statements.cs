using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Tables;

/// <summary>PartiQL: statements become requests of the other operations as soon as the keys of their tables are known.</summary>
public sealed partial class TablesDoor
{
    private async ValueTask<(TableError? Error, Certificate Certificate)> StatementAsync(
        ParsedRequest<StatementRequest> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        StatementRequest request = parsed.Request;
        SchemaResult found = await _engine.SchemaAsync(request.Statement.TableName, call);
        if (found.Schema is null)
        {
            return (found.Error, found.Certificate);
        }

        ParsedRequest<StatementPlan> plan = StatementPlan.Of(request.Statement, found.Schema, request.Options);
        if (!plan.IsGood)
        {
            return (plan.Error, Certificate.Refused);
        }

        if (plan.Request.Item is { } item)
        {
            ItemResult result = await StatementItemAsync(request.Statement, item, call);
            IReadOnlyList<ReadOnlyMemory<byte>> items = result.Item.IsEmpty ? [] : [result.Item];
            return await WriteStatementAsync(request, (result.Error, result.Certificate), items, null, UnitsOf(request.Statement, result), answer);
        }

        PageResult page = plan.Request.Query is { } query ? await _engine.QueryAsync(query, call) : await _engine.ScanAsync(plan.Request.Scan!, call);
        var units = new TableUnits(request.Statement.ShownTable, page.CapacityUnits, page.IndexUnits);
        return await WriteStatementAsync(request, (page.Error, page.Certificate), page.Items, page.LastKey, units, answer);
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> WriteStatementAsync(
        StatementRequest request,
        (TableError? Error, Certificate Certificate) end,
        IReadOnlyList<ReadOnlyMemory<byte>> items,
        Item? lastKey,
        TableUnits units,
        ByteBuffer answer)
    {
        if (end.Error is not null)
        {
            return end;
        }

        return (await WriteItemsAsync(BytesOf(items), () => StatementWriter.One(answer, request, items, lastKey, units)), end.Certificate);
    }

    /// <summary>An INSERT is a put whose condition says that there is no such item yet.</summary>
    private async ValueTask<ItemResult> StatementItemAsync(Statement statement, ItemRequest request, TableCall call)
    {
        ItemResult result = await _engine.ItemAsync(request, call);
        return statement.Kind == StatementKind.Insert && result.Error is { Type: TableError.ConditionalCheckFailedType } failed
            ? result with { Error = TableError.DuplicateItem(failed.Item) }
            : result;
    }

    private async ValueTask<(TableError? Error, Certificate Certificate)> StatementBatchAsync(
        ParsedRequest<StatementBatch> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        IReadOnlyList<BatchStatement> statements = parsed.Request.Statements;
        (BatchStatementResult Result, Certificate Certificate)[] ends = await Task.WhenAll(statements.Select((s, i) => BatchStatementAsync(s, i, call)));
        BatchStatementResult[] results = [.. ends.Select(static e => e.Result)];
        TableError? error = await WriteItemsAsync(
            BytesOf(results.Select(static r => r.Item)), () => StatementWriter.Batch(answer, parsed.Request, results));
        return (error, Certificate.Done with { Outcome = Combined([.. ends.Select(static e => e.Certificate.Outcome)]) });
    }

    private async Task<(BatchStatementResult Result, Certificate Certificate)> BatchStatementAsync(BatchStatement statement, int index, TableCall call)
    {
        if (!statement.Parsed.IsGood)
        {
            return (new BatchStatementResult(null, statement.Parsed.Error, default, null), Certificate.Refused);
        }

        Statement read = statement.Parsed.Request;
        SchemaResult found = await _engine.SchemaAsync(read.TableName, call);
        if (found.Schema is null)
        {
            return (new BatchStatementResult(read.ShownTable, found.Error, default, null), found.Certificate);
        }

        ParsedRequest<ItemRequest> plan = StatementPlan.OfOne(read, found.Schema, statement.Options, "BatchExecuteStatement");
        if (!plan.IsGood)
        {
            return (new BatchStatementResult(read.ShownTable, plan.Error, default, null), Certificate.Refused);
        }

        ItemResult result = await StatementItemAsync(read, plan.Request, call.Part(index));
        ReadOnlyMemory<byte> item = read.Selection?.Apply(result.Item) ?? result.Item;
        return (new BatchStatementResult(read.ShownTable, result.Error, item, UnitsOf(read, result)), result.Certificate);
    }

    private static TableUnits UnitsOf(Statement statement, ItemResult result) => new(statement.ShownTable, result.CapacityUnits, result.IndexUnits);

    /// <summary>Of several: unknown when one is, otherwise done when one is.</summary>
    private static Outcome Combined(Outcome[] outcomes) =>
        outcomes.Contains(Outcome.Unknown) ? Outcome.Unknown
        : outcomes.Contains(Outcome.Done) ? Outcome.Done
        : Outcome.NotDone;

    private async ValueTask<(TableError? Error, Certificate Certificate)> StatementTransactionAsync(
        ParsedRequest<StatementTransaction> parsed, TableCall call, ByteBuffer answer)
    {
        if (!parsed.IsGood)
        {
            return (parsed.Error, Certificate.Refused);
        }

        StatementTransaction request = parsed.Request;
        var schemas = new List<TableSchema>(request.Statements.Count);
        foreach (Statement statement in request.Statements)
        {
            SchemaResult found = await _engine.SchemaAsync(statement.TableName, call);
            if (found.Schema is null)
            {
                return (found.Error, found.Certificate);
            }

            schemas.Add(found.Schema);
        }

        if (request.TryPlan(schemas, out IReadOnlyList<ItemRequest> requests) is { } refused)
        {
            return (refused, Certificate.Refused);
        }

        if (request.IsRead)
        {
            return await StatementGetAsync(request, new TransactGetRequest(requests, request.Capacity), call, answer);
        }

        (TableError? error, Certificate certificate) = await TransactWriteAsync(
            new ParsedRequest<TransactWriteRequest>(new TransactWriteRequest(requests, request.Token, request.Capacity)), call, answer);
        return (error is null ? null : request.WithDuplicates(error), certificate);
    }

    private ValueTask<(TableError? Error, Certificate Certificate)> StatementGetAsync(
        StatementTransaction request, TransactGetRequest gets, TableCall call, ByteBuffer answer) => AnswerItemsAsync(
            new ParsedRequest<TransactGetRequest>(gets), call, _engine.TransactGetAsync, static result => BytesOf(result.Items),
            (_, result) => TransactionWriter.Get(
                answer, gets, [.. result.Items.Select((item, i) => request.Statements[i].Selection?.Apply(item) ?? item)], result.CapacityUnits));
}
