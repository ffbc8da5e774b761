using System.Text;

namespace Nines.Tables.Protocol.PartiQL;

internal enum StatementTokenKind : byte
{
    /// <summary>A name or a keyword without quotes.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    Quoted,

    /// <summary>A text in single quotes.</summary>
    Text,

    /// <summary>A number without sign.</summary>
    Number,

    /// <summary>A sign of one or two characters.</summary>
    Symbol,

    /// <summary>Behind the last token.</summary>
    End,
}

/// <summary>A token: what it says, quotes taken off, and where it stands in the statement.</summary>
internal readonly record struct StatementToken(StatementTokenKind Kind, string Text, int Start, int Length);

/// <summary>Cuts a statement into tokens.</summary>
internal static class StatementLexer
{
    private const string Symbols = "()[]{},.:;*?+-=<>";

    private static readonly string[] LongSymbols = ["<<", ">>", "<=", ">=", "<>", "!="];

    /// <summary>The tokens, the last of which is the end; null when there is something that no statement contains.</summary>
    public static List<StatementToken>? Read(string text)
    {
        var tokens = new List<StatementToken>();
        int at = 0;
        while (true)
        {
            at = AfterBlanks(text, at);
            if (at == text.Length)
            {
                tokens.Add(new StatementToken(StatementTokenKind.End, "", at, 0));
                return tokens;
            }

            if (at < 0 || ReadOne(text, at) is not { } token)
            {
                return null;
            }

            tokens.Add(token);
            at += token.Length;
        }
    }

    /// <summary>Behind blanks and comments; -1: a comment does not end.</summary>
    private static int AfterBlanks(string text, int at)
    {
        while (at < text.Length)
        {
            ReadOnlySpan<char> left = text.AsSpan(at);
            if (char.IsWhiteSpace(left[0]))
            {
                at++;
            }
            else if (left.StartsWith("--"))
            {
                int end = left.IndexOf('\n');
                at = end < 0 ? text.Length : at + end;
            }
            else if (left.StartsWith("/*"))
            {
                int end = left[2..].IndexOf("*/");
                if (end < 0)
                {
                    return -1;
                }

                at += end + 4;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static StatementToken? ReadOne(string text, int at)
    {
        char first = text[at];
        if (first is '\'' or '"')
        {
            return ReadQuoted(text, at);
        }

        if (IsWordStart(first))
        {
            int end = at + 1;
            while (end < text.Length && (IsWordStart(text[end]) || char.IsAsciiDigit(text[end])))
            {
                end++;
            }

            return new StatementToken(StatementTokenKind.Word, text[at..end], at, end - at);
        }

        if (char.IsAsciiDigit(first))
        {
            int end = EndOfNumber(text, at);
            return new StatementToken(StatementTokenKind.Number, text[at..end], at, end - at);
        }

        foreach (string symbol in LongSymbols)
        {
            if (text.AsSpan(at).StartsWith(symbol))
            {
                return new StatementToken(StatementTokenKind.Symbol, symbol, at, 2);
            }
        }

        return Symbols.Contains(first, StringComparison.Ordinal)
            ? new StatementToken(StatementTokenKind.Symbol, first.ToString(), at, 1)
            : null;
    }

    /// <summary>Up to the closing quote; two of them stand for one.</summary>
    private static StatementToken? ReadQuoted(string text, int at)
    {
        char quote = text[at];
        StatementTokenKind kind = quote == '"' ? StatementTokenKind.Quoted : StatementTokenKind.Text;
        var said = new StringBuilder();
        int from = at + 1;
        while (true)
        {
            int end = text.IndexOf(quote, from);
            if (end < 0)
            {
                return null;
            }

            said.Append(text, from, end - from);
            if (end + 1 == text.Length || text[end + 1] != quote)
            {
                return new StatementToken(kind, said.ToString(), at, end + 1 - at);
            }

            said.Append(quote);
            from = end + 2;
        }
    }

    private static int EndOfNumber(string text, int at)
    {
        int end = AfterDigits(text, at);
        if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
        {
            end = AfterDigits(text, end + 1);
        }

        if (end < text.Length && text[end] is 'e' or 'E')
        {
            int digits = end + 1 < text.Length && text[end + 1] is '+' or '-' ? end + 2 : end + 1;
            int behind = AfterDigits(text, digits);
            end = behind > digits ? behind : end;
        }

        return end;
    }

    private static int AfterDigits(string text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsWordStart(char c) => char.IsLetter(c) || c is '_' or '$';
}
