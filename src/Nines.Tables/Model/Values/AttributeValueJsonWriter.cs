using System.Text.Encodings.Web;
using System.Text.Json;
using Nines.Kernel;

namespace Nines.Tables.Model.Values;

public static partial class AttributeValueJson
{
    /// <summary>How answers are written: no escaping beyond what JSON needs, no checks of the writer's own.</summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = 1000,
    };

    private static readonly JsonEncodedText[] Codes = MakeCodes();

    /// <summary>Writes a map of names to attribute values.</summary>
    public static void WriteItem(Utf8JsonWriter writer, Item item)
    {
        writer.WriteStartObject();
        ReadOnlySpan<string> names = item.Names;
        ReadOnlySpan<AttributeValue> values = item.Values;
        for (int i = 0; i < names.Length; i++)
        {
            writer.WritePropertyName(names[i]);
            WriteValue(writer, values[i]);
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes one attribute value.</summary>
    public static void WriteValue(Utf8JsonWriter writer, AttributeValue value)
    {
        writer.WriteStartObject();
        JsonEncodedText code = Codes[(int)value.Type];
        switch (value)
        {
            case StringValue text:
                writer.WriteString(code, text.Utf8.Span);
                break;
            case NumberValue number:
                writer.WritePropertyName(code);
                WriteNumber(writer, number.Number);
                break;
            case BinaryValue binary:
                writer.WriteBase64String(code, binary.Bytes.Span);
                break;
            case BooleanValue boolean:
                writer.WriteBoolean(code, boolean.Value);
                break;
            case NullValue:
                writer.WriteBoolean(code, true);
                break;
            case MapValue map:
                writer.WritePropertyName(code);
                WriteItem(writer, map.Entries);
                break;
            default:
                WriteCollection(writer, code, value);
                break;
        }

        writer.WriteEndObject();
    }

    private static void WriteCollection(Utf8JsonWriter writer, JsonEncodedText code, AttributeValue value)
    {
        writer.WriteStartArray(code);
        switch (value)
        {
            case ListValue list:
                foreach (AttributeValue element in list.Elements)
                {
                    WriteValue(writer, element);
                }

                break;
            case StringSetValue texts:
                foreach (ReadOnlyMemory<byte> element in texts.Elements)
                {
                    writer.WriteStringValue(element.Span);
                }

                break;
            case NumberSetValue numbers:
                foreach (DynamoNumber element in numbers.Elements)
                {
                    WriteNumber(writer, element);
                }

                break;
            case BinarySetValue binaries:
                foreach (ReadOnlyMemory<byte> element in binaries.Elements)
                {
                    writer.WriteBase64StringValue(element.Span);
                }

                break;
            default:
                Invariant.Assert(false, $"value type {value.Type}");
                break;
        }

        writer.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter writer, DynamoNumber number)
    {
        Span<byte> text = stackalloc byte[DynamoNumber.TextLengthMax];
        writer.WriteStringValue(text[..number.Format(text)]);
    }

    private static JsonEncodedText[] MakeCodes()
    {
        var codes = new JsonEncodedText[(int)AttributeType.BinarySet + 1];
        for (AttributeType type = AttributeType.String; type <= AttributeType.BinarySet; type++)
        {
            codes[(int)type] = JsonEncodedText.Encode(type.Code());
        }

        return codes;
    }
}
