using System.Text;

namespace Nines.Tables.Model.Expressions;

/// <summary>What a token is.</summary>
internal enum TokenKind : byte
{
    /// <summary>A letter, then letters, digits and underscores.</summary>
    Identifier,

    /// <summary>A name placeholder: #n.</summary>
    Name,

    /// <summary>A value placeholder: :v.</summary>
    Value,

    /// <summary>A whole number without leading zeros.</summary>
    Index,

    And,
    Or,
    Not,
    Between,
    In,
    Set,
    Remove,
    Add,
    Delete,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    Comma,
    Dot,
    Plus,
    Minus,

    /// <summary>A character that no expression contains.</summary>
    Unknown,

    /// <summary>Behind the last token.</summary>
    End,
}

/// <summary>A token: text[Start..End].</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End);

/// <summary>Cuts an expression into tokens. Any text has tokens; the parser judges them.</summary>
internal static class Lexer
{
    private static readonly (string Word, TokenKind Kind)[] Keywords =
    [
        ("AND", TokenKind.And),
        ("OR", TokenKind.Or),
        ("NOT", TokenKind.Not),
        ("BETWEEN", TokenKind.Between),
        ("IN", TokenKind.In),
        ("SET", TokenKind.Set),
        ("REMOVE", TokenKind.Remove),
        ("ADD", TokenKind.Add),
        ("DELETE", TokenKind.Delete),
    ];

    /// <summary>The tokens in order, the last one <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Read(string text)
    {
        var tokens = new List<Token>(16);
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            if (c is ' ' or '\t' or '\r' or '\n')
            {
                at++;
                continue;
            }

            Token token = Next(text, at);
            tokens.Add(token);
            at = token.End;
        }

        tokens.Add(new Token(TokenKind.End, text.Length, text.Length));
        return tokens;
    }

    private static Token Next(string text, int start)
    {
        char c = text[start];
        if (char.IsAsciiLetter(c))
        {
            int end = EndOfWord(text, start + 1);
            return new Token(KindOfWord(text.AsSpan(start, end - start)), start, end);
        }

        if (c is '#' or ':')
        {
            int end = EndOfWord(text, start + 1);
            TokenKind kind = end == start + 1 ? TokenKind.Unknown : c == '#' ? TokenKind.Name : TokenKind.Value;
            return new Token(kind, start, end);
        }

        if (char.IsAsciiDigit(c))
        {
            int end = start + 1;
            while (c != '0' && end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            return new Token(TokenKind.Index, start, end);
        }

        return Sign(text, start);
    }

    private static Token Sign(string text, int start)
    {
        char next = start + 1 < text.Length ? text[start + 1] : '\0';
        (TokenKind kind, int length) = text[start] switch
        {
            '<' when next == '>' => (TokenKind.NotEqual, 2),
            '<' when next == '=' => (TokenKind.LessOrEqual, 2),
            '>' when next == '=' => (TokenKind.GreaterOrEqual, 2),
            '<' => (TokenKind.Less, 1),
            '>' => (TokenKind.Greater, 1),
            '=' => (TokenKind.Equal, 1),
            '(' => (TokenKind.LeftParenthesis, 1),
            ')' => (TokenKind.RightParenthesis, 1),
            '[' => (TokenKind.LeftBracket, 1),
            ']' => (TokenKind.RightBracket, 1),
            ',' => (TokenKind.Comma, 1),
            '.' => (TokenKind.Dot, 1),
            '+' => (TokenKind.Plus, 1),
            '-' => (TokenKind.Minus, 1),
            _ => (TokenKind.Unknown, char.IsHighSurrogate(text[start]) && char.IsLowSurrogate(next) ? 2 : 1),
        };
        return new Token(kind, start, start + length);
    }

    private static int EndOfWord(string text, int at)
    {
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        return at;
    }

    private static TokenKind KindOfWord(ReadOnlySpan<char> word)
    {
        foreach ((string keyword, TokenKind kind) in Keywords)
        {
            if (Ascii.EqualsIgnoreCase(word, keyword))
            {
                return kind;
            }
        }

        return TokenKind.Identifier;
    }
}
