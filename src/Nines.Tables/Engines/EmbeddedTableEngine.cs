using Nines.Kernel;
using Nines.Tables.Engines.Throughput;
using Nines.Tables.Engines.Transactions;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <summary>
/// Tables kept by this cluster's own replicated groups. Operations on tables go to the control group, operations on items to the
/// group that owns the partition key. Holds nothing but what can be read again: the catalogue's cache.
/// </summary>
public sealed partial class EmbeddedTableEngine : ITableEngine, IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(5);

    private readonly IReplicated _replicated;
    private readonly IReplicated _clientReads;
    private readonly TimeProvider _time;
    private readonly ProvisionedThroughput? _throughput;
    private readonly Catalogue _catalogue;
    private readonly TableLifecycle _lifecycle;
    private readonly GroupDuties _duties;
    private readonly OutboxDuty _outbox;
    private readonly ExpiryDuty _expiry;
    private readonly FinishedTransactions _finished;
    private readonly TransactionCoordinator _coordinator;
    private readonly RecentTokens _tokens;

    /// <summary>Makes the engine of one node. <see cref="Start"/> lets it take over what other nodes left undone.</summary>
    /// <param name="replicated">The groups.</param>
    /// <param name="time">What says how late it is.</param>
    /// <param name="clientReads">Where clients' reads of items and pages go, when that is not the same.</param>
    /// <param name="throughputNodes">Over how many nodes tables are held to their provisioned throughput; zero: they are not.</param>
    public EmbeddedTableEngine(IReplicated replicated, TimeProvider time, IReplicated? clientReads = null, int throughputNodes = 0)
    {
        ArgumentNullException.ThrowIfNull(replicated);
        ArgumentNullException.ThrowIfNull(time);
        _replicated = replicated;
        _clientReads = clientReads ?? replicated;
        _time = time;
        _throughput = throughputNodes > 0 ? new ProvisionedThroughput(time, throughputNodes) : null;
        _catalogue = new Catalogue(replicated, time, _throughput);
        _outbox = new OutboxDuty(replicated, time);
        _lifecycle = new TableLifecycle(replicated, time, SweepEvery, _outbox);
        _expiry = new ExpiryDuty(replicated, time);
        _finished = new FinishedTransactions(replicated, time);
        _coordinator = new TransactionCoordinator(replicated, _finished);
        _tokens = new RecentTokens(time);
        _duties = new GroupDuties(replicated, time, [_outbox, new TransactionDuty(replicated, time, _coordinator), _expiry]);
    }

    /// <summary>What the groups that this node leads have still to see to.</summary>
    public TableBacklog Backlog
    {
        get
        {
            (long changes, long lagMs) = _outbox.Lag.Total;
            return new TableBacklog(changes, lagMs, _expiry.Backlog);
        }
    }

    /// <summary>Begins to look now and then for tables that nobody carries on, and for what commands left to do.</summary>
    public void Start()
    {
        _lifecycle.Start();
        _duties.Start();
        _finished.Start();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _duties.DisposeAsync();
        await _finished.DisposeAsync();
        await _lifecycle.DisposeAsync();
    }

    /// <inheritdoc/>
    public ValueTask<TableResult> CreateTableAsync(TableDescription wanted, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(call);
        RequestId id = RequestIds.Of(call.InvocationId, (byte)TableCommandKind.CreateTable, wanted.Name);
        UInt128 uuid = call.InvocationId == UInt128.Zero ? RequestIds.FreshUuid() : id.Value;
        var command = new ByteBuffer(256);
        TableCommand.CreateTable(command, wanted with { Uuid = uuid });
        return ChangeTableAsync(id, command, call);
    }

    /// <inheritdoc/>
    public async ValueTask<TableResult> DeleteTableAsync(string name, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var command = new ByteBuffer(64);
        TableCommand.DeleteTable(command, name);
        TableResult result = await ChangeTableAsync(
            RequestIds.Of(call.InvocationId, (byte)TableCommandKind.DeleteTable, name), command, call);
        if (result.Error is null)
        {
            _catalogue.Forget(name);
        }

        return result;
    }

    /// <inheritdoc/>
    public async ValueTask<TableResult> DescribeTableAsync(string name, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var query = new ByteBuffer(64);
        TableCommand.DescribeTable(query, name);
        return RowOf(await ReadControlAsync(query, call));
    }

    /// <inheritdoc/>
    public async ValueTask<TableResult> UpdateTableAsync(TableUpdate update, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(update);
        ArgumentNullException.ThrowIfNull(call);
        var command = new ByteBuffer(64);
        TableCommand.UpdateTable(command, update);
        TableResult result = await ChangeTableAsync(
            RequestIds.Of(call.InvocationId, (byte)TableCommandKind.UpdateTable, update.Name), command, call, isWhole: !update.Reshapes && update.Indexes.Count == 0);
        if (_throughput is not null && result.Error is null)
        {
            // The answer shows the rates as they were; those that hold now are in the catalogue. Failing to read them delays them only.
            await _catalogue.ReadAsync(update.Name, new Deadline(_time, call.Timeout));
        }

        return result;
    }

    /// <inheritdoc/>
    public ValueTask<TableResult> UpdateTimeToLiveAsync(TimeToLiveRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var command = new ByteBuffer(64);
        ExpiryCommand.UpdateTimeToLive(command, request.TableName, request.Attribute, request.IsEnabled);
        return ChangeTableAsync(RequestIds.Of(call.InvocationId, (byte)TableCommandKind.UpdateTimeToLive, request.TableName), command, call);
    }

    /// <inheritdoc/>
    public ValueTask<TableResult> ChangeTagsAsync(TagRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var command = new ByteBuffer(256);
        TableCommand.ChangeTags(command, request.TableName, request.Set, request.Removed);
        return ChangeTableAsync(
            RequestIds.Of(call.InvocationId, (byte)TableCommandKind.ChangeTags, request.TableName), command, call, isWhole: true);
    }

    /// <inheritdoc/>
    public async ValueTask<TableListResult> ListTablesAsync(ListTablesRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var query = new ByteBuffer(64);
        TableCommand.ListTables(query, request.After, request.Limit);
        Answer answer = await ReadControlAsync(query, call);
        Certificate certificate = Certificate.Of(answer);
        TableError? error = ErrorOf(answer);
        (List<string> Names, bool More)? page = error is null ? TableAnswer.TryReadNames(answer.Body.Span) : null;
        return page is { } names
            ? new TableListResult(null, certificate) { Names = names.Names, More = names.More }
            : new TableListResult(error ?? Outcomes.Malformed(), certificate) { Names = [] };
    }

    /// <summary>A change that is whole needs nobody to carry the table on, whatever status the answer shows.</summary>
    private async ValueTask<TableResult> ChangeTableAsync(RequestId id, ByteBuffer command, TableCall call, bool isWhole = false)
    {
        Answer answer = await _replicated.WriteAsync(
            GroupId.Control, TablesMachine.MachineId, id, command.WrittenMemory, call.Timeout);
        Observe(call, answer);
        TableResult result = RowOf(answer);
        if (result.Table is not null && !isWhole)
        {
            _lifecycle.Carry(result.Table);
        }

        return result;
    }

    private async ValueTask<Answer> ReadControlAsync(ByteBuffer query, TableCall call)
    {
        Answer answer = await _replicated.ReadAsync(
            GroupId.Control, TablesMachine.MachineId, Consistency.Strong, LogIndex.Zero, query.WrittenMemory, call.Timeout);
        Observe(call, answer);
        return answer;
    }

    private TableResult RowOf(in Answer answer)
    {
        TableError? error = ErrorOf(answer);
        TableDescription? row = error is null ? TableAnswer.TryReadRow(answer.Body.Span) : null;
        error ??= row is null ? Outcomes.Malformed() : null;
        return new TableResult(error, CertificateOf(answer, error)) { Table = row?.At(_time.GetUtcNow().ToUnixTimeMilliseconds()) };
    }

    /// <summary>The error of an answer, whether the group could not do it or the rules refuse it.</summary>
    private static TableError? ErrorOf(in Answer answer)
    {
        if (Outcomes.ErrorOf(answer) is { } error)
        {
            return error;
        }

        return TableAnswer.StatusOf(answer.Body.Span) switch
        {
            AnswerStatus.Done => null,
            AnswerStatus.Refused => TableAnswer.TryReadError(answer.Body) ?? Outcomes.Malformed(),
            AnswerStatus.UnknownTable => TableError.ResourceNotFound(),
            AnswerStatus.Malformed => Outcomes.Malformed(),
            AnswerStatus.Damaged => Outcomes.Damaged(),
            AnswerStatus.Locked => TableError.TransactionConflict(),
        };
    }

    /// <summary>A refusal by the rules was committed like any command, and still nothing was done.</summary>
    private static Certificate CertificateOf(in Answer answer, TableError? error)
    {
        Certificate certificate = Certificate.Of(answer);
        return error is not null && certificate.Outcome == Outcome.Done ? certificate with { Outcome = Outcome.NotDone } : certificate;
    }

    private static void Observe(TableCall call, in Answer answer)
    {
        if (answer.IsDone && call.Session is { } session)
        {
            // The items of a batch end on several threads.
            lock (session)
            {
                session.Observe(answer.Group, answer.Position);
            }
        }
    }
}
