using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol;

/// <summary>The secondary indexes of a table description as DynamoDB writes them.</summary>
internal static class IndexJson
{
    public static void Write(TableDescription table, string arnPrefix, ref JsonOutput json)
    {
        Write("LocalSecondaryIndexes"u8, table, isGlobal: false, arnPrefix, ref json);
        Write("GlobalSecondaryIndexes"u8, table, isGlobal: true, arnPrefix, ref json);
    }

    private static void Write(ReadOnlySpan<byte> name, TableDescription table, bool isGlobal, string arnPrefix, ref JsonOutput json)
    {
        if (!table.Indexes.Any(i => i.Shape.IsGlobal == isGlobal))
        {
            return;
        }

        json.Name(name);
        json.BeginArray();
        foreach (TableIndex index in table.Indexes)
        {
            if (index.Shape.IsGlobal == isGlobal)
            {
                WriteIndex(table, index, arnPrefix, ref json);
            }
        }

        json.EndArray();
    }

    private static void WriteIndex(TableDescription table, TableIndex index, string arnPrefix, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("IndexName"u8);
        json.Value(index.Shape.Name);
        TableJson.WriteKeys(index.Shape.Hash, index.Shape.Range, ref json);
        WriteProjection(index.Shape, ref json);
        if (index.Shape.IsGlobal)
        {
            WriteLife(table, index, ref json);
            TableJson.WriteThroughput(index.Throughput, index.Units.Read, index.Units.Write, ref json);
        }

        json.Name("IndexSizeBytes"u8);
        json.Value(0);
        json.Name("ItemCount"u8);
        json.Value(0);
        json.Name("IndexArn"u8);
        json.Value($"{arnPrefix}{table.Name}/index/{index.Shape.Name}");
        json.EndObject();
    }

    private static void WriteProjection(IndexShape index, ref JsonOutput json)
    {
        json.Name("Projection"u8);
        json.BeginObject();
        json.Name("ProjectionType"u8);
        json.Value(index.Projection switch
        {
            ProjectionKind.KeysOnly => "KEYS_ONLY"u8,
            ProjectionKind.Include => "INCLUDE"u8,
            ProjectionKind.All => "ALL"u8,
        });
        if (index.Projection == ProjectionKind.Include)
        {
            json.Name("NonKeyAttributes"u8);
            json.BeginArray();
            foreach (string name in index.Included)
            {
                json.Value(name);
            }

            json.EndArray();
        }

        json.EndObject();
    }

    /// <summary>Backfilling is told only of an index that was added to a table with items, and only as long as it goes on.</summary>
    private static void WriteLife(TableDescription table, TableIndex index, ref JsonOutput json)
    {
        IndexStatus status = table.Status == TableStatus.Deleting ? IndexStatus.Deleting : index.Status;
        json.Name("IndexStatus"u8);
        json.Value(status switch
        {
            IndexStatus.Creating => "CREATING"u8,
            IndexStatus.Active => "ACTIVE"u8,
            IndexStatus.Deleting => "DELETING"u8,
            IndexStatus.Updating => "UPDATING"u8,
        });
        if (status == IndexStatus.Creating && table.Status != TableStatus.Creating)
        {
            json.Name("Backfilling"u8);
            json.Value(true);
        }
    }
}
