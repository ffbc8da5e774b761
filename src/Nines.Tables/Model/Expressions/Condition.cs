using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>How two operands are compared. The numbers are in the log: append only.</summary>
public enum Comparator : byte
{
    /// <summary>=</summary>
    Equal = 0,

    /// <summary>&lt;&gt;</summary>
    NotEqual = 1,

    /// <summary>&lt;</summary>
    Less = 2,

    /// <summary>&lt;=</summary>
    LessOrEqual = 3,

    /// <summary>&gt;</summary>
    Greater = 4,

    /// <summary>&gt;=</summary>
    GreaterOrEqual = 5,
}

/// <summary>The signs of comparators.</summary>
public static class Comparators
{
    /// <summary>As it is written.</summary>
    public static string Sign(this Comparator comparator) => comparator switch
    {
        Comparator.Equal => "=",
        Comparator.NotEqual => "<>",
        Comparator.Less => "<",
        Comparator.LessOrEqual => "<=",
        Comparator.Greater => ">",
        Comparator.GreaterOrEqual => ">=",
    };
}

/// <summary>
/// A condition, filter or key condition with placeholders replaced: checked once, true or false for every item. Evaluation never
/// fails; where an operand has no value or an unfitting type, the part that needs it is false. The legacy parameters (Expected,
/// KeyConditions, QueryFilter, ScanFilter) compile into the same parts.
/// </summary>
public abstract class Condition
{
    private protected Condition()
    {
    }

    /// <summary>Whether the item meets the condition. A missing item is <see cref="Item.Empty"/>.</summary>
    public abstract bool Evaluate(Item item);

    /// <summary>Calls the action with every document path of the condition, in the order they are written.</summary>
    public abstract void VisitPaths(Action<DocumentPath> visit);

    private protected static void VisitPaths(Operand operand, Action<DocumentPath> visit)
    {
        switch (operand)
        {
            case PathOperand path:
                visit(path.Path);
                break;
            case SizeOperand size:
                VisitPaths(size.Of, visit);
                break;
            default:
                break;
        }
    }
}

/// <summary>All parts hold (AND), or at least one does (OR). The parts after the one that decides are not evaluated.</summary>
public sealed class Junction(bool isAnd, Condition[] parts) : Condition
{
    private readonly Condition[] _parts = parts;

    /// <summary>AND; otherwise OR.</summary>
    public bool IsAnd { get; } = isAnd;

    /// <summary>Two or more.</summary>
    public ReadOnlySpan<Condition> Parts => _parts;

    /// <inheritdoc/>
    public override bool Evaluate(Item item)
    {
        foreach (Condition part in _parts)
        {
            if (part.Evaluate(item) != IsAnd)
            {
                return !IsAnd;
            }
        }

        return IsAnd;
    }

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit)
    {
        foreach (Condition part in _parts)
        {
            part.VisitPaths(visit);
        }
    }
}

/// <summary>NOT.</summary>
public sealed class Negation(Condition inner) : Condition
{
    /// <summary>What must not hold.</summary>
    public Condition Inner { get; } = inner;

    /// <inheritdoc/>
    public override bool Evaluate(Item item) => !Inner.Evaluate(item);

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit) => Inner.VisitPaths(visit);
}

/// <summary>operand comparator operand. Only &lt;&gt; holds when a value is missing or the types differ.</summary>
public sealed class Comparison(Comparator comparator, Operand left, Operand right) : Condition
{
    /// <summary>How they compare.</summary>
    public Comparator Comparator { get; } = comparator;

    /// <summary>The first operand.</summary>
    public Operand Left { get; } = left;

    /// <summary>The second operand.</summary>
    public Operand Right { get; } = right;

    /// <inheritdoc/>
    public override bool Evaluate(Item item)
    {
        AttributeValue? a = Left.ValueFor(item);
        AttributeValue? b = Right.ValueFor(item);
        return Comparator switch
        {
            Comparator.Equal => a is not null && a.Equals(b),
            Comparator.NotEqual => a is null || !a.Equals(b),
            Comparator.Less => ValueOrder.Compare(a, b) < 0,
            Comparator.LessOrEqual => ValueOrder.Compare(a, b) <= 0,
            Comparator.Greater => ValueOrder.Compare(a, b) > 0,
            Comparator.GreaterOrEqual => ValueOrder.Compare(a, b) >= 0,
        };
    }

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit)
    {
        VisitPaths(Left, visit);
        VisitPaths(Right, visit);
    }
}

/// <summary>operand BETWEEN low AND high, both included.</summary>
public sealed class Between(Operand operand, Operand low, Operand high) : Condition
{
    /// <summary>What must lie between.</summary>
    public Operand Operand { get; } = operand;

    /// <summary>The lower bound.</summary>
    public Operand Low { get; } = low;

    /// <summary>The upper bound.</summary>
    public Operand High { get; } = high;

    /// <inheritdoc/>
    public override bool Evaluate(Item item)
    {
        AttributeValue? value = Operand.ValueFor(item);
        return ValueOrder.Compare(value, Low.ValueFor(item)) >= 0 && ValueOrder.Compare(value, High.ValueFor(item)) <= 0;
    }

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit)
    {
        VisitPaths(Operand, visit);
        VisitPaths(Low, visit);
        VisitPaths(High, visit);
    }
}

/// <summary>operand IN (operands): equal to one of them.</summary>
public sealed class Membership(Operand operand, Operand[] among) : Condition
{
    private readonly Operand[] _among = among;

    /// <summary>What is looked for.</summary>
    public Operand Operand { get; } = operand;

    /// <summary>Where it is looked for; at least one.</summary>
    public ReadOnlySpan<Operand> Among => _among;

    /// <inheritdoc/>
    public override bool Evaluate(Item item)
    {
        AttributeValue? value = Operand.ValueFor(item);
        if (value is null)
        {
            return false;
        }

        foreach (Operand candidate in _among)
        {
            if (value.Equals(candidate.ValueFor(item)))
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public override void VisitPaths(Action<DocumentPath> visit)
    {
        VisitPaths(Operand, visit);
        foreach (Operand candidate in _among)
        {
            VisitPaths(candidate, visit);
        }
    }
}

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
            (StringValue whole, StringValue text) => whole.Utf8.Span.IndexOf(text.Utf8.Span) >= 0,
            (BinaryValue whole, BinaryValue bytes) => whole.Bytes.Span.IndexOf(bytes.Bytes.Span) >= 0,
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
