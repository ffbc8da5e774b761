using Nines.Tables.Model.Requests;

namespace Nines.Tables.Protocol;

/// <summary>Consumed capacity as DynamoDB writes it: the sum, and when wanted its parts. An index that cost nothing is not named.</summary>
internal static class CapacityJson
{
    public static void Write(in TableUnits units, CapacityReturn wanted, ref JsonOutput json) =>
        Write(units.TableName, units.Units, units.IndexUnits, wanted, ref json);

    public static void Write(
        string table, decimal tableUnits, IReadOnlyList<IndexUnits> indexes, CapacityReturn wanted, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("CapacityUnits"u8);
        json.Value(tableUnits + indexes.Sum(static i => i.Units));
        if (wanted == CapacityReturn.Indexes)
        {
            WriteIndexes("GlobalSecondaryIndexes"u8, indexes, isGlobal: true, ref json);
            WriteIndexes("LocalSecondaryIndexes"u8, indexes, isGlobal: false, ref json);
            json.Name("Table"u8);
            WriteUnits(tableUnits, ref json);
        }

        json.Name("TableName"u8);
        json.Value(table);
        json.EndObject();
    }

    private static void WriteIndexes(ReadOnlySpan<byte> name, IReadOnlyList<IndexUnits> indexes, bool isGlobal, ref JsonOutput json)
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
                WriteUnits(index.Units, ref json);
            }
        }

        json.EndObject();
    }

    private static void WriteUnits(decimal units, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("CapacityUnits"u8);
        json.Value(units);
        json.EndObject();
    }
}
