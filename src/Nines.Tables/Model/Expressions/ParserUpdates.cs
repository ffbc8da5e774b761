namespace Nines.Tables.Model.Expressions;

internal sealed partial class Parser
{
    private List<ActionSyntax>? Clauses()
    {
        var actions = new List<ActionSyntax>();
        int clause = 0;
        do
        {
            if (KindOfClause(Kind) is not UpdateKind kind)
            {
                return Fail<List<ActionSyntax>>();
            }

            _at++;
            do
            {
                ActionSyntax? action = Action(clause, kind);
                if (action is null)
                {
                    return null;
                }

                actions.Add(action);
            }
            while (Take(TokenKind.Comma));
            clause++;
        }
        while (Kind != TokenKind.End);
        return actions;
    }

    private ActionSyntax? Action(int clause, UpdateKind kind)
    {
        PathSyntax? path = Path();
        if (path is null)
        {
            return null;
        }

        if (kind == UpdateKind.Remove)
        {
            return new ActionSyntax(clause, kind, path, null);
        }

        if (kind == UpdateKind.Set)
        {
            Syntax? value = Expect(TokenKind.Equal) ? SetValue() : null;
            return value is null ? null : new ActionSyntax(clause, kind, path, value);
        }

        return Kind == TokenKind.Value
            ? new ActionSyntax(clause, kind, path, new ValueSyntax(TakeText()))
            : Fail<ActionSyntax>();
    }

    /// <summary>A sum may stand in parentheses as a whole; its operands may have parentheses of their own.</summary>
    private Syntax? SetValue()
    {
        int start = _at;
        if (Take(TokenKind.LeftParenthesis))
        {
            if (Sum() is ArithmeticSyntax sum && Expect(TokenKind.RightParenthesis))
            {
                return sum;
            }

            _at = start;
        }

        return Sum();
    }

    private Syntax? Sum()
    {
        Syntax? left = Operand();
        if (left is null || Kind is not (TokenKind.Plus or TokenKind.Minus))
        {
            return left;
        }

        bool isMinus = Kind == TokenKind.Minus;
        _at++;
        Syntax? right = Operand();
        return right is null ? null : new ArithmeticSyntax(isMinus, left, right);
    }

    private static UpdateKind? KindOfClause(TokenKind kind) => kind switch
    {
        TokenKind.Set => UpdateKind.Set,
        TokenKind.Remove => UpdateKind.Remove,
        TokenKind.Add => UpdateKind.Add,
        TokenKind.Delete => UpdateKind.Delete,
        _ => null,
    };
}
