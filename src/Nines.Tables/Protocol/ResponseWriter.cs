using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>The bodies of answers, written into the caller's buffer.</summary>
public static class ResponseWriter
{
    /// <summary>An error document.</summary>
    public static void Error(ByteBuffer to, TableError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name("__type"u8);
        json.Value(error.Type);
        if (error.Item is not null)
        {
            var encoded = new ByteBuffer(512);
            ItemCodec.Encode(error.Item, encoded);
            json.Name("Item"u8);
            _ = EncodedItemJson.TryWrite(encoded.WrittenMemory, ref json);
        }

        if (error.Reasons is not null)
        {
            TransactionWriter.Reasons(error.Reasons, ref json);
        }

        if (error.Message.Length > 0)
        {
            json.AnyName(error.MessageMember);
            json.Value(error.Message);
        }

        json.EndObject();
    }

    /// <summary>A table description inside <c>Table</c> (DescribeTable) or <c>TableDescription</c> (the others).</summary>
    public static void Table(ByteBuffer to, TableDescription table, bool isDescribe, string arnPrefix)
    {
        ArgumentNullException.ThrowIfNull(table);
        var json = new JsonOutput(to);
        json.BeginObject();
        json.Name(isDescribe ? "Table"u8 : "TableDescription"u8);
        TableJson.Write(table, arnPrefix, ref json);
        json.EndObject();
    }

    /// <summary>A page of table names.</summary>
    public static void TableNames(ByteBuffer to, IReadOnlyList<string> names, bool more)
    {
        ArgumentNullException.ThrowIfNull(names);
        var json = new JsonOutput(to);
        json.BeginObject();
        if (more && names.Count > 0)
        {
            json.Name("LastEvaluatedTableName"u8);
            json.Value(names[^1]);
        }

        json.Name("TableNames"u8);
        json.BeginArray();
        foreach (string name in names)
        {
            json.Value(name);
        }

        json.EndArray();
        json.EndObject();
    }

    /// <summary>
    /// The answer to an operation on one item: <c>Item</c> of a read, <c>Attributes</c> of a write. False: the item's bytes are damaged.
    /// </summary>
    public static bool Item(ByteBuffer to, ItemRequest request, ReadOnlyMemory<byte> item, decimal capacityUnits, IReadOnlyList<IndexUnits> indexUnits)
    {
        ArgumentNullException.ThrowIfNull(request);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        if (!item.IsEmpty)
        {
            json.Name(request.Operation == ItemOperation.Get ? "Item"u8 : "Attributes"u8);
            isWhole = EncodedItemJson.TryWrite(item, ref json);
        }

        if (request.Capacity != CapacityReturn.None)
        {
            json.Name("ConsumedCapacity"u8);
            CapacityJson.Write(new TableUnits(request.ShownTable, capacityUnits, indexUnits), request.Capacity, [], ref json);
        }

        json.EndObject();
        return isWhole;
    }

    /// <summary>The answer of Query and Scan. False: an item's bytes are damaged.</summary>
    public static bool Page(
        ByteBuffer to,
        PageRequest request,
        IReadOnlyList<ReadOnlyMemory<byte>> items,
        PageTotals totals,
        Item? lastKey,
        decimal capacityUnits,
        IReadOnlyList<IndexUnits> indexUnits)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(items);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        if (request.Capacity != CapacityReturn.None)
        {
            json.Name("ConsumedCapacity"u8);
            CapacityJson.Write(new TableUnits(request.ShownTable, capacityUnits, indexUnits), request.Capacity, [], ref json);
        }

        json.Name("Count"u8);
        json.Value((long)totals.Returned);
        if (!request.CountOnly)
        {
            json.Name("Items"u8);
            json.BeginArray();
            foreach (ReadOnlyMemory<byte> item in items)
            {
                isWhole &= EncodedItemJson.TryWrite(item, ref json);
            }

            json.EndArray();
        }

        if (lastKey is not null)
        {
            json.Name("LastEvaluatedKey"u8);
            Decoded(lastKey, ref json);
        }

        json.Name("ScannedCount"u8);
        json.Value((long)totals.Scanned);
        json.EndObject();
        return isWhole;
    }

    /// <summary>The answer of BatchGetItem. False: an item's bytes are damaged.</summary>
    public static bool BatchGet(
        ByteBuffer to,
        BatchGetRequest request,
        IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> found,
        IReadOnlyList<IReadOnlyList<Item>> unprocessed,
        IReadOnlyList<decimal> capacityUnits)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(unprocessed);
        ArgumentNullException.ThrowIfNull(capacityUnits);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        CapacityJson.WriteAll(
            request.Tables.Zip(capacityUnits, static (table, units) => new TableUnits(table.ShownTable, units, [])), request.Capacity, [], ref json);

        json.Name("Responses"u8);
        json.BeginObject();
        for (int i = 0; i < request.Tables.Count; i++)
        {
            json.AnyName(request.Tables[i].ShownTable);
            json.BeginArray();
            foreach (ReadOnlyMemory<byte> item in found[i])
            {
                isWhole &= EncodedItemJson.TryWrite(item, ref json);
            }

            json.EndArray();
        }

        json.EndObject();
        UnprocessedKeys(request, unprocessed, ref json);
        json.EndObject();
        return isWhole;
    }

    /// <summary>The answer of BatchWriteItem.</summary>
    public static void BatchWrite(
        ByteBuffer to,
        BatchWriteRequest request,
        IReadOnlyList<BatchWrite> unprocessed,
        IReadOnlyList<TableUnits> capacityUnits)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(unprocessed);
        ArgumentNullException.ThrowIfNull(capacityUnits);
        var json = new JsonOutput(to);
        json.BeginObject();
        CapacityJson.WriteAll(capacityUnits, request.Capacity, [], ref json);

        json.Name("UnprocessedItems"u8);
        json.BeginObject();
        foreach (IGrouping<string, BatchWrite> table in unprocessed.GroupBy(w => w.ShownTable))
        {
            json.AnyName(table.Key);
            json.BeginArray();
            foreach (BatchWrite write in table)
            {
                json.BeginObject();
                json.Name(write.IsPut ? "PutRequest"u8 : "DeleteRequest"u8);
                json.BeginObject();
                json.Name(write.IsPut ? "Item"u8 : "Key"u8);
                Decoded(write.Item, ref json);
                json.EndObject();
                json.EndObject();
            }

            json.EndArray();
        }

        json.EndObject();
        json.EndObject();
    }

    private static void UnprocessedKeys(
        BatchGetRequest request, IReadOnlyList<IReadOnlyList<Item>> unprocessed, ref JsonOutput json)
    {
        json.Name("UnprocessedKeys"u8);
        json.BeginObject();
        for (int i = 0; i < request.Tables.Count; i++)
        {
            if (unprocessed[i].Count == 0)
            {
                continue;
            }

            json.AnyName(request.Tables[i].ShownTable);
            json.BeginObject();
            json.Name("Keys"u8);
            json.BeginArray();
            foreach (Item key in unprocessed[i])
            {
                Decoded(key, ref json);
            }

            json.EndArray();
            json.Buffer.Raw(request.Tables[i].Repeated.Span);
            json.EndObject();
        }

        json.EndObject();
    }

    internal static void Decoded(Item item, ref JsonOutput json)
    {
        var encoded = new ByteBuffer(256);
        ItemCodec.Encode(item, encoded);
        _ = EncodedItemJson.TryWrite(encoded.WrittenMemory, ref json);
    }
}
