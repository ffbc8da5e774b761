using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

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
