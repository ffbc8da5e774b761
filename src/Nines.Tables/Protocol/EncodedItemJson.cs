using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>
/// Items from their stored bytes straight to JSON: a read answers without building the values in between.
/// In step with <see cref="ItemCodec"/>, whose layout this walks.
/// </summary>
internal static class EncodedItemJson
{
    // Stored values nest no deeper than this; see ItemCodec.
    private const int DepthMax = TableLimits.NestingLevelsMax + 2;

    /// <summary>Writes an item. False, with some of it written, when the bytes are not an encoded item.</summary>
    public static bool TryWrite(ReadOnlyMemory<byte> encoded, ref JsonOutput json)
    {
        var reader = new ByteReader(encoded);
        _ = reader.Byte();
        WriteEntries(ref reader, ref json, 1);
        return reader.IsComplete;
    }

    private static void WriteEntries(ref ByteReader reader, ref JsonOutput json, int depth)
    {
        json.BeginObject();
        int count = reader.Items(2);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            json.AnyName(reader.Blob());
            WriteValue(ref reader, ref json, depth);
        }

        json.EndObject();
    }

    private static void WriteValue(ref ByteReader reader, ref JsonOutput json, int depth)
    {
        ByteReader start = reader;
        var type = (AttributeType)reader.Byte();
        json.BeginObject();
        switch (type)
        {
            case AttributeType.String:
                json.Name("S"u8);
                json.Value(reader.Blob());
                break;
            case AttributeType.Binary:
                json.Name("B"u8);
                json.Base64Value(reader.Blob());
                break;
            case AttributeType.Boolean:
                json.Name("BOOL"u8);
                json.Value(reader.Byte() != 0);
                break;
            case AttributeType.Null:
                json.Name("NULL"u8);
                json.Value(true);
                break;
            case AttributeType.Map when depth < DepthMax:
                json.Name("M"u8);
                WriteEntries(ref reader, ref json, depth + 1);
                break;
            case AttributeType.List when depth < DepthMax:
                json.Name("L"u8);
                WriteList(ref reader, ref json, depth + 1);
                break;
            default:
                reader = start;
                WriteDecoded(ItemCodec.DecodeValue(ref reader), ref json);
                break;
        }

        json.EndObject();
    }

    private static void WriteList(ref ByteReader reader, ref JsonOutput json, int depth)
    {
        json.BeginArray();
        int count = reader.Items(1);
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            WriteValue(ref reader, ref json, depth);
        }

        json.EndArray();
    }

    /// <summary>Numbers and sets, whose elements need more than copying.</summary>
    private static void WriteDecoded(AttributeValue value, ref JsonOutput json)
    {
        switch (value)
        {
            case NumberValue number:
                json.Name("N"u8);
                WriteNumber(number.Number, ref json);
                break;
            case StringSetValue texts:
                json.Name("SS"u8);
                json.BeginArray();
                foreach (ReadOnlyMemory<byte> element in texts.Elements)
                {
                    json.Value(element.Span);
                }

                json.EndArray();
                break;
            case BinarySetValue binaries:
                json.Name("BS"u8);
                json.BeginArray();
                foreach (ReadOnlyMemory<byte> element in binaries.Elements)
                {
                    json.Base64Value(element.Span);
                }

                json.EndArray();
                break;
            case NumberSetValue numbers:
                json.Name("NS"u8);
                json.BeginArray();
                foreach (DynamoNumber element in numbers.Elements)
                {
                    WriteNumber(element, ref json);
                }

                json.EndArray();
                break;
            default:
                // The reader failed, which the caller sees.
                break;
        }
    }

    private static void WriteNumber(DynamoNumber number, ref JsonOutput json)
    {
        Span<byte> text = stackalloc byte[DynamoNumber.TextLengthMax];
        json.Value(text[..number.Format(text)]);
    }
}
