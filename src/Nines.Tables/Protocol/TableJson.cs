using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.Operations;

namespace Nines.Tables.Protocol;

/// <summary>Table descriptions as DynamoDB writes them.</summary>
internal static class TableJson
{
    public static void Write(TableDescription table, string arnPrefix, ref JsonOutput json)
    {
        json.BeginObject();
        WriteAttributes(table, ref json);
        json.Name("TableName"u8);
        json.Value(table.Name);
        WriteKeys(table.Hash, table.Range, ref json);
        json.Name("TableStatus"u8);
        json.Value(StatusOf(table));
        json.Name("CreationDateTime"u8);
        json.Value(table.CreatedMs / 1000m);
        WriteThroughput(table.Throughput, table.ReadCapacityUnits, table.WriteCapacityUnits, ref json);
        json.Name("TableSizeBytes"u8);
        json.Value(0);
        json.Name("ItemCount"u8);
        json.Value(0);
        json.Name("TableArn"u8);
        json.Value(arnPrefix + table.Name);
        json.Name("TableId"u8);
        json.Value(TableId(table.Uuid));
        IndexJson.Write(table, arnPrefix, ref json);
        WriteModes(table, ref json);
        WriteStream(table, arnPrefix, ref json);
        json.EndObject();
    }

    /// <summary>A stream that was switched off is still named.</summary>
    private static void WriteStream(TableDescription table, string arnPrefix, ref JsonOutput json)
    {
        if (table.Streams.Latest is not { } latest)
        {
            return;
        }

        if (latest.IsOn)
        {
            json.Name("StreamSpecification"u8);
            json.BeginObject();
            json.Name("StreamEnabled"u8);
            json.Value(true);
            json.Name("StreamViewType"u8);
            json.Value(StreamPart.NameOf(latest.View));
            json.EndObject();
        }

        json.Name("LatestStreamLabel"u8);
        json.Value(latest.Label);
        json.Name("LatestStreamArn"u8);
        json.Value(StreamArn.Of(arnPrefix, table.Name, latest.Label));
    }

    /// <summary>A table one of whose indexes comes or goes serves as one that is ACTIVE does; it is shown as UPDATING meanwhile.</summary>
    private static ReadOnlySpan<byte> StatusOf(TableDescription table) => table.Status switch
    {
        TableStatus.Creating => "CREATING"u8,
        TableStatus.Active => table.HasPendingIndex ? "UPDATING"u8 : "ACTIVE"u8,
        TableStatus.Deleting => "DELETING"u8,
        TableStatus.Updating => "UPDATING"u8,
    };

    private static void WriteAttributes(TableDescription table, ref JsonOutput json)
    {
        json.Name("AttributeDefinitions"u8);
        json.BeginArray();
        foreach (KeyAttribute attribute in table.Attributes)
        {
            WriteAttribute(attribute, ref json);
        }

        json.EndArray();
    }

    private static void WriteAttribute(KeyAttribute attribute, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("AttributeName"u8);
        json.Value(attribute.Name);
        json.Name("AttributeType"u8);
        json.Value(attribute.Type.Code());
        json.EndObject();
    }

    internal static void WriteKeys(KeyAttribute hash, KeyAttribute? range, ref JsonOutput json)
    {
        json.Name("KeySchema"u8);
        json.BeginArray();
        WriteKey(hash, "HASH"u8, ref json);
        if (range is { } second)
        {
            WriteKey(second, "RANGE"u8, ref json);
        }

        json.EndArray();
    }

    private static void WriteKey(KeyAttribute attribute, ReadOnlySpan<byte> type, ref JsonOutput json)
    {
        json.BeginObject();
        json.Name("AttributeName"u8);
        json.Value(attribute.Name);
        json.Name("KeyType"u8);
        json.Value(type);
        json.EndObject();
    }

    internal static void WriteThroughput(ThroughputHistory history, long reads, long writes, ref JsonOutput json)
    {
        json.Name("ProvisionedThroughput"u8);
        json.BeginObject();
        WriteTime("LastDecreaseDateTime"u8, history.LastDecreaseMs, ref json);
        WriteTime("LastIncreaseDateTime"u8, history.LastIncreaseMs, ref json);
        json.Name("NumberOfDecreasesToday"u8);
        json.Value(history.DecreasesThatDay);
        json.Name("ReadCapacityUnits"u8);
        json.Value(reads);
        json.Name("WriteCapacityUnits"u8);
        json.Value(writes);
        json.EndObject();
    }

    /// <summary>A time in seconds, unless it never was.</summary>
    private static void WriteTime(ReadOnlySpan<byte> name, long timeMs, ref JsonOutput json)
    {
        if (timeMs > 0)
        {
            json.Name(name);
            json.Value(timeMs / 1000m);
        }
    }

    private static void WriteModes(TableDescription table, ref JsonOutput json)
    {
        // A table that was provisioned all its life has no summary.
        bool isPerRequest = table.Billing == BillingMode.PayPerRequest;
        if (isPerRequest || table.PayPerRequestSinceMs > 0)
        {
            json.Name("BillingModeSummary"u8);
            json.BeginObject();
            json.Name("BillingMode"u8);
            json.Value(isPerRequest ? "PAY_PER_REQUEST"u8 : "PROVISIONED"u8);
            if (!isPerRequest || table.Status is not (TableStatus.Creating or TableStatus.Updating))
            {
                json.Name("LastUpdateToPayPerRequestDateTime"u8);
                json.Value(table.LastPayPerRequestMs / 1000m);
            }

            json.EndObject();
        }

        if (table.Class != TableClass.Unset)
        {
            json.Name("TableClassSummary"u8);
            json.BeginObject();
            json.Name("TableClass"u8);
            json.Value(table.Class == TableClass.Standard ? "STANDARD"u8 : "STANDARD_INFREQUENT_ACCESS"u8);
            WriteTime("LastUpdateDateTime"u8, table.ClassChanges.LastMs, ref json);
            json.EndObject();
        }

        json.Name("DeletionProtectionEnabled"u8);
        json.Value(table.DeletionProtection);
    }

    /// <summary>The identity in the form of a random UUID (RFC 9562, version 4).</summary>
    private static string TableId(UInt128 uuid)
    {
        const int VersionShift = 76;
        const int VariantShift = 62;
        UInt128 fields = uuid & ~((UInt128)0xF << VersionShift) & ~((UInt128)0x3 << VariantShift);
        fields |= ((UInt128)0x4 << VersionShift) | ((UInt128)0x2 << VariantShift);
        string hex = fields.ToString("x32", null);
        return $"{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}";
    }
}
