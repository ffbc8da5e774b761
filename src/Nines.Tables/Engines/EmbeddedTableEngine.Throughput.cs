using Nines.Kernel;
using Nines.Tables.Engines.Throughput;
using Nines.Tables.Engines.Transactions;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <content>
/// Provisioned throughput, when it is enforced. What a request costs at least is paid before it, the rest after it; a request that was refused
/// after it was let in has cost the least.
/// </content>
public sealed partial class EmbeddedTableEngine
{
    /// <summary>A transaction does everything twice: once to prepare it, once to do it.</summary>
    private const int TransactionTimes = 2;

    private static readonly decimal LeastWrite = Capacity.OfWrite(0, 0);

    /// <summary>Sizes are needed by clients that ask for capacity, and to hold the table to its own.</summary>
    private bool IsMeasured(ItemRequest request, TableSchema schema) =>
        request.Capacity != CapacityReturn.None || _throughput?.Of(schema) is not null;

    private static decimal LeastRead(bool isStrong) => Capacity.OfRead(0, isStrong);

    private static bool IsStrong(ItemRequest request, TableCall call) => ConsistencyOf(request, call) == Consistency.Strong;

    /// <summary>Lets a request for one item in, or says why not.</summary>
    private static TableError? Begin(TableThroughput throughput, ItemRequest request, TableCall call) =>
        request.Operation == ItemOperation.Get
            ? throughput.BeginRead(0, LeastRead(IsStrong(request, call)))
            : throughput.BeginWrite(LeastWrite);

    /// <summary>What a request for one item cost beyond what it paid when it was let in.</summary>
    private static void End(
        TableThroughput throughput, ItemRequest request, TableCall call, TableSchema schema, decimal units, IReadOnlyList<IndexCost> costs)
    {
        if (request.Operation == ItemOperation.Get)
        {
            throughput.TakeRead(0, units - LeastRead(IsStrong(request, call)));
        }
        else
        {
            throughput.TakeWrite(0, units - LeastWrite);
            throughput.TakeIndexWrites(schema, costs);
        }
    }

    /// <summary>Lets a whole transaction in, or says for which operations there is nothing left.</summary>
    private TableError? BeginTransaction(IReadOnlyList<ItemRequest> operations, TableSchema[] schemas)
    {
        if (_throughput is not { } all)
        {
            return null;
        }

        bool isRead = operations[0].Operation == ItemOperation.Get;
        TableThroughput?[] tables = Array.ConvertAll(schemas, all.Of);
        TableError?[] errors = Array.ConvertAll(tables, table => isRead ? table?.CheckRead(0) : table?.CheckWrite());
        if (Array.Exists(errors, static error => error is not null))
        {
            return TransactionErrors.Canceled(
                Array.ConvertAll(errors, static error => error is null ? CancellationReason.None : CancellationReason.Of(error)));
        }

        foreach (TableThroughput? table in tables)
        {
            if (isRead)
            {
                table?.TakeRead(0, TransactionTimes * LeastRead(isStrong: true));
            }
            else
            {
                table?.TakeWrite(0, TransactionTimes * LeastWrite);
            }
        }

        return null;
    }

    /// <summary>What a transaction of writes that was done cost beyond what it paid when it was let in.</summary>
    private void EndTransaction(TableSchema[] schemas, TransactionAnswer answer)
    {
        for (int i = 0; _throughput is not null && i < answer.Sizes.Count; i++)
        {
            if (_throughput.Of(schemas[i]) is { } throughput)
            {
                throughput.TakeWrite(0, TransactionTimes * (Capacity.OfWrite(answer.Sizes[i].Old, answer.Sizes[i].New) - LeastWrite));
                throughput.TakeIndexWrites(schemas[i], i < answer.Costs.Count ? answer.Costs[i] : [], TransactionTimes);
            }
        }
    }

    /// <summary>What a transaction of reads cost beyond what it paid when it was let in.</summary>
    private void EndTransaction(TableSchema[] schemas, ReadItem[] items)
    {
        for (int i = 0; _throughput is not null && i < items.Length; i++)
        {
            _throughput.Of(schemas[i])?.TakeRead(
                0, TransactionTimes * (Capacity.OfRead(items[i].Size, isStrong: true) - LeastRead(isStrong: true)));
        }
    }
}
