using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <content>
/// Conditions.
/// <code>
/// condition := conjunction {OR conjunction}
/// conjunction := negation {AND negation}
/// negation  := NOT negation | comparison
/// comparison := term [comparator term | BETWEEN term AND term | [NOT] IN (terms) | IS [NOT] type]
/// term      := literal | path | function ( terms ) | ( condition )
/// </code>
/// </content>
internal sealed partial class StatementParser
{
    private bool ReadWhere(StatementDraft draft)
    {
        if (!TakeWord("WHERE"))
        {
            return true;
        }

        draft.Where = ReadJunction("OR");
        return draft.Where is not null
            && (IsCondition(draft.Where) || Refuse("WHERE clause must contain an expression that resolves to a boolean"))
            && CheckOperators();
    }

    /// <summary>Trees are as deep as they have operators at most, and replicas take none that is deeper.</summary>
    private bool CheckOperators()
    {
        int operators = _operators;
        _operators = 0;
        return operators <= TableLimits.ExpressionOperatorsMax
            || Refuse($"The expression contains too many operators; operator count: {operators}");
    }

    private Syntax? ReadJunction(string joint)
    {
        Syntax? first = joint == "OR" ? ReadJunction("AND") : ReadNegation();
        if (first is null || !IsWord(joint))
        {
            return first;
        }

        var parts = new List<Syntax> { first };
        while (TakeWord(joint))
        {
            _operators++;
            Syntax? next = IsAtEnd ? FailInfix() : joint == "OR" ? ReadJunction("AND") : ReadNegation();
            if (next is null)
            {
                return null;
            }

            parts.Add(next);
        }

        return parts.TrueForAll(IsCondition)
            ? new JunctionSyntax(joint == "AND", parts)
            : RefuseWith<Syntax>("The arguments to AND/OR must be Expressions");
    }

    private Syntax? ReadNegation()
    {
        if (!TakeWord("NOT"))
        {
            return ReadComparison();
        }

        _operators++;
        Syntax? inner = Nested(ReadNegation);
        return inner is null ? null
            : IsCondition(inner) ? new NotSyntax(inner)
            : RefuseWith<Syntax>("The argument to NOT must be a Type or Expression");
    }

    private Syntax? ReadComparison()
    {
        Syntax? left = ReadTerm();
        if (left is null)
        {
            return null;
        }

        if (Current.Kind == StatementTokenKind.Symbol && Current.Text is "+" or "-")
        {
            return RefuseWith<Syntax>("Unsupported operator in Condition Expression. Operator: " + Current.Text);
        }

        if (Current.Kind == StatementTokenKind.Symbol && ComparatorOf(Current.Text) is { } comparator)
        {
            _at++;
            _operators++;
            return ReadRight() is { } right ? Compared(comparator, left, right) : null;
        }

        if (TakeWord("BETWEEN"))
        {
            _operators++;
            return ReadRight() is { } low && ExpectWord("AND") && ReadRight() is { } high && CheckValue(left) && CheckValue(low) && CheckValue(high)
                ? new BetweenSyntax(left, low, high)
                : null;
        }

        if (TakeWord("IS"))
        {
            _operators++;
            bool isNot = TakeWord("NOT");
            return Negated(isNot, ReadType(left));
        }

        bool isNotIn = IsWord("NOT") && Next.Text.Equals("IN", StringComparison.OrdinalIgnoreCase) && TakeWord("NOT");
        if (TakeWord("IN"))
        {
            _operators++;
            return Negated(isNotIn, ReadMembers(left));
        }

        return left;
    }

    private static Syntax? Negated(bool isNot, Syntax? inner) => isNot && inner is not null ? new NotSyntax(inner) : inner;

    private Syntax? ReadRight() => IsAtEnd ? FailInfix() : ReadTerm();

    private Syntax? FailInfix() => FailWith<Syntax>("Missing right-hand side expression of infix operator");

    /// <summary>A condition may be compared with a truth value, which either keeps it or turns it round.</summary>
    private Syntax? Compared(Comparator comparator, Syntax left, Syntax right)
    {
        if (IsCondition(left) && right is ValueSyntax value && ValueOf(value) is BooleanValue truth && comparator is Comparator.Equal or Comparator.NotEqual)
        {
            _operators++;
            return truth.Value == (comparator == Comparator.Equal) ? left : new NotSyntax(left);
        }

        return CheckValue(left) && CheckValue(right) ? new ComparisonSyntax(comparator, left, right) : null;
    }

    private bool CheckValue(Syntax syntax) =>
        !IsCondition(syntax) || Refuse("Unsupported operator in Condition Expression. Operator: " + (syntax as CallSyntax)?.Function);

    private Syntax? ReadMembers(Syntax left)
    {
        string close = IsSymbol("(") ? ")" : "]";
        if (left is not PathSyntax || !(TakeSymbol("(") || TakeSymbol("[")) || IsSymbol(close))
        {
            return RefuseWith<Syntax>("IN operator must have a left hand argument of type Variable Reference and right hand argument "
                + "of type Seq with at least one member");
        }

        var members = new List<Syntax>();
        do
        {
            if (ReadTerm() is not { } member || !CheckValue(member))
            {
                return null;
            }

            members.Add(member);
        }
        while (TakeSymbol(","));
        return ExpectSymbol(close) ? new InSyntax(left, members) : null;
    }

    /// <summary>IS MISSING, IS NULL or IS with the name of a type.</summary>
    private CallSyntax? ReadType(Syntax left)
    {
        if (left is not PathSyntax)
        {
            return RefuseWith<CallSyntax>("The left hand side argument to IS must be a Variable Reference, Literal, or Path");
        }

        if (TakeWord("MISSING"))
        {
            return new CallSyntax("attribute_not_exists", [left]);
        }

        StatementToken token = Current;
        string? code = token.Kind != StatementTokenKind.Word ? null : token.Text.ToUpperInvariant() switch
        {
            "NULL" => "NULL",
            "BOOL" or "BOOLEAN" => "BOOL",
            "BLOB" => "B",
            "STRING" => "S",
            "NUMERIC" => "N",
            "STRUCT" or "TUPLE" => "M",
            "LIST" => "L",
            _ => null,
        };
        if (code is null)
        {
            return IsUnusedType(token)
                ? RefuseWith<CallSyntax>($"Unsupported data type for IS operator: {token.Text}. "
                    + "Supported data types are [MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]")
                : FailWith<CallSyntax>("Expected type name");
        }

        _at++;
        return new CallSyntax("attribute_type", [left, Placed(AttributeValue.Of(code))]);
    }

    private static bool IsUnusedType(StatementToken token) => token.Kind == StatementTokenKind.Word && token.Text.ToUpperInvariant()
        is "INT" or "INTEGER" or "INT4" or "INT8" or "SMALLINT" or "BIGINT" or "FLOAT" or "REAL" or "DECIMAL" or "TIMESTAMP" or "SYMBOL" or "CLOB"
        or "SEXP" or "BAG" or "ANY" or "CHAR" or "VARCHAR" or "DATE" or "TIME";

    private Syntax? ReadTerm()
    {
        if (IsSymbol("("))
        {
            _at++;
            return Nested(() => ReadJunction("OR")) is { } inner && ExpectSymbol(")") ? inner : null;
        }

        if (Current.Kind == StatementTokenKind.Word && Next.Text == "(" && (IsName(Current) || IsWord("EXISTS")))
        {
            return ReadCall();
        }

        return IsName(Current) ? ReadPath() : ReadLiteral("root") is { } value ? Placed(value) : null;
    }

    private CallSyntax? ReadCall()
    {
        StatementToken name = _tokens[_at++];
        string function = name.Text.ToLowerInvariant();
        if (function is not ("attribute_exists" or "attribute_not_exists" or "attribute_type" or "begins_with" or "contains" or "size"))
        {
            return RefuseWith<CallSyntax>($"Unrecognized function: {function} at {PlaceOf(name)}");
        }

        _operators++;
        return Nested(() => ReadArguments(ReadTerm)) is { } arguments && arguments.TrueForAll(CheckValue)
            ? new CallSyntax(function, arguments)
            : null;
    }

    private List<Syntax>? ReadArguments(Func<Syntax?> readOne)
    {
        var arguments = new List<Syntax>(2);
        if (!ExpectSymbol("("))
        {
            return null;
        }

        while (!TakeSymbol(")"))
        {
            if ((arguments.Count > 0 && !ExpectSymbol(",")) || readOne() is not { } argument)
            {
                return null;
            }

            arguments.Add(argument);
        }

        return arguments;
    }

    /// <summary>True or false for an item, and no value.</summary>
    private static bool IsCondition(Syntax syntax) => syntax is not (PathSyntax or ValueSyntax or CallSyntax { Function: "size" });

    private static Comparator? ComparatorOf(string sign) => sign switch
    {
        "=" => Comparator.Equal,
        "<>" or "!=" => Comparator.NotEqual,
        "<" => Comparator.Less,
        "<=" => Comparator.LessOrEqual,
        ">" => Comparator.Greater,
        ">=" => Comparator.GreaterOrEqual,
        _ => null,
    };
}
