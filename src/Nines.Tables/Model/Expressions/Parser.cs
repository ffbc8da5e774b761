using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// Recursive descent over the tokens of one expression. A failed rule gives null; the furthest token any rule failed at is the one
/// the message names, as in DynamoDB. The only backtracking is at an opening parenthesis, which may hold a condition or an operand;
/// operands never hold conditions, so the work stays quadratic at worst. Recursion is bounded by the number of operators and by
/// <see cref="TableLimits.ExpressionDepthMax"/> parentheses.
/// <code>
/// condition  := conjunction { OR conjunction }
/// conjunction:= negation { AND negation }
/// negation   := NOT negation | ( condition ) | comparison
/// comparison := operand comparator operand | operand BETWEEN operand AND operand | operand IN ( operand {, operand} ) | call
/// operand    := path | :value | call | ( operand )
/// call       := identifier ( operand {, operand} )
/// path       := (identifier | #name) { . (identifier | #name) | [ index ] }
/// update     := { SET path = operand [(+|-) operand] {, …} | REMOVE path {, path} | (ADD|DELETE) path :value {, …} }
/// projection := path {, path}
/// </code>
/// </summary>
internal sealed partial class Parser
{
    private readonly string _text;
    private readonly List<Token> _tokens;
    private int _at;
    private int _failedAt;
    private string? _refused;

    private Parser(string text)
    {
        _text = text;
        _tokens = Lexer.Read(text);
    }

    private TokenKind Kind => _tokens[_at].Kind;

    /// <summary>Reads a condition, filter or key condition.</summary>
    public static Syntax? Condition(string text, out string? fault)
    {
        var parser = new Parser(text);
        if (parser.ExceedsLimits(countsEqual: true, out fault))
        {
            return null;
        }

        return parser.AtEnd(parser.Disjunction(), out fault);
    }

    /// <summary>Reads the actions of an update in the order they are written.</summary>
    public static List<ActionSyntax>? Update(string text, out string? fault)
    {
        var parser = new Parser(text);
        return parser.ExceedsLimits(countsEqual: false, out fault) ? null : parser.AtEnd(parser.Clauses(), out fault);
    }

    /// <summary>Reads the paths of a projection.</summary>
    public static List<PathSyntax>? Projection(string text, out string? fault)
    {
        var parser = new Parser(text);
        return parser.AtEnd(parser.Paths(), out fault);
    }

    private T? AtEnd<T>(T? result, out string? fault)
        where T : class
    {
        if (result is not null && Kind != TokenKind.End)
        {
            result = Fail<T>();
        }

        fault = result is not null ? null : _refused ?? Describe(_failedAt);
        return result;
    }

    private string Describe(int at)
    {
        Token token = _tokens[at];
        int from = at > 0 ? _tokens[at - 1].Start : 0;
        int to = at + 1 < _tokens.Count ? _tokens[at + 1].End : token.End;
        string name = token.Kind == TokenKind.End ? "<EOF>" : TextOf(token);
        return $"Syntax error; token: \"{name}\", near: \"{_text[from..to]}\"";
    }

    /// <summary>Counts operators and functions before any recursion, so that nothing deeper than the limits is ever descended.</summary>
    private bool ExceedsLimits(bool countsEqual, out string? fault)
    {
        int operators = 0;
        int depth = 0;
        int deepest = 0;
        for (int i = 0; i < _tokens.Count; i++)
        {
            TokenKind kind = _tokens[i].Kind;
            operators += kind switch
            {
                TokenKind.Equal => countsEqual ? 1 : 0,
                TokenKind.Between => 0, // Its AND is counted.
                TokenKind.And or TokenKind.Or or TokenKind.Not or TokenKind.In => 1,
                >= TokenKind.NotEqual and <= TokenKind.GreaterOrEqual => 1,
                TokenKind.Plus or TokenKind.Minus => 1,
                TokenKind.Identifier => _tokens[i + 1].Kind == TokenKind.LeftParenthesis ? 1 : 0,
                _ => 0,
            };
            depth += kind == TokenKind.LeftParenthesis ? 1 : kind == TokenKind.RightParenthesis ? -1 : 0;
            deepest = Math.Max(deepest, depth);
        }

        fault = operators > TableLimits.ExpressionOperatorsMax
            ? $"The expression contains too many operators; operator count: {operators}"
            : deepest > TableLimits.ExpressionDepthMax ? Redundant : null;
        return fault is not null;
    }

    private string TextOf(Token token) => _text[token.Start..token.End];

    private string TakeText() => TextOf(_tokens[_at++]);

    private bool Take(TokenKind kind)
    {
        if (Kind != kind)
        {
            return false;
        }

        _at++;
        return true;
    }

    private bool Expect(TokenKind kind)
    {
        if (Take(kind))
        {
            return true;
        }

        _failedAt = Math.Max(_failedAt, _at);
        return false;
    }

    private T? Fail<T>()
        where T : class
    {
        _failedAt = Math.Max(_failedAt, _at);
        return null;
    }

    private PathSyntax? Path()
    {
        if (Kind is not (TokenKind.Identifier or TokenKind.Name))
        {
            return Fail<PathSyntax>();
        }

        var parts = new List<PathPart>(2) { new(Kind, TakeText()) };
        while (true)
        {
            if (Take(TokenKind.Dot))
            {
                if (Kind is not (TokenKind.Identifier or TokenKind.Name))
                {
                    return Fail<PathSyntax>();
                }

                parts.Add(new PathPart(Kind, TakeText()));
            }
            else if (Take(TokenKind.LeftBracket))
            {
                if (Kind != TokenKind.Index)
                {
                    return Fail<PathSyntax>();
                }

                parts.Add(new PathPart(TokenKind.Index, TakeText()));
                if (!Expect(TokenKind.RightBracket))
                {
                    return null;
                }
            }
            else
            {
                return new PathSyntax([.. parts]);
            }
        }
    }

    private List<PathSyntax>? Paths()
    {
        var paths = new List<PathSyntax>();
        do
        {
            PathSyntax? path = Path();
            if (path is null)
            {
                return null;
            }

            paths.Add(path);
        }
        while (Take(TokenKind.Comma));
        return paths;
    }
}
