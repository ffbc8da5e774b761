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
        CapacityJson.WriteAll(units, request.Capacity, "WriteCapacityUnits"u8, ref json);
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
        CapacityJson.WriteAll(units, request.Capacity, "ReadCapacityUnits"u8, ref json);
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
}
