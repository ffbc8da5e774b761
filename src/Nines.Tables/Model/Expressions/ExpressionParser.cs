using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// Reads the expressions of a request into what is evaluated. All expressions of one request share one
/// <see cref="ExpressionContext"/>; ask it for unused placeholders after the last one.
/// </summary>
public static class ExpressionParser
{
    /// <summary>Reads a condition, filter or key condition; the kind names it in messages.</summary>
    public static Parsed<Condition> ParseCondition(string text, ExpressionKind kind, ExpressionContext context)
    {
        string? fault = CheckSize(text);
        Syntax? syntax = fault is null ? Parser.Condition(text, out fault) : null;
        var compiler = new Compiler(context);
        Condition? condition = syntax is null ? null : compiler.Condition(syntax);
        return Result(condition, kind, fault ?? compiler.Fault);
    }

    /// <summary>Reads an update expression.</summary>
    public static Parsed<UpdateProgram> ParseUpdate(string text, ExpressionContext context)
    {
        string? fault = CheckSize(text);
        List<ActionSyntax>? actions = fault is null ? Parser.Update(text, out fault) : null;
        var compiler = new Compiler(context);
        UpdateProgram? program = actions is null ? null : compiler.Update(actions);
        return Result(program, ExpressionKind.Update, fault ?? compiler.Fault);
    }

    /// <summary>Reads a projection expression.</summary>
    public static Parsed<ProjectionPlan> ParseProjection(string text, ExpressionContext context)
    {
        string? fault = CheckSize(text);
        List<PathSyntax>? paths = fault is null ? Parser.Projection(text, out fault) : null;
        var compiler = new Compiler(context);
        ProjectionPlan? plan = paths is null ? null : compiler.Projection(paths);
        return Result(plan, ExpressionKind.Projection, fault ?? compiler.Fault);
    }

    /// <summary>
    /// The error of a condition or filter that looks inside a key attribute, or null: key values are scalars.
    /// </summary>
    public static TableError? CheckScalarKeys(Condition condition, IReadOnlyList<string> keyNames)
    {
        string? nested = null;
        condition.VisitPaths(path =>
        {
            if (nested is null && path.IsNested && keyNames.Contains(path.Root))
            {
                nested = path.Root;
            }
        });
        return nested is null
            ? null
            : TableError.Validation(
                $"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {nested}");
    }

    private static Parsed<T> Result<T>(T? value, ExpressionKind kind, string? fault)
        where T : class =>
        value is not null ? Parsed<T>.Ok(value) : Parsed<T>.Fail($"Invalid {kind}Expression: {fault}");

    private static string? CheckSize(string text)
    {
        if (text.Length == 0)
        {
            return "The expression can not be empty;";
        }

        int size = Encoding.UTF8.GetByteCount(text);
        return size > TableLimits.ExpressionBytesMax
            ? $"Expression size has exceeded the maximum allowed size; expression size: {size}"
            : null;
    }
}
