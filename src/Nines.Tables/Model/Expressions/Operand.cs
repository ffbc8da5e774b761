using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>Something in a condition that has a value for an item, or none.</summary>
public abstract class Operand
{
    private protected Operand()
    {
    }

    /// <summary>The type when it does not depend on the item; otherwise null.</summary>
    public abstract AttributeType? StaticType { get; }

    /// <summary>The value for this item; null when there is none, which most conditions take for false.</summary>
    public abstract AttributeValue? ValueFor(Item item);
}

/// <summary>What a document path points to.</summary>
public sealed class PathOperand(DocumentPath path) : Operand
{
    /// <summary>The path.</summary>
    public DocumentPath Path { get; } = path;

    /// <inheritdoc/>
    public override AttributeType? StaticType => null;

    /// <inheritdoc/>
    public override AttributeValue? ValueFor(Item item) => Path.Find(item);
}

/// <summary>A value of the request.</summary>
public sealed class ValueOperand(AttributeValue value) : Operand
{
    /// <summary>The value.</summary>
    public AttributeValue Value { get; } = value;

    /// <inheritdoc/>
    public override AttributeType? StaticType => Value.Type;

    /// <inheritdoc/>
    public override AttributeValue? ValueFor(Item item) => Value;
}

/// <summary>size(operand): characters of a text (UTF-16 units, as the service counts), bytes of a binary, elements of the others.</summary>
public sealed class SizeOperand(Operand of) : Operand
{
    /// <summary>What is measured.</summary>
    public Operand Of { get; } = of;

    /// <inheritdoc/>
    public override AttributeType? StaticType => AttributeType.Number;

    /// <inheritdoc/>
    public override AttributeValue? ValueFor(Item item) => Of.ValueFor(item) switch
    {
        StringValue text => AttributeValue.Of(Encoding.UTF8.GetCharCount(text.Utf8.Span)),
        BinaryValue binary => AttributeValue.Of(binary.Bytes.Length),
        ListValue list => AttributeValue.Of(list.Elements.Length),
        MapValue map => AttributeValue.Of(map.Entries.Count),
        StringSetValue texts => AttributeValue.Of(texts.Elements.Length),
        NumberSetValue numbers => AttributeValue.Of(numbers.Elements.Length),
        BinarySetValue binaries => AttributeValue.Of(binaries.Elements.Length),
        _ => null,
    };
}

/// <summary>The order of values that have one.</summary>
public static class ValueOrder
{
    /// <summary>Less than, equal to or greater than 0; null unless both are of one type among S, N and B.</summary>
    public static int? Compare(AttributeValue? left, AttributeValue? right) => (left, right) switch
    {
        (NumberValue a, NumberValue b) => a.Number.CompareTo(b.Number),
        (StringValue a, StringValue b) => a.Utf8.Span.SequenceCompareTo(b.Utf8.Span),
        (BinaryValue a, BinaryValue b) => a.Bytes.Span.SequenceCompareTo(b.Bytes.Span),
        _ => null,
    };
}
