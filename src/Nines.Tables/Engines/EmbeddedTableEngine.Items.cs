using System.Runtime.CompilerServices;
using Nines.Kernel;
using Nines.Tables.Engines.Throughput;
using Nines.Tables.Engines.Transactions;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

public sealed partial class EmbeddedTableEngine
{
    /// <summary>How often one call sends its command: the first time, and once more after the catalogue was corrected.</summary>
    private const int AttemptsMax = 3;

    /// <inheritdoc/>
    public ValueTask<ItemResult> ItemAsync(ItemRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        return _catalogue.Known(request.TableName) is { } schema
            ? ItemAsync(request, call, schema, deadline)
            : FindAndDoAsync(request, call, deadline);
    }

    /// <inheritdoc/>
    public async ValueTask<SchemaResult> SchemaAsync(string tableName, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        Catalogue.Found found = await FindAsync(tableName, new Deadline(_time, call.Timeout));
        return new SchemaResult(found.Error, found.Certificate) { Schema = found.Schema };
    }

    private async ValueTask<ItemResult> FindAndDoAsync(ItemRequest request, TableCall call, Deadline deadline)
    {
        Catalogue.Found found = await _catalogue.FindAsync(request.TableName, deadline);
        return found.Schema is null
            ? new ItemResult(found.Error, found.Certificate)
            : await ItemAsync(request, call, found.Schema, deadline);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ItemResult> ItemAsync(ItemRequest request, TableCall call, TableSchema schema, Deadline deadline)
    {
        bool afterCorrection = false;
        LockWait? wait = null;
        for (byte attempt = 0; ; attempt++)
        {
            if (CheckAgainst(schema, request) is { } refused)
            {
                return new ItemResult(refused, Certificate.Refused);
            }

            TableThroughput? throughput = _throughput?.Of(schema);
            if (attempt == 0 && throughput is not null && Begin(throughput, request, call) is { } exceeded)
            {
                return new ItemResult(exceeded, Certificate.Refused);
            }

            Answer answer = await SendAsync(request, call, schema, attempt, afterCorrection, deadline);
            if (answer.IsDone && TableAnswer.TryReadLock(answer.Body.Span) is { } holder)
            {
                wait ??= new LockWait(_coordinator, _time, deadline);
                if (attempt < byte.MaxValue && await wait.WaitAsync(holder, answer.Group))
                {
                    continue;
                }
            }

            bool unknownTable = answer.IsDone && TableAnswer.StatusOf(answer.Body.Span) == AnswerStatus.UnknownTable;
            if (!unknownTable || attempt + 1 >= AttemptsMax)
            {
                return Result(request, call, schema, throughput, answer);
            }

            Catalogue.Found found = await _catalogue.ReadAsync(request.TableName, deadline);
            if (found.Schema is null)
            {
                return new ItemResult(found.Error, found.Certificate);
            }

            if (found.Schema.Id == schema.Id)
            {
                // The table is active and this group does not know it: the replica that was read is behind, or the group is newer
                // than the table. Registering is idempotent, and refused for a table that was dropped.
                await RegisterAsync(answer.Group, found.Schema, deadline);
            }

            schema = found.Schema;
            afterCorrection = true;
        }
    }

    private ValueTask<Answer> SendAsync(
        ItemRequest request, TableCall call, TableSchema schema, byte attempt, bool afterCorrection, Deadline deadline)
    {
        ByteBuffer key = BufferPool.Shared.Rent();
        ByteBuffer command = BufferPool.Shared.Rent();
        KeyRules.Partition(schema, request.Item, key);
        int slot = Slots.Of(key.Written);
        GroupId group = _replicated.GroupOf(slot);
        KeyRules.Sort(schema, request.Item, key);
        var itemKey = new ItemKey(slot, key.Written[KeyRules.TableIdLength..]);
        if (request.Operation == ItemOperation.Get)
        {
            Consistency consistency = afterCorrection ? Consistency.Strong : ConsistencyOf(request, call);
            ItemCommands.WriteGet(command, schema, itemKey, request, IsMeasured(request, schema), awaitsLocks: consistency == Consistency.Strong);
            BufferPool.Shared.Return(key);
            return ReturnAfter(command, _clientReads.ReadAsync(
                group, TablesMachine.MachineId, consistency, PositionIn(group, call), command.WrittenMemory, deadline.Left));
        }

        RequestId id = RequestIds.Of(call.InvocationId, (byte)request.Operation, key.Written, attempt);
        ItemCommands.WriteChange(command, schema, itemKey, request, IsMeasured(request, schema));
        ValueTask<Answer> answer = _replicated.WriteAsync(
            group, TablesMachine.MachineId, id, command.WrittenMemory, deadline.Left);
        BufferPool.Shared.Return(key);
        BufferPool.Shared.Return(command);
        return answer;
    }

    private static LogIndex PositionIn(GroupId group, TableCall call)
    {
        if (call.Session is not { } session)
        {
            return LogIndex.Zero;
        }

        lock (session)
        {
            return session.PositionIn(group);
        }
    }

    /// <summary>A query's bytes may be needed until its answer is there; those of a command are copied at once.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Answer> ReturnAfter(ByteBuffer query, ValueTask<Answer> answer)
    {
        Answer received = await answer;
        BufferPool.Shared.Return(query);
        return received;
    }

    private async ValueTask RegisterAsync(GroupId group, TableSchema schema, Deadline deadline)
    {
        var command = new ByteBuffer(64);
        TableCommand.RegisterTable(command, schema);
        await _replicated.WriteAsync(group, TablesMachine.MachineId, RequestId.None, command.WrittenMemory, deadline.Left);
    }

    private static Consistency ConsistencyOf(ItemRequest request, TableCall call) =>
        call.ReadLevel(request.ConsistentRead);

    private static TableError? CheckAgainst(TableSchema schema, ItemRequest request) =>
        (request.Operation == ItemOperation.Put
            ? KeyRules.CheckItem(schema, request.Item)
            : KeyRules.CheckKey(schema, request.Item))
        ?? request.Expressions.CheckKeys(schema);

    private static ItemResult Result(
        ItemRequest request, TableCall call, TableSchema schema, TableThroughput? throughput, in Answer answer)
    {
        Observe(call, answer);
        TableError? error = ErrorOf(answer);
        long oldSize = 0;
        long newSize = 0;
        ReadOnlyMemory<byte> item = default;
        IReadOnlyList<IndexCost> costs = [];
        if (error is null && !TableAnswer.TryReadItem(answer.Body, out oldSize, out newSize, out costs, out item))
        {
            error = Outcomes.Malformed();
        }

        if (error is not null)
        {
            return new ItemResult(error, CertificateOf(answer, error));
        }

        decimal units = request.Capacity == CapacityReturn.None && throughput is null ? 0 : UnitsOf(request, call, oldSize, newSize);
        if (throughput is not null)
        {
            End(throughput, request, call, schema, units, costs);
        }

        return new ItemResult(null, CertificateOf(answer, error))
        {
            Item = item,
            CapacityUnits = request.Capacity == CapacityReturn.None ? 0 : units,
            IndexUnits = UnitsOf(schema, costs),
        };
    }

    private static decimal UnitsOf(ItemRequest request, TableCall call, long oldSize, long newSize) =>
        request.Operation == ItemOperation.Get
            ? Capacity.OfRead(oldSize, ConsistencyOf(request, call) == Consistency.Strong)
            : Capacity.OfWrite(oldSize, newSize);

    /// <summary>The costs by name. An index that this node does not know of yet is not named.</summary>
    private static IReadOnlyList<IndexUnits> UnitsOf(TableSchema schema, IReadOnlyList<IndexCost> costs) => costs.Count == 0 ? [] :
    [
        .. from cost in costs
           let index = schema.Shape.IndexOf(cost.IndexId)
           where index is not null
           select new IndexUnits(index.Name, index.IsGlobal, cost.Units),
    ];
}
