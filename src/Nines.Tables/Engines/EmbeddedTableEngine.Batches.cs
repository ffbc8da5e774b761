using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

public sealed partial class EmbeddedTableEngine
{
    /// <summary>How many items of one batch are under way at once.</summary>
    private const int BatchParallelism = 16;

    /// <summary>What the items of one BatchGetItem answer may weigh together; the rest is left unprocessed.</summary>
    private const long BatchBytesMax = 16 * 1024 * 1024;

    /// <inheritdoc/>
    public async ValueTask<BatchGetResult> BatchGetAsync(BatchGetRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        var gets = new List<(ItemRequest Request, TableSchema Schema)>();
        foreach (TableKeys table in request.Tables)
        {
            Catalogue.Found found = await FindAsync(table.TableName, deadline);
            if (found.Schema is null)
            {
                return new BatchGetResult(found.Error, found.Certificate);
            }

            foreach (Item key in table.Keys)
            {
                var get = new ItemRequest
                {
                    Operation = ItemOperation.Get,
                    TableName = table.TableName,
                    Item = key,
                    Expressions = table.Expressions,
                    ConsistentRead = table.ConsistentRead,
                    Capacity = request.Capacity,
                };
                if (CheckAgainst(found.Schema, get) is { } error)
                {
                    return new BatchGetResult(error, Certificate.Refused);
                }

                gets.Add((get, found.Schema));
            }
        }

        ItemResult[] results = await AllAsync(gets, call, deadline);
        return FirstFatal(results) is { } fatal
            ? new BatchGetResult(fatal.Error, fatal.Certificate)
            : Collect(request, results);
    }

    /// <inheritdoc/>
    public async ValueTask<BatchWriteResult> BatchWriteAsync(BatchWriteRequest request, TableCall call)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(call);
        var deadline = new Deadline(_time, call.Timeout);
        var writes = new List<(ItemRequest Request, TableSchema Schema)>(request.Writes.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (BatchWrite write in request.Writes)
        {
            Catalogue.Found found = await FindAsync(write.TableName, deadline);
            if (found.Schema is null)
            {
                return new BatchWriteResult(found.Error, found.Certificate);
            }

            TableError? error = CheckBatchWrite(found.Schema, write, seen);
            if (error is not null)
            {
                return new BatchWriteResult(error, Certificate.Refused);
            }

            writes.Add((new ItemRequest
            {
                Operation = write.IsPut ? ItemOperation.Put : ItemOperation.Delete,
                TableName = write.TableName,
                Item = write.Item,
                Capacity = request.Capacity,
            }, found.Schema));
        }

        ItemResult[] results = await AllAsync(writes, call, deadline);
        return FirstFatal(results) is { } fatal
            ? new BatchWriteResult(fatal.Error, fatal.Certificate)
            : Collect(request, results);
    }

    private async ValueTask<Catalogue.Found> FindAsync(string name, Deadline deadline) =>
        _catalogue.Known(name) is { } schema
            ? new Catalogue.Found(schema, null, Certificate.Done)
            : await _catalogue.FindAsync(name, deadline);

    private static TableError? CheckBatchWrite(TableSchema schema, BatchWrite write, HashSet<string> seen)
    {
        TableError? error = write.IsPut ? KeyRules.CheckItem(schema, write.Item) : KeyRules.CheckKey(schema, write.Item);
        if (error is not null)
        {
            // In a batch, a key that is missing or of the wrong type has the words of a wrong key.
            bool isMismatch = error.Message.Contains("Missing the key", StringComparison.Ordinal)
                || error.Message.Contains("Type mismatch for key", StringComparison.Ordinal);
            return isMismatch ? TableError.Validation("The provided key element does not match the schema") : error;
        }

        ByteBuffer key = BufferPool.Shared.Rent();
        KeyRules.Partition(schema, write.Item, key);
        KeyRules.Sort(schema, write.Item, key);
        bool isNew = seen.Add(Convert.ToHexString(key.Written));
        BufferPool.Shared.Return(key);
        return isNew ? null : TableError.Validation("Provided list of item keys contains duplicates");
    }

    private async Task<ItemResult[]> AllAsync(
        List<(ItemRequest Request, TableSchema Schema)> requests, TableCall call, Deadline deadline)
    {
        var results = new ItemResult[requests.Count];
        int next = -1;
        var workers = new Task[Math.Min(BatchParallelism, requests.Count)];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = WorkAsync();
        }

        await Task.WhenAll(workers);
        return results;

        async Task WorkAsync()
        {
            int at;
            while ((at = Interlocked.Increment(ref next)) < results.Length)
            {
                results[at] = await ItemAsync(requests[at].Request, call, requests[at].Schema, deadline);
            }
        }
    }

    /// <summary>
    /// What makes the whole batch an error: an item whose outcome is unknown or that the rules refuse, or that none was done.
    /// Items that were not done for want of a group are left unprocessed otherwise.
    /// </summary>
    private static ItemResult? FirstFatal(ItemResult[] results)
    {
        foreach (ItemResult result in results)
        {
            if (result.Error is not null && !IsUnprocessed(result))
            {
                return result;
            }
        }

        return Array.TrueForAll(results, r => r.Error is not null) ? results[0] : null;
    }

    private static bool IsUnprocessed(in ItemResult result) =>
        result.Error is { } error && result.Certificate.Outcome == Outcome.NotDone
        && (result.Certificate.Reason != Reason.None || error.Type == TableError.ThrottlingType);

    private static BatchGetResult Collect(BatchGetRequest request, ItemResult[] results)
    {
        var found = new List<IReadOnlyList<ReadOnlyMemory<byte>>>();
        var unprocessed = new List<IReadOnlyList<Item>>();
        var units = new List<decimal>();
        long bytes = 0;
        int at = 0;
        foreach (TableKeys table in request.Tables)
        {
            var items = new List<ReadOnlyMemory<byte>>();
            var left = new List<Item>();
            decimal consumed = 0;
            foreach (Item key in table.Keys)
            {
                ItemResult result = results[at++];
                bool fits = bytes + result.Item.Length <= BatchBytesMax;
                if (result.Error is not null || !fits)
                {
                    left.Add(key);
                    continue;
                }

                consumed += result.CapacityUnits;
                if (!result.Item.IsEmpty)
                {
                    bytes += result.Item.Length;
                    items.Add(result.Item);
                }
            }

            found.Add(items);
            unprocessed.Add(left);
            units.Add(consumed);
        }

        return new BatchGetResult(null, Certificate.Done) { Found = found, Unprocessed = unprocessed, CapacityUnits = units };
    }

    private static BatchWriteResult Collect(BatchWriteRequest request, ItemResult[] results)
    {
        var unprocessed = new List<BatchWrite>();
        var units = new List<TableUnits>();
        for (int i = 0; i < results.Length; i++)
        {
            BatchWrite write = request.Writes[i];
            if (results[i].Error is not null)
            {
                unprocessed.Add(write);
            }

            var consumed = new TableUnits(write.ShownTable, results[i].CapacityUnits, results[i].IndexUnits);
            int at = units.FindIndex(u => u.TableName == write.ShownTable);
            if (at < 0)
            {
                units.Add(consumed);
            }
            else
            {
                units[at] = units[at].Add(consumed);
            }
        }

        return new BatchWriteResult(null, Certificate.Done) { Unprocessed = unprocessed, CapacityUnits = units };
    }
}
