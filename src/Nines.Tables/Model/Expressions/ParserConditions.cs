namespace Nines.Tables.Model.Expressions;

internal sealed partial class Parser
{
    private const string Redundant = "The expression has redundant parentheses;";

    private Syntax? Disjunction() => Junction(TokenKind.Or);

    private Syntax? Junction(TokenKind joint)
    {
        Syntax? first = joint == TokenKind.Or ? Junction(TokenKind.And) : Negation();
        if (first is null || Kind != joint)
        {
            return first;
        }

        var parts = new List<Syntax> { first };
        while (Take(joint))
        {
            Syntax? next = joint == TokenKind.Or ? Junction(TokenKind.And) : Negation();
            if (next is null)
            {
                return null;
            }

            parts.Add(next);
        }

        return new JunctionSyntax(joint == TokenKind.And, parts);
    }

    private Syntax? Negation()
    {
        if (Take(TokenKind.Not))
        {
            Syntax? inner = Negation();
            return inner is null ? null : new NotSyntax(inner);
        }

        return Kind == TokenKind.LeftParenthesis ? ParenthesesOrComparison() : Comparison();
    }

    private Syntax? ParenthesesOrComparison()
    {
        int start = _at++;
        Syntax? inner = Disjunction();
        if (inner is not null && Expect(TokenKind.RightParenthesis) && !IsComparing(Kind))
        {
            return Parenthesized(inner);
        }

        if (_refused is not null)
        {
            return null;
        }

        _at = start;
        return Comparison();
    }

    private Syntax? Comparison()
    {
        Syntax? left = Operand();
        if (left is null)
        {
            return null;
        }

        if (ComparatorOf(Kind) is Comparator comparator)
        {
            _at++;
            Syntax? right = Operand();
            return right is null ? null : new ComparisonSyntax(comparator, left, right);
        }

        if (Take(TokenKind.Between))
        {
            Syntax? low = Operand();
            Syntax? high = low is not null && Expect(TokenKind.And) ? Operand() : null;
            return high is null ? null : new BetweenSyntax(left, low!, high);
        }

        if (Take(TokenKind.In))
        {
            List<Syntax>? among = Operands();
            return among is null ? null : new InSyntax(left, among);
        }

        return left is CallSyntax ? left : Fail<Syntax>();
    }

    private Syntax? Operand()
    {
        switch (Kind)
        {
            case TokenKind.Value:
                return new ValueSyntax(TakeText());
            case TokenKind.LeftParenthesis:
                _at++;
                Syntax? inner = Operand();
                return inner is not null && Expect(TokenKind.RightParenthesis) ? Parenthesized(inner) : null;
            case TokenKind.Identifier when _tokens[_at + 1].Kind == TokenKind.LeftParenthesis:
                string function = TakeText();
                List<Syntax>? arguments = Operands();
                return arguments is null ? null : new CallSyntax(function, arguments);
            default:
                return Path();
        }
    }

    private List<Syntax>? Operands()
    {
        if (!Expect(TokenKind.LeftParenthesis))
        {
            return null;
        }

        var operands = new List<Syntax>(2);
        do
        {
            Syntax? operand = Operand();
            if (operand is null)
            {
                return null;
            }

            operands.Add(operand);
        }
        while (Take(TokenKind.Comma));
        return Expect(TokenKind.RightParenthesis) ? operands : null;
    }

    /// <summary>Parentheses straight around parentheses are refused at once, before any later syntax error.</summary>
    private ParenthesesSyntax? Parenthesized(Syntax inner)
    {
        if (inner is ParenthesesSyntax)
        {
            _refused ??= Redundant;
            return null;
        }

        return new ParenthesesSyntax(inner);
    }

    private static bool IsComparing(TokenKind kind) =>
        ComparatorOf(kind) is not null || kind is TokenKind.Between or TokenKind.In;

    private static Comparator? ComparatorOf(TokenKind kind) => kind switch
    {
        TokenKind.Equal => Comparator.Equal,
        TokenKind.NotEqual => Comparator.NotEqual,
        TokenKind.Less => Comparator.Less,
        TokenKind.LessOrEqual => Comparator.LessOrEqual,
        TokenKind.Greater => Comparator.Greater,
        TokenKind.GreaterOrEqual => Comparator.GreaterOrEqual,
        _ => null,
    };
}
