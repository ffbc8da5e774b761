using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Nines.Kernel;

namespace Nines.Tables.Model.Values;

/// <summary>
/// The shapes that JSON of a request can have, and the words of the service framework when it has another. Shared by the value
/// reader and the operations' own parameters. All of them look at the token the reader stands on.
/// </summary>
public static class JsonShapes
{
    /// <summary>A map of names to <paramref name="of"/> (a type of DynamoDB's interface).</summary>
    public static bool ExpectMap(ref Utf8JsonReader reader, string of, ref JsonFindings findings)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return true;
            case JsonTokenType.StartArray:
                return Malformed(
                    ref findings,
                    $"Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.{of}>");
            default:
                return Malformed(ref findings, "Unexpected field type");
        }
    }

    /// <summary>A map of names to texts.</summary>
    public static bool ExpectTextMap(ref Utf8JsonReader reader, ref JsonFindings findings) => reader.TokenType switch
    {
        JsonTokenType.StartObject => true,
        JsonTokenType.StartArray =>
            Malformed(ref findings, "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"),
        _ => Malformed(ref findings, "Unexpected field type"),
    };

    /// <summary>A structure inside a collection or map.</summary>
    public static bool ExpectStructure(ref Utf8JsonReader reader, string type, ref JsonFindings findings)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return true;
            case JsonTokenType.StartArray:
                return Malformed(ref findings, $"Unrecognized collection type class com.amazonaws.dynamodb.v20120810.{type}");
            default:
                return Malformed(ref findings, "Unexpected value type in payload");
        }
    }

    /// <summary>A list.</summary>
    public static bool ExpectList(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                return true;
            case JsonTokenType.StartObject:
                return Malformed(ref findings, "Start of structure or map found where not expected");
            default:
                return Malformed(ref findings, "Unexpected field type");
        }
    }

    /// <summary>A text.</summary>
    public static bool ExpectText(ref Utf8JsonReader reader, ref JsonFindings findings) =>
        reader.TokenType == JsonTokenType.String || Malformed(ref findings, NotConvertible(ref reader, "String"));

    /// <summary>Base64 text.</summary>
    public static bool ExpectBlob(ref Utf8JsonReader reader, ref JsonFindings findings) => reader.TokenType switch
    {
        JsonTokenType.String => true,
        JsonTokenType.StartArray => Malformed(ref findings, "Unrecognized collection type class java.nio.ByteBuffer"),
        JsonTokenType.StartObject => Malformed(ref findings, "Start of structure or map found where not expected"),
        _ => Malformed(ref findings, "only base-64-encoded strings are convertible to bytes"),
    };

    /// <summary>A truth value; texts that say so count.</summary>
    public static bool Truth(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.String:
                ReadOnlySpan<byte> text = reader.ValueSpan;
                if (Ascii.EqualsIgnoreCase(text, "true"u8) || text.SequenceEqual("1"u8) || Ascii.EqualsIgnoreCase(text, "yes"u8))
                {
                    return true;
                }

                if (!Ascii.EqualsIgnoreCase(text, "false"u8) && !text.SequenceEqual("0"u8) && !Ascii.EqualsIgnoreCase(text, "no"u8))
                {
                    _ = Malformed(ref findings, "Unexpected token received from parser");
                }

                return false;
            default:
                _ = Malformed(ref findings, NotConvertible(ref reader, "Boolean"));
                return false;
        }
    }

    /// <summary>The text the reader stands on as UTF-8, copied out of the request.</summary>
    public static bool Text(ref Utf8JsonReader reader, ref JsonFindings findings, out ReadOnlyMemory<byte> utf8)
    {
        utf8 = default;
        if (!ExpectText(ref reader, ref findings))
        {
            return false;
        }

        Invariant.Assert(!reader.HasValueSequence);
        if (!reader.ValueIsEscaped)
        {
            utf8 = reader.ValueSpan.ToArray();
            return Utf8.IsValid(utf8.Span) || Malformed(ref findings, "Invalid UTF-8 in a string");
        }

        return Unescape(ref reader, ref findings, out utf8);
    }

    /// <summary>The property name the reader stands on; null when it is no Unicode text.</summary>
    public static string? Name(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        if (!reader.ValueIsEscaped && Utf8.IsValid(reader.ValueSpan))
        {
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }

        return Unescape(ref reader, ref findings, out ReadOnlyMemory<byte> utf8) ? Encoding.UTF8.GetString(utf8.Span) : null;
    }

    /// <summary>What the framework says of a token that is no <paramref name="type"/> (String, Boolean, Integer, Long, Double).</summary>
    public static string NotConvertible(ref Utf8JsonReader reader, string type) => reader.TokenType switch
    {
        JsonTokenType.True => "TRUE_VALUE cannot be converted to " + type,
        JsonTokenType.False => "FALSE_VALUE cannot be converted to " + type,
        JsonTokenType.Number => (IsWhole(reader.ValueSpan) ? "NUMBER_VALUE" : "DECIMAL_VALUE") + " cannot be converted to " + type,
        JsonTokenType.String => "STRING_VALUE cannot be converted to " + type,
        JsonTokenType.StartArray => "Unrecognized collection type class java.lang." + type,
        JsonTokenType.Null => "Unexpected token received from parser",
        _ => "Start of structure or map found where not expected",
    };

    private static bool IsWhole(ReadOnlySpan<byte> number) => number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0;

    private static bool Unescape(ref Utf8JsonReader reader, ref JsonFindings findings, out ReadOnlyMemory<byte> utf8)
    {
        utf8 = default;
        byte[] buffer = new byte[reader.ValueSpan.Length];
        try
        {
            int length = reader.CopyString(buffer);
            utf8 = buffer.AsMemory(0, length);
            return true;
        }
        catch (InvalidOperationException)
        {
            // The only sign the reader gives of half a surrogate pair or of bytes that are no UTF-8.
            return Malformed(ref findings, "Invalid Unicode in a string");
        }
    }

    private static bool Malformed(ref JsonFindings findings, string message)
    {
        findings.Malformed = TableError.Serialization(message);
        return false;
    }
}
