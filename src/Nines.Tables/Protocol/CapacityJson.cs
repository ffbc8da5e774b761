using Nines.Tables.Model.Requests;

namespace Nines.Tables.Protocol;

/// <summary>Consumed capacity as DynamoDB writes it: the sum, and when wanted its parts. An index that cost nothing is not named.</summary>
internal static class CapacityJson
{
    /// <summary>The capacity of several tables, when it is wanted.</summary>
    /// <param name="tables">What was consumed in each.</param>
    /// <param name="wanted">Whether, and in how many parts.</param>
    /// <param name="kind">The second name of the same units, which transactions give; empty: none.</param>
    /// <param name="json">Inside the answer's object.</param>
    public static void WriteAll(IEnumerable<TableUnits> tables, CapacityReturn wanted, ReadOnlySpan<byte> kind, ref JsonOutput json)
    {
        if (wanted == CapacityReturn.None)
        {
            return;
        }

        json.Name("ConsumedCapacity"u8);
        json.BeginArray();
        foreach (TableUnits table in tables)
        {
            Write(table, wanted, kind, ref json);
        }

        json.EndArray();
    }

    /// <summary>The capacity of one table, as an object.</summary>
    public static void Write(in TableUnits units, CapacityReturn wanted, ReadOnlySpan<byte> kind, ref JsonOutput json)
    {
        json.BeginObject();
        WriteUnits(units.Units + units.IndexUnits.Sum(static i => i.Units), kind, ref json);
        if (wanted == CapacityReturn.Indexes)
        {
            WriteIndexes("GlobalSecondaryIndexes"u8, units.IndexUnits, isGlobal: true, kind, ref json);
            WriteIndexes("LocalSecondaryIndexes"u8, units.IndexUnits, isGlobal: false, kind, ref json);
            json.Name("Table"u8);
            json.BeginObject();
            WriteUnits(units.Units, kind, ref json);
            json.EndObject();
        }

        json.Name("TableName"u8);
        json.Value(units.TableName);
        json.EndObject();
    }

    private static void WriteIndexes(
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
                WriteUnits(index.Units, kind, ref json);
                json.EndObject();
            }
        }

        json.EndObject();
    }

    private static void WriteUnits(decimal units, ReadOnlySpan<byte> kind, ref JsonOutput json)
    {
        json.Name("CapacityUnits"u8);
        json.Value(units);
        if (!kind.IsEmpty)
        {
            json.Name(kind);
            json.Value(units);
        }
    }
}
