using Nines.Kernel;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>The bodies of answers about transactions.</summary>
public static class TransactionWriter
{
    /// <summary>The answer of TransactWriteItems.</summary>
    public static void Write(ByteBuffer to, TransactWriteRequest request, IReadOnlyList<TableUnits> units)
    {
        ArgumentNullException.ThrowIfNull(request);
        var json = new JsonOutput(to);
        json.BeginObject();
        Capacity(units, request.Capacity, "WriteCapacityUnits"u8, ref json);
        json.EndObject();
    }

    /// <summary>The answer of TransactGetItems. False: an item's bytes are damaged.</summary>
    public static bool Get(
        ByteBuffer to, TransactGetRequest request, IReadOnlyList<ReadOnlyMemory<byte>> items, IReadOnlyList<TableUnits> units)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(items);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        Capacity(units, request.Capacity, "ReadCapacityUnits"u8, ref json);
        json.Name("Responses"u8);
        json.BeginArray();
        foreach (ReadOnlyMemory<byte> item in items)
        {
            json.BeginObject();
            if (!item.IsEmpty)
            {
                json.Name("Item"u8);
                isWhole &= EncodedItemJson.TryWrite(item, ref json);
            }

            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
        return isWhole;
    }

    /// <summary>Why a transaction was cancelled, as a member of the error.</summary>
    internal static void Reasons(IReadOnlyList<CancellationReason> reasons, ref JsonOutput json)
    {
        json.Name("CancellationReasons"u8);
        json.BeginArray();
        foreach (CancellationReason reason in reasons)
        {
            json.BeginObject();
            json.Name("Code"u8);
            json.Value(reason.Code);
            if (reason.Item is not null)
            {
                var encoded = new ByteBuffer(256);
                ItemCodec.Encode(reason.Item, encoded);
                json.Name("Item"u8);
                _ = EncodedItemJson.TryWrite(encoded.WrittenMemory, ref json);
            }

            if (reason.Message is not null)
            {
                json.Name("Message"u8);
                json.Value(reason.Message);
            }

            json.EndObject();
        }

        json.EndArray();
    }

    private static void Capacity(
        IReadOnlyList<TableUnits> units, CapacityReturn wanted, ReadOnlySpan<byte> kind, ref JsonOutput json)
    {
        if (wanted == CapacityReturn.None)
        {
            return;
        }

        json.Name("ConsumedCapacity"u8);
        json.BeginArray();
        foreach (TableUnits consumed in units)
        {
            json.BeginObject();
            Units(consumed.Units + consumed.IndexUnits.Sum(static i => i.Units), kind, ref json);
            if (wanted == CapacityReturn.Indexes)
            {
                Indexes("GlobalSecondaryIndexes"u8, consumed.IndexUnits, isGlobal: true, kind, ref json);
                Indexes("LocalSecondaryIndexes"u8, consumed.IndexUnits, isGlobal: false, kind, ref json);
                json.Name("Table"u8);
                json.BeginObject();
                Units(consumed.Units, kind, ref json);
                json.EndObject();
            }

            json.Name("TableName"u8);
            json.Value(consumed.TableName);
            json.EndObject();
        }

        json.EndArray();
    }

    private static void Indexes(
        ReadOnlySpan<byte> name, IReadOnlyList<IndexUnits> indexes, bool isGlobal, ReadOnlySpan<byte> kind, ref JsonOutput json)
    {
        if (!indexes.Any(i => i.IsGlobal == isGlobal))
        {
            return;
        }

        json.Name(name);
        json.BeginObject();
        foreach (IndexUnits index in indexes)
        {
            if (index.IsGlobal == isGlobal)
            {
                json.AnyName(index.Name);
                json.BeginObject();
                Units(index.Units, kind, ref json);
                json.EndObject();
            }
        }

        json.EndObject();
    }

    private static void Units(decimal units, ReadOnlySpan<byte> kind, ref JsonOutput json)
    {
        json.Name("CapacityUnits"u8);
        json.Value(units);
        json.Name(kind);
        json.Value(units);
    }
}
