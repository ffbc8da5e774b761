using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <content>UPDATE: its clauses, and the values that SET takes.</content>
internal sealed partial class StatementParser
{
    private bool ReadUpdate(StatementDraft draft)
    {
        draft.Kind = StatementKind.Update;
        if (!ReadTable(draft, isSelect: false))
        {
            return false;
        }

        if (IsName(Current) || IsWord("AS"))
        {
            return Refuse(StatementErrors.Aliasing);
        }

        while (IsWord("SET") || IsWord("REMOVE"))
        {
            bool isSet = TakeWord("SET");
            _at += isSet ? 0 : 1;
            do
            {
                if (ReadPath() is not { } path || !(isSet ? ReadSet(draft, path) : Add(draft, UpdateKind.Remove, path, null)))
                {
                    return false;
                }
            }
            while (TakeSymbol(","));
        }

        if (draft.Actions.Count == 0)
        {
            return Fail("Expected data manipulation");
        }

        return CheckOperators() && ReadWhere(draft) && ReadReturning(draft);
    }

    /// <summary>The clauses may come in any order and number; each kind of action counts as one clause of an update expression.</summary>
    private static bool Add(StatementDraft draft, UpdateKind kind, PathSyntax path, Syntax? value)
    {
        draft.Actions.Add(new ActionSyntax((int)kind, kind, path, value));
        return true;
    }

    private bool ReadSet(StatementDraft draft, PathSyntax path)
    {
        if (!ExpectSymbol("="))
        {
            return false;
        }

        string function = Next.Text == "(" ? Current.Text.ToUpperInvariant() : "";
        if (function is "SET_ADD" or "SET_DELETE")
        {
            return ReadSetFunction(draft, path, function);
        }

        return ReadSum() is { } value && Add(draft, UpdateKind.Set, path, value);
    }

    /// <summary><c>a = set_add(a, s)</c> adds elements to the set that is there, <c>set_delete</c> takes them out.</summary>
    private bool ReadSetFunction(StatementDraft draft, PathSyntax path, string function)
    {
        StatementToken name = _tokens[_at++];
        StatementToken first = Next;
        if (Nested(() => ReadArguments(ReadSum)) is not { } arguments)
        {
            return false;
        }

        if (arguments.Count != 2)
        {
            return Refuse($"{function} must have exactly two arguments at {PlaceOf(name)}");
        }

        if (arguments[0] is not PathSyntax same || !same.Parts.AsSpan().SequenceEqual(path.Parts))
        {
            return Refuse($"The first argument to {function} must equal the assignment value at {PlaceOf(name)}");
        }

        if (arguments[1] is not ValueSyntax value || ValueOf(value) is not (StringSetValue or NumberSetValue or BinarySetValue))
        {
            return Refuse($"The second argument to {function} must be a value with type SET at {PlaceOf(first)}");
        }

        return Add(draft, function == "SET_ADD" ? UpdateKind.Add : UpdateKind.Delete, path, value);
    }

    private Syntax? ReadSum()
    {
        Syntax? sum = ReadOperand();
        while (sum is not null && (IsSymbol("+") || IsSymbol("-")))
        {
            bool isMinus = IsSymbol("-");
            _at++;
            _operators++;
            Syntax? right = IsAtEnd ? FailInfix() : ReadOperand();
            sum = right is null ? null : new ArithmeticSyntax(isMinus, sum, right);
        }

        return sum;
    }

    private Syntax? ReadOperand()
    {
        if (TakeSymbol("("))
        {
            return Nested(ReadSum) is { } inner && ExpectSymbol(")") ? inner : null;
        }

        if (!IsName(Current))
        {
            return ReadLiteral("root") is { } value ? Placed(value) : null;
        }

        return Current.Kind == StatementTokenKind.Word && Next.Text == "(" ? ReadUpdateCall() : ReadPath();
    }

    private CallSyntax? ReadUpdateCall()
    {
        StatementToken name = _tokens[_at++];
        string function = name.Text.ToLowerInvariant();
        if (function is not ("list_append" or "if_not_exists"))
        {
            return RefuseWith<CallSyntax>($"Unrecognized function: {function} at {PlaceOf(name)}");
        }

        _operators++;
        return Nested(() => ReadArguments(ReadSum)) is { } arguments ? new CallSyntax(function, arguments) : null;
    }
}
