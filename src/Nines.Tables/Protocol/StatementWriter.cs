using Nines.Kernel;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Tables.Protocol;

/// <summary>What became of a statement of a batch.</summary>
/// <param name="TableName">As the statement names it; null when the statement could not be read.</param>
/// <param name="Error">Why it was not carried out, or null.</param>
/// <param name="Item">The encoded item that it returns; empty when there is none.</param>
/// <param name="Units">What it consumed; null when it was not carried out.</param>
public readonly record struct BatchStatementResult(string? TableName, TableError? Error, ReadOnlyMemory<byte> Item, TableUnits? Units);

/// <summary>The bodies of answers to statements.</summary>
public static class StatementWriter
{
    /// <summary>The answer of ExecuteStatement. False: an item's bytes are damaged.</summary>
    /// <param name="to">Where it goes.</param>
    /// <param name="request">The request.</param>
    /// <param name="items">The encoded items to return.</param>
    /// <param name="lastKey">The key behind which the next page begins; null: there is none.</param>
    /// <param name="units">What was consumed.</param>
    public static bool One(
        ByteBuffer to, StatementRequest request, IReadOnlyList<ReadOnlyMemory<byte>> items, Item? lastKey, in TableUnits units)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(items);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        if (request.Options.Capacity != CapacityReturn.None)
        {
            json.Name("ConsumedCapacity"u8);
            CapacityJson.Write(units, request.Options.Capacity, [], ref json);
        }

        json.Name("Items"u8);
        json.BeginArray();
        foreach (ReadOnlyMemory<byte> item in items)
        {
            isWhole &= EncodedItemJson.TryWrite(request.Statement.Selection?.Apply(item) ?? item, ref json);
        }

        json.EndArray();
        if (lastKey is not null)
        {
            json.Name("LastEvaluatedKey"u8);
            ResponseWriter.Decoded(lastKey, ref json);
            json.Name("NextToken"u8);
            json.Value(PageToken.Encode(request.Digest, lastKey));
        }

        json.EndObject();
        return isWhole;
    }

    /// <summary>The answer of BatchExecuteStatement. False: an item's bytes are damaged.</summary>
    public static bool Batch(ByteBuffer to, StatementBatch request, IReadOnlyList<BatchStatementResult> results)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(results);
        var json = new JsonOutput(to);
        bool isWhole = true;
        json.BeginObject();
        IEnumerable<TableUnits> consumed = results.Select(static r => r.Units).OfType<TableUnits>().Where(static u => u.Units > 0);
        CapacityJson.WriteAll(
            consumed.GroupBy(static u => u.TableName).Select(static t => t.Aggregate(static (sum, units) => sum.Add(units))), request.Capacity, [], ref json);
        json.Name("Responses"u8);
        json.BeginArray();
        foreach (BatchStatementResult result in results)
        {
            isWhole &= Result(result, ref json);
        }

        json.EndArray();
        json.EndObject();
        return isWhole;
    }

    private static bool Result(BatchStatementResult result, ref JsonOutput json)
    {
        bool isWhole = true;
        json.BeginObject();
        if (result.Error is { } error)
        {
            json.Name("Error"u8);
            json.BeginObject();
            json.Name("Code"u8);
            json.Value(CodeOf(error));
            if (error.Item is not null)
            {
                json.Name("Item"u8);
                ResponseWriter.Decoded(error.Item, ref json);
            }

            json.Name("Message"u8);
            json.Value(error.Message);
            json.EndObject();
        }
        else if (!result.Item.IsEmpty)
        {
            json.Name("Item"u8);
            isWhole = EncodedItemJson.TryWrite(result.Item, ref json);
        }

        if (result.TableName is not null)
        {
            json.Name("TableName"u8);
            json.Value(result.TableName);
        }

        json.EndObject();
        return isWhole;
    }

    /// <summary>The code of an error inside a batch: its type without the end, or one of those that have another.</summary>
    private static string CodeOf(TableError error)
    {
        string type = error.Type[(error.Type.IndexOf('#', StringComparison.Ordinal) + 1)..];
        return type switch
        {
            "ValidationException" => "ValidationError",
            "ServiceUnavailable" => "InternalServerError",
            _ => type.EndsWith("Exception", StringComparison.Ordinal) ? type[..^"Exception".Length] : type,
        };
    }
}
