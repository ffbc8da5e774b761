using System.Globalization;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <content>Tables, paths, and how tokens are taken.</content>
internal sealed partial class StatementParser
{
    private bool ReadTable(StatementDraft draft, bool isSelect)
    {
        var parts = new List<string>(2);
        do
        {
            if (!IsName(Current))
            {
                return parts.Count > 0 ? Fail("Invalid path dot component") : isSelect ? FailTerm() : Fail("Expected identifier for simple path");
            }

            parts.Add(_tokens[_at++].Text);
        }
        while (TakeSymbol("."));
        if (IsSymbol("["))
        {
            return Refuse("Invalid list expression in source.");
        }

        if (parts.Count > 2)
        {
            return Refuse("A path may contain at most 2 components in the FROM clause");
        }

        if (parts.Contains(""))
        {
            return Refuse("Path component cannot be an empty string");
        }

        if (parts.Count == 2 && !isSelect)
        {
            return Refuse("This operation is not supported on an index");
        }

        draft.IndexName = parts.Count == 2 ? parts[1] : null;
        _error = SentTable.TryRead(parts[0], _scope, out SentTable table);
        draft.Table = table;
        return _error is null && ((table.Name is { Length: >= 3 and <= 255 } name && Constraints.IsName(name))
            || Refuse("Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'."));
    }

    /// <summary>A path into an item; null when there is none.</summary>
    private PathSyntax? ReadPath()
    {
        if (!IsName(Current))
        {
            return IsSymbol("[") ? RefuseWith<PathSyntax>("A path cannot start with a list index") : FailTermWith<PathSyntax>();
        }

        var parts = new List<PathPart>(2) { NamePart(_tokens[_at++].Text) };
        while (IsSymbol(".") || IsSymbol("["))
        {
            bool isIndex = TakeSymbol("[");
            if (!(isIndex ? ReadIndex(parts) : TakeSymbol(".") && ReadStep(parts)))
            {
                return null;
            }
        }

        return parts.Exists(static p => p.Text.Length == 0)
            ? RefuseWith<PathSyntax>("Path component cannot be an empty string")
            : new PathSyntax([.. parts]);
    }

    private bool ReadStep(List<PathPart> parts)
    {
        if (IsSymbol("*"))
        {
            return Refuse("Unpivot path component like a.*.b are not supported");
        }

        if (!IsName(Current))
        {
            return Fail("Invalid path dot component");
        }

        parts.Add(NamePart(_tokens[_at++].Text));
        return true;
    }

    /// <summary>Behind the bracket: the number of an element, or a name in quotes, which is a step into a map.</summary>
    private bool ReadIndex(List<PathPart> parts)
    {
        StatementToken token = Current;
        if (IsSymbol("*"))
        {
            return Refuse("Wildcard path component like a[*].b are not supported");
        }

        if (token.Kind == StatementTokenKind.Text)
        {
            parts.Add(NamePart(token.Text));
        }
        else if (token.Kind == StatementTokenKind.Number && token.Text.All(char.IsAsciiDigit))
        {
            parts.Add(new PathPart(TokenKind.Index, token.Text));
        }
        else
        {
            return FailTerm();
        }

        _at++;
        return ExpectSymbol("]");
    }

    /// <summary>A name as a part of a path: a placeholder of its own, the same for the same name; empty for the empty name, which no path has.</summary>
    private PathPart NamePart(string name)
    {
        if (name.Length == 0)
        {
            return new PathPart(TokenKind.Name, "");
        }

        if (!_placeholders.TryGetValue(name, out string? placeholder))
        {
            placeholder = "#n" + _names.Count.ToString(CultureInfo.InvariantCulture);
            _placeholders.Add(name, placeholder);
            _names.Add(new ExpressionName(placeholder, name));
        }

        return new PathPart(TokenKind.Name, placeholder);
    }

    private string NameOf(PathPart part) => _names.Find(n => n.Placeholder == part.Text).Name;

    private ValueSyntax Placed(AttributeValue value)
    {
        if (Nesting.Of(value) > TableLimits.NestingLevelsMax)
        {
            _ = Refuse(AttributeValueJson.TooDeep);
        }

        string placeholder = ":v" + _values.Count.ToString(CultureInfo.InvariantCulture);
        _values.Add(new ExpressionValue(placeholder, value));
        return new ValueSyntax(placeholder);
    }

    private AttributeValue ValueOf(ValueSyntax value) => _values.Find(v => v.Placeholder == value.Name).Value;

    /// <summary>Something else stands where an operand should begin.</summary>
    private bool FailTerm()
    {
        StatementToken token = Current;
        bool isOperator = token.Kind == StatementTokenKind.Word ? StatementWords.IsOperator(token.Text)
            : token.Kind == StatementTokenKind.Symbol && token.Text is "=" or "<>" or "!=" or "<" or "<=" or ">" or ">=" or "+";
        bool isKeyword = token.Kind == StatementTokenKind.Word && StatementWords.IsKeyword(token.Text);
        return Fail(isOperator ? "Unexpected operator" : isKeyword ? "Unexpected keyword" : "Unexpected term");
    }

    private static bool IsName(StatementToken token) => token.Kind == StatementTokenKind.Quoted
        || (token.Kind == StatementTokenKind.Word && !StatementWords.IsKeyword(token.Text));

    private bool IsWord(string word) =>
        Current.Kind == StatementTokenKind.Word && Current.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool IsSymbol(string symbol) => Current.Kind == StatementTokenKind.Symbol && Current.Text == symbol;

    private bool TakeWord(string word)
    {
        bool isIt = IsWord(word);
        _at += isIt ? 1 : 0;
        return isIt;
    }

    private bool TakeSymbol(string symbol)
    {
        bool isIt = IsSymbol(symbol);
        _at += isIt ? 1 : 0;
        return isIt;
    }

    private bool ExpectWord(string word) => TakeWord(word) || FailTerm();

    private bool ExpectSymbol(string symbol) => TakeSymbol(symbol) || (IsAtEnd ? Fail("Unexpected term") : FailTerm());

    /// <summary>Line, column and length of a token, as messages give them.</summary>
    private string PlaceOf(StatementToken token)
    {
        int line = 1 + _text.AsSpan(0, token.Start).Count('\n');
        int column = token.Start - _text.AsSpan(0, token.Start).LastIndexOf('\n');
        return $"{line}:{column}:{token.Length}";
    }

    private bool Fail(string detail)
    {
        _error ??= StatementErrors.NotWellFormed(detail);
        return false;
    }

    private bool Refuse(string message)
    {
        _error ??= TableError.Validation(message);
        return false;
    }

    private T? RefuseWith<T>(string message)
        where T : class
    {
        _ = Refuse(message);
        return null;
    }

    private T? FailWith<T>(string detail)
        where T : class
    {
        _ = Fail(detail);
        return null;
    }

    private T? FailTermWith<T>()
        where T : class
    {
        _ = FailTerm();
        return null;
    }
}
