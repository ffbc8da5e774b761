using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

internal sealed partial class Compiler
{
    /// <summary>
    /// Compiles an update. After the checks without placeholders come the paths of all actions and how they go together; then, from
    /// the last action back to the first, all other names, and once more all values and types.
    /// </summary>
    public UpdateProgram? Update(List<ActionSyntax> written)
    {
        if (!CheckActions(written))
        {
            return null;
        }

        var paths = new DocumentPath[written.Count];
        var tree = new PathTree();
        for (int i = 0; i < paths.Length; i++)
        {
            if (Resolve(written[i].Path) is not DocumentPath path)
            {
                return null;
            }

            paths[i] = path;
        }

        foreach (DocumentPath path in paths)
        {
            if (tree.Add(path) is string clash)
            {
                return FailWith<UpdateProgram>(clash);
            }
        }

        for (int i = paths.Length - 1; i >= 0; i--)
        {
            if (written[i].Value is Syntax value && !CheckNames(value))
            {
                return null;
            }
        }

        var actions = new UpdateAction[paths.Length];
        for (int i = paths.Length - 1; i >= 0; i--)
        {
            UpdateValue? value = written[i].Value is Syntax syntax ? BuildValue(syntax) : null;
            if (Fault is not null || !CheckLiteral(written[i].Kind, value))
            {
                return null;
            }

            actions[i] = new UpdateAction(written[i].Kind, paths[i], value);
        }

        return UpdateProgram.Create(actions, out _);
    }

    /// <summary>Compiles a projection.</summary>
    public ProjectionPlan? Projection(List<PathSyntax> written)
    {
        if (!written.TrueForAll(CheckParts))
        {
            return null;
        }

        List<DocumentPath?> paths = written.ConvertAll(Resolve);
        if (Fault is not null)
        {
            return null;
        }

        var tree = new PathTree();
        foreach (DocumentPath? path in paths)
        {
            if (tree.Add(path!) is string clash)
            {
                return FailWith<ProjectionPlan>(clash);
            }
        }

        return new ProjectionPlan(tree);
    }

    /// <summary>Compiles a path that stands alone.</summary>
    public DocumentPath? Path(PathSyntax written) => CheckParts(written) ? Resolve(written) : null;

    /// <summary>Clause by clause in the order they first appear; each kind may appear once.</summary>
    private bool CheckActions(List<ActionSyntax> written)
    {
        Span<bool> seen = stackalloc bool[(int)UpdateKind.Delete + 1];
        foreach (ActionSyntax leader in written)
        {
            UpdateKind kind = leader.Kind;
            if (seen[(int)kind])
            {
                continue;
            }

            seen[(int)kind] = true;
            foreach (ActionSyntax action in written)
            {
                if (action.Kind == kind && !(CheckParts(action.Path) && (action.Value is null || CheckValue(action.Value))))
                {
                    return false;
                }
            }

            if (written.Exists(a => a.Kind == kind && a.Clause != leader.Clause))
            {
                return Fail($"The \"{NameOf(kind)}\" section can only be used once in an update expression;");
            }
        }

        return true;
    }

    private bool CheckValue(Syntax syntax)
    {
        switch (syntax)
        {
            case PathSyntax path:
                return CheckParts(path);
            case ParenthesesSyntax parentheses:
                return CheckValue(parentheses.Inner);
            case ArithmeticSyntax arithmetic:
                return CheckValue(arithmetic.Left) && CheckValue(arithmetic.Right);
            case CallSyntax call when ArityOf(call.Function) == 0:
                return Fail($"Invalid function name; function: {call.Function}");
            case CallSyntax call when !IsUpdateFunction(call.Function):
                return Fail($"The function is not allowed in an update expression; function: {call.Function}");
            case CallSyntax call:
                return call.Arguments.TrueForAll(CheckValue);
            default:
                return true;
        }
    }

    private bool CheckNames(Syntax syntax) => syntax switch
    {
        PathSyntax path => Resolve(path) is not null,
        ParenthesesSyntax parentheses => CheckNames(parentheses.Inner),
        ArithmeticSyntax arithmetic => CheckNames(arithmetic.Left) && CheckNames(arithmetic.Right),
        CallSyntax call => call.Arguments.TrueForAll(CheckNames),
        _ => true,
    };

    private UpdateValue? BuildValue(Syntax syntax)
    {
        switch (syntax.Unwrapped)
        {
            case PathSyntax path:
                return Resolve(path) is DocumentPath resolved ? new PathValue(resolved) : null;
            case ValueSyntax value:
                return Resolve(value) is AttributeValue found ? new LiteralValue(found) : null;
            case ArithmeticSyntax arithmetic:
                UpdateValue? left = BuildValue(arithmetic.Left);
                UpdateValue? right = left is null ? null : BuildValue(arithmetic.Right);
                string sign = arithmetic.IsMinus ? "-" : "+";
                return left is not null && right is not null
                    && CheckType(sign, left, AttributeType.Number) && CheckType(sign, right, AttributeType.Number)
                    ? new ArithmeticValue(arithmetic.IsMinus, left, right)
                    : null;
            case CallSyntax call:
                return BuildFunction(call);
            default:
                return null;
        }
    }

    private UpdateValue? BuildFunction(CallSyntax call)
    {
        if (!CheckArity(call, 2))
        {
            return null;
        }

        UpdateValue? first = BuildValue(call.Arguments[0]);
        UpdateValue? second = first is null ? null : BuildValue(call.Arguments[1]);
        if (first is null || second is null)
        {
            return null;
        }

        if (call.Function == "list_append")
        {
            return CheckType(call.Function, first, AttributeType.List) && CheckType(call.Function, second, AttributeType.List)
                ? new AppendValue(first, second)
                : null;
        }

        if (first is not PathValue path)
        {
            _ = FailPath(call.Function);
            return null;
        }

        return CheckDistinct(call.Function, path.Path, (second as PathValue)?.Path)
            ? new FallbackValue(path.Path, second)
            : null;
    }

    private bool CheckType(string function, UpdateValue value, AttributeType wanted) =>
        value is not LiteralValue literal || literal.Value.Type == wanted || FailType(function, literal.Value.Type);

    private bool CheckLiteral(UpdateKind kind, UpdateValue? value)
    {
        if (kind is UpdateKind.Set or UpdateKind.Remove)
        {
            return true;
        }

        AttributeType type = ((LiteralValue)value!).Value.Type;
        string name = NameOf(kind);
        return UpdateAction.Takes(kind, type)
            || Fail($"Incorrect operand type for operator or function; operator: {name}, operand type: {type.Word()}, typeSet: ALLOWED_FOR_{name}_OPERAND");
    }

    private static string NameOf(UpdateKind kind) => kind switch
    {
        UpdateKind.Set => "SET",
        UpdateKind.Remove => "REMOVE",
        UpdateKind.Add => "ADD",
        UpdateKind.Delete => "DELETE",
    };
}
