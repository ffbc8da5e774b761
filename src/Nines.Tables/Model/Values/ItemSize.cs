using System.Text;

namespace Nines.Tables.Model.Values;

/// <summary>
/// DynamoDB's size arithmetic ("Item sizes and formats" in its developer guide): names and values count; text and binary by their
/// bytes, numbers by about half a byte per digit, lists and maps 3 bytes plus 1 for each element.
/// </summary>
public static class ItemSize
{
    private const int ContainerOverhead = 3;
    private const int ElementOverhead = 1;

    /// <summary>The size of an item in bytes.</summary>
    public static long Of(Item item)
    {
        long size = 0;
        for (int i = 0; i < item.Count; i++)
        {
            size += OfName(item.Names[i]) + Of(item.Values[i]);
        }

        return size;
    }

    /// <summary>The size of one value in bytes, without its name.</summary>
    public static long Of(AttributeValue value)
    {
        long size = 0;
        switch (value)
        {
            case StringValue text:
                return text.Utf8.Length;
            case NumberValue number:
                return Of(number.Number);
            case BinaryValue binary:
                return binary.Bytes.Length;
            case StringSetValue texts:
                foreach (ReadOnlyMemory<byte> element in texts.Elements)
                {
                    size += element.Length;
                }

                return size;
            case BinarySetValue binaries:
                foreach (ReadOnlyMemory<byte> element in binaries.Elements)
                {
                    size += element.Length;
                }

                return size;
            case NumberSetValue numbers:
                foreach (DynamoNumber element in numbers.Elements)
                {
                    size += Of(element);
                }

                return size;
            case ListValue list:
                size = ContainerOverhead;
                foreach (AttributeValue element in list.Elements)
                {
                    size += ElementOverhead + Of(element);
                }

                return size;
            case MapValue map:
                return ContainerOverhead + (ElementOverhead * map.Entries.Count) + Of(map.Entries);
            default:
                return 1;
        }
    }

    /// <summary>
    /// One byte for the exponent, one per two digits of the whole part and one per two digits of the fraction (digits between the
    /// first and the last significant one), one for a minus. Measured on the service: 3.14159 takes 5, 123456 takes 4.
    /// </summary>
    public static int Of(DynamoNumber number)
    {
        if (number.IsZero)
        {
            return 1;
        }

        int whole = Math.Clamp(number.Magnitude + 1, 0, number.Digits);
        int fraction = number.Digits - whole;
        return 1 + ((whole + 1) / 2) + ((fraction + 1) / 2) + (number.IsNegative ? 1 : 0);
    }

    private static int OfName(string name) => Encoding.UTF8.GetByteCount(name);
}
