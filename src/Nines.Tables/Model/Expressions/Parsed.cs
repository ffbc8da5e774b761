using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>What came of reading an expression: the thing, or DynamoDB's error. Exactly one of the two is not null.</summary>
public readonly record struct Parsed<T>(T? Value, TableError? Error)
    where T : class
{
    /// <summary>There is no error.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Value))]
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    internal static Parsed<T> Ok(T value) => new(value, null);

    internal static Parsed<T> Fail(string message) => new(null, TableError.Validation(message));
}

/// <summary>The parameter that an expression came in; messages name it.</summary>
public enum ExpressionKind
{
    /// <summary>ConditionExpression of a write.</summary>
    Condition,

    /// <summary>FilterExpression of Query and Scan.</summary>
    Filter,

    /// <summary>KeyConditionExpression of Query.</summary>
    KeyCondition,

    /// <summary>ProjectionExpression of a read.</summary>
    Projection,

    /// <summary>UpdateExpression of UpdateItem.</summary>
    Update,
}
