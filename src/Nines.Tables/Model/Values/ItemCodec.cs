using Nines.Kernel;
namespace Nines.Tables.Model.Values;

/// <summary>
/// Items and values as bytes, for the store, the log and between nodes. One item has one encoding.
/// <code>
/// item  := 01 (version), entries
/// entries := varint count, { text name, value } names ascending
/// value := type (AttributeType), content
///   S, B       blob
///   N          number
///   BOOL       00 | 01
///   NULL       nothing
///   M          entries
///   L          varint count, { value }
///   SS, BS     varint count (at least 1), { blob } ascending
///   NS         varint count (at least 1), { number } ascending
/// number := flags (1 negative, 2 wide), zigzag varint exponent, varint low 64 bits [, varint high 64 bits when wide]
/// </code>
/// </summary>
public static partial class ItemCodec
{
    private const byte Version = 1;
    private const byte NumberNegative = 1;
    private const byte NumberWide = 2;

    /// <summary>Appends an item.</summary>
    public static void Encode(Item item, ByteBuffer destination)
    {
        destination.Byte(Version);
        EncodeEntries(item, destination);
    }

    /// <summary>Appends one value.</summary>
    public static void EncodeValue(AttributeValue value, ByteBuffer destination)
    {
        destination.Byte((byte)value.Type);
        switch (value)
        {
            case StringValue text:
                destination.Blob(text.Utf8.Span);
                break;
            case BinaryValue binary:
                destination.Blob(binary.Bytes.Span);
                break;
            case NumberValue number:
                EncodeNumber(number.Number, destination);
                break;
            case BooleanValue boolean:
                destination.Byte(boolean.Value ? (byte)1 : (byte)0);
                break;
            case NullValue:
                break;
            case MapValue map:
                EncodeEntries(map.Entries, destination);
                break;
            case ListValue list:
                destination.Count(list.Elements.Length);
                foreach (AttributeValue element in list.Elements)
                {
                    EncodeValue(element, destination);
                }

                break;
            case StringSetValue texts:
                EncodeBlobs(texts.Elements, destination);
                break;
            case BinarySetValue binaries:
                EncodeBlobs(binaries.Elements, destination);
                break;
            case NumberSetValue numbers:
                destination.Count(numbers.Elements.Length);
                foreach (DynamoNumber element in numbers.Elements)
                {
                    EncodeNumber(element, destination);
                }

                break;
            default:
                Invariant.Assert(false, $"value type {value.Type}");
                break;
        }
    }

    private static void EncodeEntries(Item item, ByteBuffer destination)
    {
        destination.Count(item.Count);
        ReadOnlySpan<string> names = item.Names;
        ReadOnlySpan<AttributeValue> values = item.Values;
        for (int i = 0; i < names.Length; i++)
        {
            destination.Text(names[i]);
            EncodeValue(values[i], destination);
        }
    }

    private static void EncodeBlobs(ReadOnlySpan<ReadOnlyMemory<byte>> elements, ByteBuffer destination)
    {
        destination.Count(elements.Length);
        foreach (ReadOnlyMemory<byte> element in elements)
        {
            destination.Blob(element.Span);
        }
    }

    private static void EncodeNumber(DynamoNumber number, ByteBuffer destination)
    {
        ulong high = (ulong)(number.Coefficient >> 64);
        destination.Byte((byte)((number.IsNegative ? NumberNegative : 0) | (high != 0 ? NumberWide : 0)));
        destination.Varint((uint)((number.Exponent << 1) ^ (number.Exponent >> 31)));
        destination.Varint((ulong)number.Coefficient);
        if (high != 0)
        {
            destination.Varint(high);
        }
    }
}
