using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model;

/// <summary>The checks of Query and Scan that need the table, in DynamoDB's order and words.</summary>
public static class PageChecks
{
    private const string StartKeyInvalid = "The provided starting key is invalid";
    private const string NotSupported = "Query key condition not supported";

    /// <summary>The names of the table's key attributes, the partition key first.</summary>
    public static string[] KeyNames(TableSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.Range is { } range ? [schema.Hash.Name, range.Name] : [schema.Hash.Name];
    }

    /// <summary>Checks a Query.</summary>
    public static TableError? Check(TableSchema schema, QueryRequest request)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        return CheckIndex(request)
            ?? (request.StartKey is { } start && start.Count != KeyNames(schema).Length ? TableError.Validation(StartKeyInvalid) : null)
            ?? CheckKey(schema, request, schema.Hash, isHash: true)
            ?? (schema.Range is { } range ? CheckKey(schema, request, range, isHash: false) : null)
            ?? CheckStart(schema, request)
            ?? CheckProjection(schema, request)
            ?? CheckFilterKeys(schema, request)
            ?? CheckFilter(schema, request);
    }

    /// <summary>Checks a Scan.</summary>
    public static TableError? Check(TableSchema schema, ScanRequest request)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        return CheckIndex(request)
            ?? CheckWholeStart(schema, request)
            ?? CheckProjection(schema, request)
            ?? CheckFilter(schema, request);
    }

    /// <summary>The start key of a Scan belongs to another segment.</summary>
    public static TableError WrongSegment(ScanRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return TableError.Validation(
            StartKeyInvalid + ": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
            + $"TotalSegments: {request.TotalSegments} Segment: {request.Segment}");
    }

    /// <summary>The condition on an attribute; null: there is none.</summary>
    public static KeyCondition? ConditionOn(QueryRequest request, KeyAttribute key)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (KeyCondition condition in request.Conditions)
        {
            if (condition.Attribute == key.Name)
            {
                return condition;
            }
        }

        return null;
    }

    private static TableError? CheckIndex(PageRequest request) =>
        request.IndexName is { } name
            ? TableError.Validation("The table does not have the specified index: " + name)
            : null;

    private static TableError? CheckKey(TableSchema schema, QueryRequest request, KeyAttribute key, bool isHash)
    {
        if (request.StartKey is { } start)
        {
            TableError? error = start[key.Name] is null
                ? TableError.Validation(StartKeyInvalid)
                : KeyRules.CheckKeyPart(key, start, isHash);
            if (error is not null)
            {
                return error;
            }
        }

        if (isHash && schema.Range is null && request.Conditions.Count > 1)
        {
            return TableError.Validation(NotSupported);
        }

        if (ConditionOn(request, key) is not { } condition)
        {
            return isHash || request.Conditions.Count > 1
                ? TableError.Validation("Query condition missed key schema element: " + key.Name)
                : null;
        }

        return CheckCondition(condition, key, isHash);
    }

    private static TableError? CheckCondition(KeyCondition condition, KeyAttribute key, bool isHash)
    {
        if (condition.Comparator == KeyComparator.NotIndexable)
        {
            return TableError.Validation("Attempted conditional constraint is not an indexable operation");
        }

        bool isPrefixOfNumber = condition.Comparator == KeyComparator.BeginsWith && key.Type == AttributeType.Number;
        if (isPrefixOfNumber || condition.Values.Any(v => v.Type != key.Type))
        {
            return TableError.Validation("One or more parameter values were invalid: Condition parameter type does not match schema type");
        }

        return isHash && condition.Comparator != KeyComparator.Equal
            ? TableError.Validation(NotSupported)
            : CheckValues(condition, key, isHash);
    }

    /// <summary>No key is so long, nor is one empty.</summary>
    private static TableError? CheckValues(KeyCondition condition, KeyAttribute key, bool isHash)
    {
        foreach (AttributeValue value in condition.Values)
        {
            if (condition.Comparator != KeyComparator.BeginsWith
                && KeyRules.CheckKeyPart(key, Item.Of((key.Name, value)), isHash) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static TableError? CheckStart(TableSchema schema, QueryRequest request)
    {
        if (request.StartKey is not { } start)
        {
            return null;
        }

        bool isOtherPartition = !start[schema.Hash.Name]!.Equals(ConditionOn(request, schema.Hash)!.Values[0]);
        if (schema.Range is not { } range || ConditionOn(request, range) is not { } sort)
        {
            return isOtherPartition
                ? TableError.Validation("The provided starting key is outside query boundaries based on provided conditions")
                : null;
        }

        return !sort.IsMetBy(start[range.Name]!)
                ? TableError.Validation("The provided starting key does not match the range key predicate")
            : isOtherPartition
                ? TableError.Validation("The query can return at most one row and cannot be restarted")
            : null;
    }

    private static TableError? CheckWholeStart(TableSchema schema, ScanRequest request) =>
        request.StartKey is { } start && KeyRules.CheckKey(schema, start) is { } error
            ? TableError.Validation(StartKeyInvalid + ": " + error.Message)
            : null;

    private static TableError? CheckProjection(TableSchema schema, PageRequest request) =>
        request.Projection is { } projection ? ItemExpressions.CheckProjection(projection, KeyNames(schema)) : null;

    private static TableError? CheckFilter(TableSchema schema, PageRequest request) =>
        request.Filter is { } filter ? ExpressionParser.CheckScalarKeys(filter, KeyNames(schema)) : null;

    /// <summary>What a Query says about key attributes belongs into its key conditions.</summary>
    private static TableError? CheckFilterKeys(TableSchema schema, QueryRequest request)
    {
        if (request.Filter is not { } filter)
        {
            return null;
        }

        var roots = new HashSet<string>(StringComparer.Ordinal);
        filter.VisitPaths(path => roots.Add(path.Root));
        string? key = Array.Find(KeyNames(schema), roots.Contains);
        string parameter = request.IsLegacyFilter ? "QueryFilter" : "Filter Expression";
        return key is null
            ? null
            : TableError.Validation($"{parameter} can only contain non-primary key attributes: Primary key attribute: {key}");
    }
}
