using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nines.Tables.Model.Values;

namespace Nines.Node.Commands.Tables;

/// <summary>
/// Items in two spellings. DynamoDB JSON names the type of every value: <c>{"id":{"S":"a"},"n":{"N":"1"}}</c>. Plain JSON is what other
/// programs write: <c>{"id":"a","n":1}</c>. An item whose attributes all look typed is DynamoDB JSON, one where none does is plain, and
/// a mixture is refused, for it is a slip more often than it is meant.
/// </summary>
internal static class ItemJson
{
    /// <summary>Leaves letters of all languages as they are.</summary>
    public static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="FormatException">It is no JSON object, or names an attribute twice; the text says how.</exception>
    public static JsonElement Parse(ReadOnlySpan<byte> utf8)
    {
        JsonElement value;
        try
        {
            value = JsonElement.Parse(utf8, Strict);
        }
        catch (JsonException e)
        {
            throw new FormatException($"is not JSON: {e.Message}", e);
        }

        return value.ValueKind == JsonValueKind.Object ? value : throw new FormatException($"is JSON, but no object: {value.ValueKind}");
    }

    public static JsonElement Parse(string text) => Parse(Encoding.UTF8.GetBytes(text));

    /// <summary>The same item as DynamoDB JSON.</summary>
    /// <param name="plain">It is plain JSON, whatever it looks like.</param>
    /// <exception cref="FormatException">It is a mixture of both spellings.</exception>
    public static JsonElement Typed(JsonElement item, bool plain = false)
    {
        string? typed = null;
        string? untyped = null;
        foreach (JsonProperty attribute in item.EnumerateObject())
        {
            if (IsTyped(attribute.Value))
            {
                typed ??= attribute.Name;
            }
            else
            {
                untyped ??= attribute.Name;
            }
        }

        if (untyped is null && !plain)
        {
            return item;
        }

        if (typed is not null && !plain)
        {
            throw new FormatException(
                $"\"{typed}\" has a type as in DynamoDB JSON, \"{untyped}\" has none; give a type to every attribute or to none");
        }

        return Rewrite(writer => WriteTypedMembers(item, writer));
    }

    /// <summary>One line, without the types. Numbers keep all their digits; sets become arrays, binary values base64 texts.</summary>
    public static string PlainLine(JsonElement item) => Line(item, plain: true);

    /// <summary>One line, as it is.</summary>
    public static string Line(JsonElement item, bool plain = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Compact))
        {
            Write(item, plain, writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Appends one line to a buffer.</summary>
    public static void WriteLine(JsonElement item, bool plain, IBufferWriter<byte> into)
    {
        using (var writer = new Utf8JsonWriter(into, Compact))
        {
            Write(item, plain, writer);
        }

        into.Write("\n"u8);
    }

    /// <summary>Appends one line of an export to a buffer: the item as the only member, Item, of an object.</summary>
    public static void WriteWrapped(JsonElement item, IBufferWriter<byte> into)
    {
        into.Write("{\"Item\":"u8);
        using (var writer = new Utf8JsonWriter(into, Compact))
        {
            item.WriteTo(writer);
        }

        into.Write("}\n"u8);
    }

    /// <summary>The item in a line of an export, or the line's object itself.</summary>
    public static JsonElement Unwrap(JsonElement line) =>
        line.GetPropertyCount() == 1 && line.TryGetProperty("Item", out JsonElement item) && item.ValueKind == JsonValueKind.Object && !IsTyped(item)
            ? item
            : line;

    /// <summary>What a person would write for one typed value.</summary>
    public static string PlainText(JsonElement value)
    {
        JsonProperty only = value.EnumerateObject().First();
        return only.Name is "S" or "N" or "B" ? only.Value.GetString()! : Encoding.UTF8.GetString(Bytes(writer => WritePlain(value, writer)));
    }

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Compact))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static JsonElement Rewrite(Action<Utf8JsonWriter> write) => JsonElement.Parse(Bytes(write));

    /// <summary>An object with one member that is a type's name and holds what that type does.</summary>
    private static bool IsTyped(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() != 1)
        {
            return false;
        }

        JsonProperty only = value.EnumerateObject().First();
        return only.Name switch
        {
            "S" or "N" or "B" => only.Value.ValueKind == JsonValueKind.String,
            "BOOL" or "NULL" => only.Value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "SS" or "NS" or "BS" or "L" => only.Value.ValueKind == JsonValueKind.Array,
            "M" => only.Value.ValueKind == JsonValueKind.Object,
            _ => false,
        };
    }

    private static void Write(JsonElement item, bool plain, Utf8JsonWriter writer)
    {
        if (plain)
        {
            WritePlainMembers(item, writer);
        }
        else
        {
            item.WriteTo(writer);
        }
    }

    private static void WriteTypedMembers(JsonElement item, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (JsonProperty attribute in item.EnumerateObject())
        {
            writer.WritePropertyName(attribute.Name);
            WriteTyped(attribute.Value, writer);
        }

        writer.WriteEndObject();
    }

    private static void WriteTyped(JsonElement value, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                writer.WriteString("S", value.GetString());
                break;
            case JsonValueKind.Number:
                writer.WriteString("N", value.GetRawText());
                break;
            case JsonValueKind.True or JsonValueKind.False:
                writer.WriteBoolean("BOOL", value.GetBoolean());
                break;
            case JsonValueKind.Object:
                writer.WritePropertyName("M");
                WriteTypedMembers(value, writer);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray("L");
                foreach (JsonElement element in value.EnumerateArray())
                {
                    WriteTyped(element, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteBoolean("NULL", true);
                break;
        }

        writer.WriteEndObject();
    }

    private static void WritePlainMembers(JsonElement item, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (JsonProperty attribute in item.EnumerateObject())
        {
            writer.WritePropertyName(attribute.Name);
            WritePlain(attribute.Value, writer);
        }

        writer.WriteEndObject();
    }

    private static void WritePlain(JsonElement value, Utf8JsonWriter writer)
    {
        JsonProperty only = value.EnumerateObject().First();
        switch (only.Name)
        {
            case "N":
                WriteNumber(only.Value.GetString()!, writer);
                break;
            case "NULL":
                writer.WriteNullValue();
                break;
            case "M":
                WritePlainMembers(only.Value, writer);
                break;
            case "L" or "NS":
                writer.WriteStartArray();
                foreach (JsonElement element in only.Value.EnumerateArray())
                {
                    if (only.Name == "L")
                    {
                        WritePlain(element, writer);
                    }
                    else
                    {
                        WriteNumber(element.GetString()!, writer);
                    }
                }

                writer.WriteEndArray();
                break;
            default:
                only.Value.WriteTo(writer);
                break;
        }
    }

    /// <summary>All digits, as JSON writes a number; what is none to DynamoDB, though another engine gave it, stays a text.</summary>
    private static void WriteNumber(string digits, Utf8JsonWriter writer)
    {
        if (DynamoNumber.Parse(Encoding.UTF8.GetBytes(digits), out DynamoNumber number) == NumberFault.None)
        {
            writer.WriteRawValue(number.ToString());
        }
        else
        {
            writer.WriteStringValue(digits);
        }
    }
}
