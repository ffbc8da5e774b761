using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>attribute_exists(path), or attribute_not_exists(path).</summary>
public sealed class Existence(DocumentPath path, bool isWanted) : Condition
{
    /// <summary>Where.</summary>
    public DocumentPath Path { get; } = path;

    /// <summary>A value must be there; otherwise there must be none.</summary>
    public bool IsWanted { get; } = isWanted;

    /// <inheritdoc/>
    public override bool Evaluate(Item item) => Path.Find(item) is not null == IsWanted;

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit) => visit(Path);
}

/// <summary>attribute_type(path, type).</summary>
public sealed class TypeTest(DocumentPath path, AttributeType type) : Condition
{
    /// <summary>Where.</summary>
    public DocumentPath Path { get; } = path;

    /// <summary>The wanted type.</summary>
    public AttributeType Type { get; } = type;

    /// <inheritdoc/>
    public override bool Evaluate(Item item) => Path.Find(item) is AttributeValue value && value.Type == Type;

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit) => visit(Path);
}

/// <summary>begins_with(operand, prefix), for texts and binaries.</summary>
public sealed class PrefixTest(Operand operand, Operand prefix) : Condition
{
    /// <summary>What must begin so.</summary>
    public Operand Operand { get; } = operand;

    /// <summary>The prefix.</summary>
    public Operand Prefix { get; } = prefix;

    /// <inheritdoc/>
    public override bool Evaluate(Item item) => (Operand.ValueFor(item), Prefix.ValueFor(item)) switch
    {
        (StringValue text, StringValue prefix) => text.Utf8.Span.StartsWith(prefix.Utf8.Span),
        (BinaryValue binary, BinaryValue prefix) => binary.Bytes.Span.StartsWith(prefix.Bytes.Span),
        _ => false,
    };

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit)
    {
        VisitPaths(Operand, visit);
        VisitPaths(Prefix, visit);
    }
}

/// <summary>contains(operand, part): a part of a text or binary, an element of a set or list.</summary>
public sealed class ContainmentTest(Operand operand, Operand part) : Condition
{
    /// <summary>What must contain it.</summary>
    public Operand Operand { get; } = operand;

    /// <summary>The part or element.</summary>
    public Operand Part { get; } = part;

    /// <inheritdoc/>
    public override bool Evaluate(Item item)
    {
        AttributeValue? wanted = Part.ValueFor(item);
        return (Operand.ValueFor(item), wanted) switch
        {
            (StringValue whole, StringValue text) => SubstringSearch.Contains(whole.Utf8.Span, text.Utf8.Span),
            (BinaryValue whole, BinaryValue bytes) => SubstringSearch.Contains(whole.Bytes.Span, bytes.Bytes.Span),
            (StringSetValue set, StringValue text) => set.Contains(text.Utf8.Span),
            (BinarySetValue set, BinaryValue bytes) => set.Contains(bytes.Bytes.Span),
            (NumberSetValue set, NumberValue number) => set.Contains(number.Number),
            (ListValue list, not null) => list.Elements.Contains(wanted),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit)
    {
        VisitPaths(Operand, visit);
        VisitPaths(Part, visit);
    }
}
