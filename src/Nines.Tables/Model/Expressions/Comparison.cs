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
