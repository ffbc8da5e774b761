using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>
/// Query and Scan: the constraints of the model first, then how parameters go together, then values, then expressions. What needs the
/// table comes later, in the engine.
/// </summary>
internal static class Pages
{
    private const string StartKeyInvalid = "The provided starting key is invalid: ";

    /// <summary>Reads a Query.</summary>
    public static ParsedRequest<QueryRequest> ParseQuery(ref JsonInput json)
    {
        var parameters = new PageParameters(isQuery: true);
        parameters.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        string? message = parameters.CheckConstraints()
            ?? CheckUse(parameters, isQuery: true)
            ?? CheckFilter(parameters)
            ?? parameters.Legacy.CheckDuplicates()
            ?? CheckSelect(parameters)
            ?? CheckStartKey(parameters)
            ?? (parameters.KeyConditions is null && parameters.Expressions.KeyCondition is null
                ? "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
                : null);
        if (message is not null)
        {
            return new(TableError.Validation(message));
        }

        TableError? error = parameters.Expressions.TryCompilePage(
            out Condition? keyCondition, out Condition? filter, out ProjectionPlan? projection);
        IReadOnlyList<KeyCondition> conditions = [];
        error ??= KeyConditionsOf(parameters, keyCondition, out conditions);
        return error is not null ? new(error) : new(new QueryRequest
        {
            TableName = parameters.Table.Name!,
            ShownTable = parameters.Table.AsSent!,
            IndexName = parameters.IndexName,
            Conditions = conditions,
            IsReverse = !parameters.IsForward,
            Filter = filter ?? LegacyFilter(parameters),
            IsLegacyFilter = filter is null,
            Projection = projection ?? LegacyProjection(parameters),
            StartKey = parameters.StartKey,
            Limit = LimitOf(parameters),
            AllAttributes = parameters.Select == "ALL_ATTRIBUTES",
            CountOnly = parameters.Select == "COUNT",
            ConsistentRead = parameters.ConsistentRead,
            Capacity = ItemParameters.CapacityOf(parameters.ReturnCapacity),
        });
    }

    /// <summary>Reads a Scan.</summary>
    public static ParsedRequest<ScanRequest> ParseScan(ref JsonInput json)
    {
        var parameters = new PageParameters(isQuery: false);
        parameters.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        string? message = parameters.CheckConstraints()
            ?? CheckUse(parameters, isQuery: false)
            ?? parameters.Legacy.CheckDuplicates()
            ?? CheckFilter(parameters)
            ?? CheckSelect(parameters)
            ?? CheckStartKey(parameters)
            ?? CheckSegments(parameters);
        if (message is not null)
        {
            return new(TableError.Validation(message));
        }

        TableError? error = parameters.Expressions.TryCompilePage(out _, out Condition? filter, out ProjectionPlan? projection);
        return error is not null ? new(error) : new(new ScanRequest
        {
            TableName = parameters.Table.Name!,
            ShownTable = parameters.Table.AsSent!,
            IndexName = parameters.IndexName,
            Segment = (int)(parameters.Segment ?? 0),
            TotalSegments = (int)(parameters.TotalSegments ?? 1),
            Filter = filter ?? LegacyFilter(parameters),
            IsLegacyFilter = filter is null,
            Projection = projection ?? LegacyProjection(parameters),
            StartKey = parameters.StartKey,
            Limit = LimitOf(parameters),
            AllAttributes = parameters.Select == "ALL_ATTRIBUTES",
            CountOnly = parameters.Select == "COUNT",
            ConsistentRead = parameters.ConsistentRead,
            Capacity = ItemParameters.CapacityOf(parameters.ReturnCapacity),
        });
    }

    private static int LimitOf(PageParameters parameters) => (int)Math.Min(parameters.Limit ?? 0, int.MaxValue);

    private static string? CheckUse(PageParameters parameters, bool isQuery)
    {
        var legacy = new List<string>();
        if (parameters.Legacy.AttributesToGet is not null)
        {
            legacy.Add("AttributesToGet");
        }

        if (parameters.Filter is not null)
        {
            legacy.Add(isQuery ? "QueryFilter" : "ScanFilter");
        }

        if (parameters.HasConditionalOperator)
        {
            legacy.Add("ConditionalOperator");
        }

        // KeyConditions go with a filter or projection expression, though not with a key condition expression.
        if (parameters.KeyConditions is not null && parameters.Expressions.KeyCondition is not null)
        {
            legacy.Add("KeyConditions");
        }

        return isQuery
            ? parameters.Expressions.CheckUse(
                ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
                ["FilterExpression", "KeyConditionExpression"],
                [.. legacy])
            : parameters.Expressions.CheckUse(["ProjectionExpression", "FilterExpression"], ["FilterExpression"], [.. legacy]);
    }

    private static string? CheckFilter(PageParameters parameters) =>
        Check(parameters.Filter)
        ?? (parameters.HasConditionalOperator && parameters.Filter is not { Count: > 0 }
            ? "ConditionalOperator cannot be used without Filter or Expected"
            : null);

    private static string? Check(List<LegacyCondition>? conditions)
    {
        foreach (LegacyCondition condition in conditions ?? [])
        {
            if (condition.Check() is { } message)
            {
                return message;
            }
        }

        return null;
    }

    private static string? CheckSelect(PageParameters parameters)
    {
        string? given = parameters.Legacy.AttributesToGet is not null ? "AttributesToGet"
            : parameters.Expressions.Projection is not null ? "ProjectionExpression"
            : null;
        return parameters.Select switch
        {
            "COUNT" when given is not null => $"Cannot specify the {given} when choosing to get only the Count",
            "ALL_ATTRIBUTES" when given is not null => $"Cannot specify the {given} when choosing to get ALL_ATTRIBUTES",
            "ALL_PROJECTED_ATTRIBUTES" when parameters.IndexName is null =>
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
            "ALL_PROJECTED_ATTRIBUTES" when given is not null => $"Cannot specify the {given} when choosing to get ALL_PROJECTED_ATTRIBUTES",
            "SPECIFIC_ATTRIBUTES" when given is null =>
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            _ => null,
        };
    }

    private static string? CheckStartKey(PageParameters parameters)
    {
        if (parameters.StartKeyInvalid is not { } message)
        {
            return null;
        }

        // What is wrong inside a value is said without the words in front.
        string[] plain = ["contains duplicates", "number set", "numeric value", "significant digits", "umber with magnitude", "umber overflow", "umber underflow"];
        return Array.Exists(plain, p => message.Contains(p, StringComparison.Ordinal)) ? message : StartKeyInvalid + message;
    }

    private static string? CheckSegments(PageParameters parameters)
    {
        if (parameters.TotalSegments is not { } total)
        {
            return parameters.Segment is null
                ? null
                : "The TotalSegments parameter is required but was not present in the request when Segment parameter is present";
        }

        return parameters.Segment is not { } segment
                ? "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"
            : segment >= total
                ? $"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not less than TotalSegments: {total}"
            : null;
    }

    private static TableError? KeyConditionsOf(
        PageParameters parameters, Condition? expression, out IReadOnlyList<KeyCondition> conditions)
    {
        conditions = [];
        if (expression is not null)
        {
            Parsed<IReadOnlyList<KeyCondition>> parsed = KeyConditionReader.Read(expression);
            if (!parsed.IsOk)
            {
                return parsed.Error;
            }

            conditions = parsed.Value;
        }
        else if (Check(parameters.KeyConditions) is { } message)
        {
            return TableError.Validation(message);
        }
        else
        {
            conditions = [.. parameters.KeyConditions!.Select(static c => c.CompileKey())];
        }

        return conditions.Count is 1 or 2 ? null : TableError.Validation("Conditions can be of length 1 or 2 only");
    }

    private static Condition? LegacyFilter(PageParameters parameters)
    {
        if (parameters.Filter is not { Count: > 0 } filter)
        {
            return null;
        }

        Condition[] parts = [.. filter.Select(static f => f.Compile())];
        return parts.Length == 1 ? parts[0] : new Junction(!parameters.IsOr, parts);
    }

    private static ProjectionPlan? LegacyProjection(PageParameters parameters) =>
        parameters.Legacy.AttributesToGet is { } names ? ProjectionPlan.OfAttributes(names) : null;
}
