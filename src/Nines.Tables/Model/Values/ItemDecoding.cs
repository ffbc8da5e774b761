using System.Text.Unicode;
using Nines.Kernel;

namespace Nines.Tables.Model.Values;

public static partial class ItemCodec
{
    /// <summary>Reads an item; false for anything that <see cref="Encode"/> does not write. Texts and binaries share the memory.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out Item item)
    {
        var reader = new ByteReader(bytes);
        item = DecodeItem(ref reader);
        return reader.IsComplete;
    }

    /// <summary>Reads an item out of a longer message. Malformed: the reader has failed and the item is empty.</summary>
    public static Item DecodeItem(ref ByteReader reader)
    {
        if (reader.Byte() != Version)
        {
            reader.Fail();
        }

        Item item = DecodeEntries(ref reader, 1);
        return reader.Failed ? Item.Empty : item;
    }

    /// <summary>Reads one value out of a longer message. Malformed: the reader has failed and NULL comes back.</summary>
    public static AttributeValue DecodeValue(ref ByteReader reader) => DecodeValue(ref reader, 1);

    private static Item DecodeEntries(ref ByteReader reader, int depth)
    {
        // An entry is at least an empty name and a type.
        int count = reader.Items(2);
        if (count == 0)
        {
            return Item.Empty;
        }

        string[] names = new string[count];
        var values = new AttributeValue[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> name = reader.Blob();
            names[i] = Utf8.IsValid(name) ? System.Text.Encoding.UTF8.GetString(name) : FailText(ref reader);
            if (i > 0 && string.CompareOrdinal(names[i - 1], names[i]) >= 0)
            {
                reader.Fail();
            }

            values[i] = DecodeValue(ref reader, depth);
            if (reader.Failed)
            {
                return Item.Empty;
            }
        }

        return new Item(names, values, count);
    }

    private static AttributeValue DecodeValue(ref ByteReader reader, int depth)
    {
        if (depth > TableLimits.NestingLevelsMax)
        {
            return Fail(ref reader);
        }

        var type = (AttributeType)reader.Byte();
        switch (type)
        {
            case AttributeType.String:
                ReadOnlyMemory<byte> text = reader.BlobMemory();
                return Utf8.IsValid(text.Span) ? new StringValue(text) : Fail(ref reader);
            case AttributeType.Number:
                return new NumberValue(DecodeNumber(ref reader));
            case AttributeType.Binary:
                return new BinaryValue(reader.BlobMemory());
            case AttributeType.Boolean:
                byte truth = reader.Byte();
                return truth <= 1 ? BooleanValue.Of(truth == 1) : Fail(ref reader);
            case AttributeType.Null:
                return NullValue.Instance;
            case AttributeType.Map:
                return new MapValue(DecodeEntries(ref reader, depth + 1));
            case AttributeType.List:
                return DecodeList(ref reader, depth + 1);
            case AttributeType.StringSet:
                ReadOnlyMemory<byte>[]? texts = DecodeBlobs(ref reader, isText: true);
                return texts is null ? Fail(ref reader) : new StringSetValue(texts);
            case AttributeType.BinarySet:
                ReadOnlyMemory<byte>[]? binaries = DecodeBlobs(ref reader, isText: false);
                return binaries is null ? Fail(ref reader) : new BinarySetValue(binaries);
            case AttributeType.NumberSet:
                return DecodeNumbers(ref reader);
            default:
                return Fail(ref reader);
        }
    }

    private static AttributeValue DecodeList(ref ByteReader reader, int depth)
    {
        int count = reader.Items(1);
        var elements = count == 0 ? [] : new AttributeValue[count];
        for (int i = 0; i < count; i++)
        {
            elements[i] = DecodeValue(ref reader, depth);
            if (reader.Failed)
            {
                return NullValue.Instance;
            }
        }

        return new ListValue(elements);
    }

    private static ReadOnlyMemory<byte>[]? DecodeBlobs(ref ByteReader reader, bool isText)
    {
        int count = reader.Items(1);
        if (count == 0)
        {
            return null;
        }

        var elements = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            elements[i] = reader.BlobMemory();
            bool isAscending = i == 0 || elements[i - 1].Span.SequenceCompareTo(elements[i].Span) < 0;
            if (reader.Failed || !isAscending || (isText && !Utf8.IsValid(elements[i].Span)))
            {
                return null;
            }
        }

        return elements;
    }

    private static AttributeValue DecodeNumbers(ref ByteReader reader)
    {
        // A number is at least three bytes.
        int count = reader.Items(3);
        if (count == 0)
        {
            return Fail(ref reader);
        }

        var elements = new DynamoNumber[count];
        for (int i = 0; i < count; i++)
        {
            elements[i] = DecodeNumber(ref reader);
            if (reader.Failed || (i > 0 && elements[i - 1] >= elements[i]))
            {
                return Fail(ref reader);
            }
        }

        return new NumberSetValue(elements);
    }

    private static DynamoNumber DecodeNumber(ref ByteReader reader)
    {
        byte flags = reader.Byte();
        ulong zigzag = reader.Varint();
        ulong low = reader.Varint();
        ulong high = (flags & NumberWide) != 0 ? reader.Varint() : 0;
        if (flags > (NumberNegative | NumberWide) || zigzag > 1024 || ((flags & NumberWide) != 0 && high == 0))
        {
            reader.Fail();
            return DynamoNumber.Zero;
        }

        int exponent = (int)(zigzag >> 1) ^ -(int)(zigzag & 1);
        var coefficient = new UInt128(high, low);
        bool isNegative = (flags & NumberNegative) != 0;
        NumberFault fault = DynamoNumber.Create(isNegative, coefficient, exponent, out DynamoNumber number);

        // Only the canonical form is written: other forms of the same number are malformed.
        if (fault != NumberFault.None || number.Coefficient != coefficient || number.Exponent != exponent || number.IsNegative != isNegative)
        {
            reader.Fail();
        }

        return number;
    }

    private static NullValue Fail(ref ByteReader reader)
    {
        reader.Fail();
        return NullValue.Instance;
    }

    private static string FailText(ref ByteReader reader)
    {
        reader.Fail();
        return "";
    }
}
