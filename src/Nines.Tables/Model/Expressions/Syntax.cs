namespace Nines.Tables.Model.Expressions;

/// <summary>An expression as it was written: placeholders are not replaced yet, and nothing is checked but the grammar.</summary>
internal abstract class Syntax
{
    /// <summary>Without the parentheses around it.</summary>
    public Syntax Unwrapped => this is ParenthesesSyntax p ? p.Inner.Unwrapped : this;
}

/// <summary>One step of a path as written: an identifier, a name placeholder or the digits of an index.</summary>
internal readonly record struct PathPart(TokenKind Kind, string Text);

internal sealed class PathSyntax(PathPart[] parts) : Syntax
{
    public PathPart[] Parts { get; } = parts;
}

internal sealed class ValueSyntax(string name) : Syntax
{
    public string Name { get; } = name;
}

internal sealed class CallSyntax(string function, List<Syntax> arguments) : Syntax
{
    public string Function { get; } = function;

    public List<Syntax> Arguments { get; } = arguments;
}

internal sealed class ParenthesesSyntax(Syntax inner) : Syntax
{
    public Syntax Inner { get; } = inner;
}

internal sealed class ComparisonSyntax(Comparator comparator, Syntax left, Syntax right) : Syntax
{
    public Comparator Comparator { get; } = comparator;

    public Syntax Left { get; } = left;

    public Syntax Right { get; } = right;
}

internal sealed class BetweenSyntax(Syntax operand, Syntax low, Syntax high) : Syntax
{
    public Syntax Operand { get; } = operand;

    public Syntax Low { get; } = low;

    public Syntax High { get; } = high;
}

internal sealed class InSyntax(Syntax operand, List<Syntax> among) : Syntax
{
    public Syntax Operand { get; } = operand;

    public List<Syntax> Among { get; } = among;
}

/// <summary>AND or OR of two or more.</summary>
internal sealed class JunctionSyntax(bool isAnd, List<Syntax> parts) : Syntax
{
    public bool IsAnd { get; } = isAnd;

    public List<Syntax> Parts { get; } = parts;
}

internal sealed class NotSyntax(Syntax inner) : Syntax
{
    public Syntax Inner { get; } = inner;
}

/// <summary>A sum or a difference in SET.</summary>
internal sealed class ArithmeticSyntax(bool isMinus, Syntax left, Syntax right) : Syntax
{
    public bool IsMinus { get; } = isMinus;

    public Syntax Left { get; } = left;

    public Syntax Right { get; } = right;
}

/// <summary>One action of an update; REMOVE has no value.</summary>
internal sealed record ActionSyntax(int Clause, UpdateKind Kind, PathSyntax Path, Syntax? Value);
