using System.Text;
using System.Text.Json;

namespace Nines.Tables.Model.Values;

public static partial class AttributeValueJson
{
    private static AttributeValue ReadStringSet(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        var elements = new List<ReadOnlyMemory<byte>>();
        if (!JsonShapes.ExpectList(ref reader, ref findings))
        {
            return NullValue.Instance;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!JsonShapes.Text(ref reader, ref findings, out ReadOnlyMemory<byte> text))
            {
                return NullValue.Instance;
            }

            elements.Add(text);
        }

        if (elements.Count == 0)
        {
            findings.Invalid = Prefix + "An string set  may not be empty";
            return NullValue.Instance;
        }

        StringSetValue set = StringSetValue.Of([.. elements]);
        if (set.Elements.Length < elements.Count)
        {
            var texts = new List<string>();
            elements.ForEach(e => texts.Add(Encoding.UTF8.GetString(e.Span)));
            findings.Invalid = $"{Prefix}Input collection [{string.Join(", ", texts)}] contains duplicates.";
        }

        return set;
    }

    private static AttributeValue ReadBinarySet(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        var elements = new List<ReadOnlyMemory<byte>>();
        if (!JsonShapes.ExpectList(ref reader, ref findings))
        {
            return NullValue.Instance;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!ReadBlob(ref reader, ref findings, out byte[] blob))
            {
                return NullValue.Instance;
            }

            elements.Add(blob);
        }

        if (elements.Count == 0)
        {
            findings.Invalid = Prefix + "Binary sets should not be empty";
            return NullValue.Instance;
        }

        BinarySetValue set = BinarySetValue.Of([.. elements]);
        if (set.Elements.Length < elements.Count)
        {
            var texts = new List<string>();
            elements.ForEach(e => texts.Add(Convert.ToBase64String(e.Span)));
            findings.Invalid = $"{Prefix}Input collection [{string.Join(", ", texts)}]of type BS contains duplicates.";
        }

        return set;
    }

    private static AttributeValue ReadNumberSet(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        var elements = new List<DynamoNumber>();
        if (!JsonShapes.ExpectList(ref reader, ref findings))
        {
            return NullValue.Instance;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!ReadNumber(ref reader, ref findings, out DynamoNumber number))
            {
                return NullValue.Instance;
            }

            elements.Add(number);
        }

        if (elements.Count == 0)
        {
            findings.Invalid = Prefix + "An number set  may not be empty";
            return NullValue.Instance;
        }

        NumberSetValue set = NumberSetValue.Of([.. elements]);
        if (set.Elements.Length < elements.Count)
        {
            findings.Invalid ??= "Input collection contains duplicates";
        }

        return set;
    }
}
