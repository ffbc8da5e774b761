using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>The expressions of a request with their substitution names and values.</summary>
internal sealed class ExpressionParameters
{
    private List<ExpressionName>? _names;
    private List<ExpressionValue>? _values;

    public string? Condition { get; set; }

    public string? Update { get; set; }

    public string? Projection { get; set; }

    /// <summary>FilterExpression of Query and Scan.</summary>
    public string? Filter { get; set; }

    /// <summary>KeyConditionExpression of Query.</summary>
    public string? KeyCondition { get; set; }

    private bool IsPlain => Condition is null && Update is null && Projection is null && Filter is null && KeyCondition is null
        && _names is null && _values is null;

    public void ReadNames(ref JsonInput json) => _names = json.ExpressionNames() ?? _names;

    public void ReadValues(ref JsonInput json) => _values = json.ExpressionValues() ?? _values;

    /// <summary>
    /// Expressions and the parameters of the time before them do not mix, and names and values want an expression that may use them.
    /// </summary>
    public string? CheckUse(ItemOperation operation, LegacyParameters legacy)
    {
        if (IsPlain)
        {
            return null;
        }

        string[] expressions = operation switch
        {
            ItemOperation.Update => ["UpdateExpression", "ConditionExpression"],
            ItemOperation.Get => ["ProjectionExpression"],
            ItemOperation.Put or ItemOperation.Delete or ItemOperation.Check => ["ConditionExpression"],
        };
        return CheckUse(expressions, operation == ItemOperation.Get ? [] : expressions, legacy.Given(operation));
    }

    /// <summary>
    /// The same for any operation: its expressions, those of them that take values, and the older parameters that were given.
    /// </summary>
    public string? CheckUse(string[] expressions, string[] withValues, string[] legacyGiven)
    {
        string[] given = Array.FindAll(expressions, IsGiven);
        if (given.Length > 0 && legacyGiven.Length > 0)
        {
            return "Can not use both expression and non-expression parameters in the same request: "
                + $"Non-expression parameters: {{{string.Join(", ", legacyGiven)}}} "
                + $"Expression parameters: {{{string.Join(", ", given)}}}";
        }

        if (_names is not null && given.Length == 0)
        {
            return "ExpressionAttributeNames can only be specified when using expressions";
        }

        return withValues.Length > 0 && _values is not null && !Array.Exists(withValues, IsGiven)
            ? $"ExpressionAttributeValues can only be specified when using expressions: {string.Join(" and ", withValues)} "
                + (withValues.Length > 1 ? "are null" : "is null")
            : null;
    }

    /// <summary>Compiles what was given, in the order DynamoDB looks at it.</summary>
    public TableError? TryCompile(out ItemExpressions expressions)
    {
        expressions = ItemExpressions.None;
        if (IsPlain)
        {
            return null;
        }

        Parsed<ExpressionContext> context = ExpressionContext.Create(_names, _values);
        if (!context.IsOk)
        {
            return context.Error;
        }

        Parsed<UpdateProgram> update = Update is null ? default : ExpressionParser.ParseUpdate(Update, context.Value);
        if (update.Error is not null)
        {
            return update.Error;
        }

        Parsed<Condition> condition = Condition is null
            ? default
            : ExpressionParser.ParseCondition(Condition, ExpressionKind.Condition, context.Value);
        if (condition.Error is not null)
        {
            return condition.Error;
        }

        Parsed<ProjectionPlan> projection = Projection is null
            ? default
            : ExpressionParser.ParseProjection(Projection, context.Value);
        if (projection.Error is not null)
        {
            return projection.Error;
        }

        expressions = new ItemExpressions { Update = update.Value, Condition = condition.Value, Projection = projection.Value };
        return context.Value.Unused();
    }

    /// <summary>Compiles the expressions of a Query or Scan, in the order DynamoDB looks at them.</summary>
    public TableError? TryCompilePage(out Condition? keyCondition, out Condition? filter, out ProjectionPlan? projection)
    {
        keyCondition = null;
        filter = null;
        projection = null;
        if (IsPlain)
        {
            return null;
        }

        Parsed<ExpressionContext> context = ExpressionContext.Create(_names, _values);
        if (!context.IsOk)
        {
            return context.Error;
        }

        Parsed<Condition> key = KeyCondition is null
            ? default
            : ExpressionParser.ParseCondition(KeyCondition, ExpressionKind.KeyCondition, context.Value);
        Parsed<Condition> wanted = key.Error is not null || Filter is null
            ? default
            : ExpressionParser.ParseCondition(Filter, ExpressionKind.Filter, context.Value);
        Parsed<ProjectionPlan> parts = key.Error is not null || wanted.Error is not null || Projection is null
            ? default
            : ExpressionParser.ParseProjection(Projection, context.Value);
        keyCondition = key.Value;
        filter = wanted.Value;
        projection = parts.Value;
        return key.Error ?? wanted.Error ?? parts.Error ?? context.Value.Unused();
    }

    private bool IsGiven(string expression) => expression switch
    {
        "UpdateExpression" => Update is not null,
        "ConditionExpression" => Condition is not null,
        "FilterExpression" => Filter is not null,
        "KeyConditionExpression" => KeyCondition is not null,
        _ => Projection is not null,
    };
}
