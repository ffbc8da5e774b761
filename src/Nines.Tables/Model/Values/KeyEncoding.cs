using Nines.Kernel;

namespace Nines.Tables.Model.Values;

/// <summary>
/// Key values as bytes whose unsigned order is DynamoDB's order: numbers by value, texts and binaries by their bytes.
/// <code>
/// key of an item := partition part, sort part
/// partition part := self-delimiting: no partition's part is a prefix of another's
///   S, B  each byte, 00 as 00 FF, then 00 01
///   N     as below
/// sort part      := ordered
///   S, B  the bytes as they are: nothing follows them
///   N     as below
/// N              := 02                                            zero
///                 | 03, magnitude + 130, pairs, 00                positive: pairs of digits + 1 (1 to 100)
///                 | 01, the complement of what follows 03         negative
/// </code>
/// All items of a partition are therefore contiguous, and in the order of their sort key.
/// </summary>
public static class KeyEncoding
{
    private const byte Negative = 1;
    private const byte Zero = 2;
    private const byte Positive = 3;

    /// <summary>The longest encoding of a number: tag, magnitude, 19 pairs, terminator.</summary>
    public const int NumberBytesMax = 22;

    /// <summary>What a text or binary ends with in a partition part, in bytes; without it the part is what all longer values begin with.</summary>
    public const int TerminatorLength = 2;

    /// <summary>Appends the partition part: the prefix that all items of the partition share.</summary>
    public static void Partition(AttributeValue partitionKey, ByteBuffer destination)
    {
        switch (partitionKey)
        {
            case NumberValue number:
                Number(number.Number, destination);
                break;
            case StringValue text:
                Delimited(text.Utf8.Span, destination);
                break;
            case BinaryValue binary:
                Delimited(binary.Bytes.Span, destination);
                break;
            default:
                Invariant.Assert(IsKeyType(partitionKey.Type));
                break;
        }
    }

    /// <summary>Appends the sort part.</summary>
    public static void Sort(AttributeValue sortKey, ByteBuffer destination)
    {
        switch (sortKey)
        {
            case NumberValue number:
                Number(number.Number, destination);
                break;
            case StringValue text:
                destination.Raw(text.Utf8.Span);
                break;
            case BinaryValue binary:
                destination.Raw(binary.Bytes.Span);
                break;
            default:
                Invariant.Assert(IsKeyType(sortKey.Type));
                break;
        }
    }

    /// <summary>Appends an item's whole key; <paramref name="sortKey"/> is null in a table without one.</summary>
    public static void Key(AttributeValue partitionKey, AttributeValue? sortKey, ByteBuffer destination)
    {
        Partition(partitionKey, destination);
        if (sortKey is not null)
        {
            Sort(sortKey, destination);
        }
    }

    /// <summary>Whether values of the type can be keys.</summary>
    public static bool IsKeyType(AttributeType type) =>
        type is AttributeType.String or AttributeType.Number or AttributeType.Binary;

    /// <summary>The size of a key value in bytes as DynamoDB's key limits count it.</summary>
    public static int SizeOf(AttributeValue key) => key switch
    {
        StringValue text => text.Utf8.Length,
        BinaryValue binary => binary.Bytes.Length,
        _ => 0,
    };

    private static void Delimited(ReadOnlySpan<byte> bytes, ByteBuffer destination)
    {
        int zero;
        while ((zero = bytes.IndexOf((byte)0)) >= 0)
        {
            destination.Raw(bytes[..zero]);
            destination.Raw([0, 0xFF]);
            bytes = bytes[(zero + 1)..];
        }

        destination.Raw(bytes);
        destination.Raw([0, 1]);
    }

    private static void Number(DynamoNumber number, ByteBuffer destination)
    {
        if (number.IsZero)
        {
            destination.Byte(Zero);
            return;
        }

        byte flip = number.IsNegative ? (byte)0xFF : (byte)0;
        destination.Byte(number.IsNegative ? Negative : Positive);
        destination.Byte((byte)((number.Magnitude - DynamoNumber.MagnitudeMin) ^ flip));
        int padding = number.Digits % 2;
        Span<byte> digits = stackalloc byte[DynamoNumber.DigitsMax];
        digits = digits[..(number.Digits + padding)];
        number.WriteDigits(digits, padding);
        for (int i = 0; i < digits.Length; i += 2)
        {
            int pair = ((digits[i] - '0') * 10) + (digits[i + 1] - '0') + 1;
            destination.Byte((byte)(pair ^ flip));
        }

        destination.Byte(flip);
    }
}
