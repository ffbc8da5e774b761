using System.Text;

namespace Nines.Tables.Model.Values;

/// <summary>The ten data types. The numbers are in stored items and in the log: append only.</summary>
public enum AttributeType : byte
{
#pragma warning disable CA1720 // "String" is DynamoDB's own word for the type.
    /// <summary>S: Unicode text, kept and ordered as UTF-8.</summary>
    String = 1,
#pragma warning restore CA1720

    /// <summary>N: an exact decimal.</summary>
    Number = 2,

    /// <summary>B: bytes.</summary>
    Binary = 3,

    /// <summary>BOOL.</summary>
    Boolean = 4,

    /// <summary>NULL.</summary>
    Null = 5,

    /// <summary>M: names and values.</summary>
    Map = 6,

    /// <summary>L: values in order.</summary>
    List = 7,

    /// <summary>SS: distinct texts.</summary>
    StringSet = 8,

    /// <summary>NS: distinct numbers.</summary>
    NumberSet = 9,

    /// <summary>BS: distinct byte strings.</summary>
    BinarySet = 10,
}

/// <summary>Names of types on the wire and in messages.</summary>
public static class AttributeTypes
{
    /// <summary>The wire name: S, N, B, BOOL, NULL, M, L, SS, NS, BS.</summary>
    public static string Code(this AttributeType type) => type switch
    {
        AttributeType.String => "S",
        AttributeType.Number => "N",
        AttributeType.Binary => "B",
        AttributeType.Boolean => "BOOL",
        AttributeType.Null => "NULL",
        AttributeType.Map => "M",
        AttributeType.List => "L",
        AttributeType.StringSet => "SS",
        AttributeType.NumberSet => "NS",
        AttributeType.BinarySet => "BS",
    };

    /// <summary>The word that some messages of update expressions use.</summary>
    public static string Word(this AttributeType type) => type switch
    {
        AttributeType.String => "STRING",
        AttributeType.Number => "NUMBER",
        AttributeType.Binary => "BINARY",
        AttributeType.Boolean => "BOOLEAN",
        AttributeType.Null => "NULL",
        AttributeType.Map => "MAP",
        AttributeType.List => "LIST",
        AttributeType.StringSet => "STRING_SET",
        AttributeType.NumberSet => "NUMBER_SET",
        AttributeType.BinarySet => "BINARY_SET",
    };

    /// <summary>The type with this wire name, or null.</summary>
    public static AttributeType? FromCode(ReadOnlySpan<byte> code)
    {
        for (AttributeType type = AttributeType.String; type <= AttributeType.BinarySet; type++)
        {
            if (Ascii.Equals(code, type.Code()))
            {
                return type;
            }
        }

        return null;
    }
}

/// <summary>
/// One value of an attribute: immutable, shared freely. Texts are kept as the UTF-8 bytes they arrive and leave in; their unsigned
/// byte order is DynamoDB's order. Sets are kept sorted and without duplicates, so that equal sets are equal element by element.
/// </summary>
public abstract class AttributeValue : IEquatable<AttributeValue>
{
    private protected AttributeValue()
    {
    }

    /// <summary>Which of the ten types this is.</summary>
    public abstract AttributeType Type { get; }

    /// <summary>The text as a value.</summary>
    public static StringValue Of(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>The number as a value.</summary>
    public static NumberValue Of(long number) => new(DynamoNumber.FromInt64(number));

    /// <summary>Same type and same content. Numbers are equal by value, sets whatever order they were given in.</summary>
    public abstract bool Equals(AttributeValue? other);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as AttributeValue);

    /// <summary>Deterministic and weak: values are compared and sorted, seldom hashed.</summary>
    public sealed override int GetHashCode() => (int)Type;
}

/// <summary>S.</summary>
public sealed class StringValue(ReadOnlyMemory<byte> utf8) : AttributeValue
{
    /// <summary>The empty text.</summary>
    public static readonly StringValue Empty = new(default);

    /// <summary>The text, valid UTF-8.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; } = utf8;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.String;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) =>
        other is StringValue s && Utf8.Span.SequenceEqual(s.Utf8.Span);

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Utf8.Span);
}

/// <summary>N.</summary>
public sealed class NumberValue(DynamoNumber number) : AttributeValue
{
    /// <summary>The number.</summary>
    public DynamoNumber Number { get; } = number;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Number;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) => other is NumberValue n && Number == n.Number;

    /// <inheritdoc/>
    public override string ToString() => Number.ToString();
}

/// <summary>B.</summary>
public sealed class BinaryValue(ReadOnlyMemory<byte> bytes) : AttributeValue
{
    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Binary;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) =>
        other is BinaryValue b && Bytes.Span.SequenceEqual(b.Bytes.Span);

    /// <inheritdoc/>
    public override string ToString() => Convert.ToBase64String(Bytes.Span);
}

/// <summary>BOOL: two shared values.</summary>
public sealed class BooleanValue : AttributeValue
{
    /// <summary>The value true.</summary>
    public static readonly BooleanValue True = new(true);

    /// <summary>The value false.</summary>
    public static readonly BooleanValue False = new(false);

    private BooleanValue(bool value) => Value = value;

    /// <summary>The truth value.</summary>
    public bool Value { get; }

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Boolean;

    /// <summary>The shared value.</summary>
    public static BooleanValue Of(bool value) => value ? True : False;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override string ToString() => Value ? "true" : "false";
}

/// <summary>NULL: one shared value.</summary>
public sealed class NullValue : AttributeValue
{
    /// <summary>The value.</summary>
    public static readonly NullValue Instance = new();

    private NullValue()
    {
    }

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Null;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override string ToString() => "true";
}

/// <summary>M.</summary>
public sealed class MapValue(Item entries) : AttributeValue
{
    /// <summary>The names and values.</summary>
    public Item Entries { get; } = entries;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Map;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) => other is MapValue m && Entries.Equals(m.Entries);
}

/// <summary>L. The array is never changed once the value exists.</summary>
public sealed class ListValue(AttributeValue[] elements) : AttributeValue
{
    private readonly AttributeValue[] _elements = elements;

    /// <summary>The elements in order.</summary>
    public ReadOnlySpan<AttributeValue> Elements => _elements;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.List;

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) =>
        other is ListValue l && _elements.AsSpan().SequenceEqual(l._elements);
}
