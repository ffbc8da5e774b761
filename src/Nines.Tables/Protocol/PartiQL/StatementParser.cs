using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>
/// Recursive descent over the tokens of one statement, without backtracking. The first error ends it. Conditions and updates become the same
/// syntax trees that expressions have, with a placeholder for every name and value, so that they are checked and compiled by the same rules.
/// <code>
/// statement := select | insert | update | delete | EXISTS ( select )
/// select    := SELECT (* | path {, path}) FROM table [. index] [WHERE condition] [ORDER BY name [ASC|DESC] {, ...}]
/// insert    := INSERT INTO table VALUE literal
/// update    := UPDATE table {SET path = value {, ...} | REMOVE path {, ...}} [WHERE condition] [returning]
/// delete    := DELETE FROM table [WHERE condition] [returning]
/// returning := RETURNING (ALL|MODIFIED) (OLD|NEW) *
/// </code>
/// </summary>
internal sealed partial class StatementParser
{
    private readonly string _text;
    private readonly List<StatementToken> _tokens;
    private readonly IReadOnlyList<AttributeValue> _parameters;
    private readonly TableScope _scope;
    private readonly Dictionary<string, string> _placeholders = new(StringComparer.Ordinal);
    private readonly List<ExpressionName> _names = [];
    private readonly List<ExpressionValue> _values = [];
    private int _at;
    private int _used;
    private int _depth;
    private int _operators;
    private TableError? _error;

    private StatementParser(string text, List<StatementToken> tokens, IReadOnlyList<AttributeValue> parameters, TableScope scope)
    {
        _text = text;
        _tokens = tokens;
        _parameters = parameters;
        _scope = scope;
    }

    private StatementToken Current => _tokens[_at];

    private StatementToken Next => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    private bool IsAtEnd => Current.Kind == StatementTokenKind.End || IsSymbol(";");

    /// <summary>Reads a statement. Names of tables may be ARNs of the scope.</summary>
    public static ParsedRequest<Statement> Read(string text, IReadOnlyList<AttributeValue> parameters, TableScope scope)
    {
        if (StatementLexer.Read(text) is not { } tokens)
        {
            return new(StatementErrors.NotWellFormed(""));
        }

        var parser = new StatementParser(text, tokens, parameters, scope);
        var draft = new StatementDraft();
        if (!parser.ReadStatement(draft) || !parser.ReadEnd() || parser._error is not null)
        {
            return new(parser._error!);
        }

        return parser._used != parameters.Count
            ? new(TableError.Validation(StatementErrors.ParameterCount))
            : draft.Compile(parser._names, parser._values);
    }

    private bool ReadEnd()
    {
        if (TakeSymbol(";") && Current.Kind != StatementTokenKind.End)
        {
            return Refuse("Only one operation is allowed in a statement.");
        }

        return Current.Kind == StatementTokenKind.End || Fail("Unexpected token after expression");
    }

    private bool ReadStatement(StatementDraft draft)
    {
        if (TakeWord("SELECT"))
        {
            return ReadSelect(draft);
        }

        if (TakeWord("INSERT"))
        {
            return ReadInsert(draft);
        }

        if (TakeWord("UPDATE"))
        {
            return ReadUpdate(draft);
        }

        if (TakeWord("DELETE"))
        {
            draft.Kind = StatementKind.Delete;
            return ExpectWord("FROM") && ReadTable(draft, isSelect: false)
                && ((!IsName(Current) && !IsWord("AS")) || Refuse(StatementErrors.Aliasing)) && ReadWhere(draft) && ReadReturning(draft);
        }

        if (!TakeWord("EXISTS"))
        {
            return Fail("Expected data manipulation");
        }

        bool isRead = ExpectSymbol("(") && ExpectWord("SELECT") && ReadSelect(draft) && ExpectSymbol(")");
        draft.Kind = StatementKind.Check;
        return isRead;
    }

    private bool ReadSelect(StatementDraft draft)
    {
        draft.Kind = StatementKind.Select;
        if (IsWord("VALUE") || IsWord("PIVOT"))
        {
            return Refuse("Select projection doesn't support value or pivot keywords");
        }

        if (!ReadSelection(draft))
        {
            return false;
        }

        if (!TakeWord("FROM"))
        {
            return IsAtEnd ? Fail("Unexpected term") : FailTerm();
        }

        return ReadTable(draft, isSelect: true) && CheckBehindSource() && ReadWhere(draft) && ReadOrder(draft) && CheckClauses();
    }

    private bool CheckBehindSource() =>
        IsName(Current) || IsWord("AS") ? Refuse(StatementErrors.Aliasing)
        : !IsSymbol(",") || Refuse("Only select from a single table or index is supported.");

    private bool ReadSelection(StatementDraft draft)
    {
        do
        {
            if (TakeSymbol("*"))
            {
                draft.SelectsAll = true;
            }
            else if (Current.Kind is StatementTokenKind.Text or StatementTokenKind.Number || (Current.Kind == StatementTokenKind.Word && Next.Text == "("))
            {
                return Refuse("Unexpected path component at " + PlaceOf(Current));
            }
            else if (ReadPath() is { } path)
            {
                draft.Selected.Add(path);
            }
            else
            {
                return false;
            }

            if (IsName(Current) || IsWord("AS"))
            {
                return Refuse(StatementErrors.Aliasing);
            }
        }
        while (TakeSymbol(","));
        return !draft.SelectsAll || draft.Selected.Count == 0
            || Refuse("Other attributes should not be present in the projection when '*' is used.");
    }

    private bool ReadOrder(StatementDraft draft)
    {
        if (!TakeWord("ORDER"))
        {
            return true;
        }

        if (!ExpectWord("BY"))
        {
            return false;
        }

        do
        {
            if (Current.Kind is StatementTokenKind.Text or StatementTokenKind.Number)
            {
                return Refuse("Argument to ORDER BY must be of type VariableReference. Type: Literal");
            }

            if (ReadPath() is not { } path)
            {
                return false;
            }

            if (path.Parts.Length > 1)
            {
                return Refuse("Argument to ORDER BY must be of type VariableReference. Type: Path");
            }

            bool isDescending = TakeWord("DESC");
            _at += !isDescending && IsWord("ASC") ? 1 : 0;
            draft.Order.Add(new OrderTerm(NameOf(path.Parts[0]), isDescending));
        }
        while (TakeSymbol(","));
        return true;
    }

    private bool CheckClauses() => !IsWord("LIMIT") || Refuse("Unsupported clause: LIMIT at " + PlaceOf(Next));

    private bool ReadInsert(StatementDraft draft)
    {
        draft.Kind = StatementKind.Insert;
        if (!ExpectWord("INTO") || !ReadTable(draft, isSelect: false))
        {
            return false;
        }

        if (IsSymbol("<<") || IsSymbol("["))
        {
            return Refuse("Unsupported operation: Inserting multiple items in a single statement is not supported, "
                + "use \"INSERT INTO tableName VALUE item\" instead");
        }

        if (!TakeWord("VALUE"))
        {
            return Fail("Unexpected token after expression");
        }

        const string NoItem = "Unsupported format in item expression. Please use struct format {...} to express item values for insert statement.";
        if (!IsSymbol("{") && !IsSymbol("?"))
        {
            return Refuse(NoItem);
        }

        AttributeValue? item = IsSymbol("{") ? ReadMap("root", isItem: true) : ReadLiteral("root");
        draft.Inserted = (item as MapValue)?.Entries;
        return item is not null
            && (draft.Inserted is not null
                || Refuse(NoItem))
            && (!IsWord("RETURNING") || Refuse("RETURNING is not supported in INSERT"));
    }

    private bool ReadReturning(StatementDraft draft)
    {
        if (!TakeWord("RETURNING"))
        {
            return true;
        }

        string which = Current.Text.ToUpperInvariant();
        string when = Next.Text.ToUpperInvariant();
        if (which is not ("ALL" or "MODIFIED") || when is not ("OLD" or "NEW"))
        {
            return Fail("Unexpected term");
        }

        _at = Math.Min(_at + 2, _tokens.Count - 1);
        if (!TakeSymbol("*"))
        {
            return Refuse("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause");
        }

        draft.SetReturns(which, when);
        return draft.Kind != StatementKind.Delete || (which == "ALL" && when == "OLD")
            || Refuse($"Invalid returning clause: RETURNING {which} {when} *. Only RETURNING ALL OLD * is allowed in DELETE statements.");
    }
}
