using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>The expressions of a request with their substitution names and values, in the order they were given.</summary>
internal sealed class ExpressionParameters
{
    private List<(string Name, string Value)>? _names;
    private List<(string Name, AttributeValue Value)>? _values;
    private string? _valuesInvalid;

    public string? Condition { get; set; }

    public string? Update { get; set; }

    public string? Projection { get; set; }

    public bool HasNames => _names is not null;

    public bool HasValues => _values is not null;

    private bool IsPlain => Condition is null && Update is null && Projection is null && _names is null && _values is null;

    public void ReadNames(ref JsonInput json, string valueType)
    {
        if (!json.Value() || !json.IsMap(valueType))
        {
            return;
        }

        _names = [];
        while (json.NextMember())
        {
            string name = json.Text();
            if (json.String() is { } value)
            {
                Set(_names, name, value);
            }
        }
    }

    public void ReadValues(ref JsonInput json)
    {
        if (!json.Value() || !json.IsMap("com.amazonaws.dynamodb.v20120810.AttributeValue"))
        {
            return;
        }

        _values = [];
        _valuesInvalid = null;
        while (json.NextMember())
        {
            string name = json.Text();
            string? invalid = null;
            _ = json.Value();
            AttributeValue? value = json.ValueHere(ref invalid);
            if (invalid is not null)
            {
                _valuesInvalid ??= $"ExpressionAttributeValues contains invalid value: {invalid} for key {name}";
            }

            if (value is not null)
            {
                Set(_values, name, value);
            }
        }
    }

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
            _ => ["ConditionExpression"],
        };
        string[] given = Array.FindAll(expressions, IsGiven);
        string[] legacyGiven = legacy.Given(operation);
        if (given.Length > 0 && legacyGiven.Length > 0)
        {
            return "Can not use both expression and non-expression parameters in the same request: "
                + $"Non-expression parameters: {{{string.Join(", ", legacyGiven)}}} "
                + $"Expression parameters: {{{string.Join(", ", given)}}}";
        }

        if (HasNames && given.Length == 0)
        {
            return "ExpressionAttributeNames can only be specified when using expressions";
        }

        return operation != ItemOperation.Get && HasValues && given.Length == 0
            ? $"ExpressionAttributeValues can only be specified when using expressions: {string.Join(" and ", expressions)} "
                + (expressions.Length > 1 ? "are null" : "is null")
            : null;
    }

    private bool IsGiven(string expression) => expression switch
    {
        "UpdateExpression" => Update is not null,
        "ConditionExpression" => Condition is not null,
        _ => Projection is not null,
    };

    /// <summary>Compiles what was given.</summary>
    public TableError? TryCompile(LegacyParameters legacy, out ItemExpressions expressions)
    {
        expressions = ItemExpressions.None;
        return IsPlain && legacy.AttributesToGet is null ? null : TableError.Validation(_valuesInvalid ?? "Expressions are not yet supported by this server");
    }

    private static void Set<T>(List<(string Name, T Value)> list, string name, T value)
    {
        int at = list.FindIndex(pair => pair.Name == name);
        if (at >= 0)
        {
            list[at] = (name, value);
        }
        else
        {
            list.Add((name, value));
        }
    }
}
