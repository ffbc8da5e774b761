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

    /// <summary>Checks a Query.</summary>
    public static TableError? Check(PageSource source, QueryRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        return CheckStartCount(source, request, StartKeyInvalid)
            ?? CheckKey(source, request, source.Hash, isHash: true)
            ?? (source.Range is { } range ? CheckKey(source, request, range, isHash: false) : null)
            ?? CheckStartItem(source, request)
            ?? CheckStart(source, request)
            ?? CheckProjection(source, request)
            ?? CheckFilterKeys(source, request)
            ?? CheckSelect(source, request)
            ?? CheckFilter(source, request);
    }

    /// <summary>Checks a Scan.</summary>
    public static TableError? Check(PageSource source, ScanRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        return (source.Index is null ? null : CheckIndexStart(source, request))
            ?? CheckSelect(source, request)
            ?? CheckStartItem(source, request)
            ?? CheckProjection(source, request)
            ?? CheckFilter(source, request);
    }

    /// <summary>Why an index cannot be read, or not so; null: it can, or the table is read.</summary>
    public static TableError? CheckIndex(TableSchema schema, PageRequest request, bool isStrong)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        if (request.IndexName is not { } name)
        {
            return null;
        }

        return schema.Shape.IndexOf(name) is not { } index ? TableError.Validation("The table does not have the specified index: " + name)
            : schema.Backfilling.Contains(name) ? TableError.Validation("Cannot read from backfilling global secondary index: " + name)
            : index.IsGlobal && isStrong ? TableError.Validation("Consistent reads are not supported on global secondary indexes")
            : null;
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

    private static TableError? CheckKey(PageSource source, QueryRequest request, KeyAttribute key, bool isHash)
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

        if (isHash && source.Range is null && request.Conditions.Count > 1)
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

    private static TableError? CheckStartCount(PageSource source, PageRequest request, string message) =>
        request.StartKey is { } start && start.Count != source.KeyNames.Length ? TableError.Validation(message) : null;

    private static TableError? CheckIndexStart(PageSource source, ScanRequest request)
    {
        if (request.StartKey is not { } start)
        {
            return null;
        }

        return CheckStartCount(source, request, StartKeyInvalid)
            ?? CheckStartPart(source.Hash, start, isHash: true)
            ?? (source.Range is { } range ? CheckStartPart(range, start, isHash: false) : null);
    }

    private static TableError? CheckStartPart(KeyAttribute key, Item start, bool isHash) =>
        start[key.Name] is null ? TableError.Validation(StartKeyInvalid) : KeyRules.CheckKeyPart(key, start, isHash);

    /// <summary>The table's own key inside a start key.</summary>
    private static TableError? CheckStartItem(PageSource source, PageRequest request)
    {
        if (request.StartKey is not { } start)
        {
            return null;
        }

        Item key = start;
        if (source.Index is not null)
        {
            var own = new ItemBuilder(2);
            foreach (string name in source.TableKeyNames)
            {
                if (start[name] is { } value)
                {
                    own.Add(name, value);
                }
            }

            key = own.Build();
        }

        return KeyRules.CheckKey(source.Schema, key) is { } error ? TableError.Validation(StartKeyInvalid + ": " + error.Message) : null;
    }

    private static TableError? CheckStart(PageSource source, QueryRequest request)
    {
        if (request.StartKey is not { } start)
        {
            return null;
        }

        bool isOtherPartition = !start[source.Hash.Name]!.Equals(ConditionOn(request, source.Hash)!.Values[0]);
        if (source.Range is not { } range || ConditionOn(request, range) is not { } sort)
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

    private static TableError? CheckProjection(PageSource source, PageRequest request) =>
        request.Projection is not { } projection ? null
            : ItemExpressions.CheckProjection(projection, source.TableKeyNames)
                ?? CheckIndexKeys(source, projection.Paths)
                ?? CheckShown(source, projection);

    private static TableError? CheckFilter(PageSource source, PageRequest request)
    {
        if (request.Filter is not { } filter)
        {
            return null;
        }

        var paths = new List<DocumentPath>();
        filter.VisitPaths(paths.Add);
        return ExpressionParser.CheckScalarKeys(filter, source.TableKeyNames) ?? CheckIndexKeys(source, paths);
    }

    /// <summary>Nothing looks inside the key of any index of the table.</summary>
    private static TableError? CheckIndexKeys(PageSource source, IEnumerable<DocumentPath> paths)
    {
        string? nested = paths.FirstOrDefault(path => path.IsNested && source.Schema.Shape.Indexes.Any(
            i => i.Hash.Name == path.Root || i.Range?.Name == path.Root))?.Root;
        return nested is null
            ? null
            : TableError.Validation($"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: {nested}");
    }

    /// <summary>A global index has what it projects and nothing else.</summary>
    private static TableError? CheckShown(PageSource source, ProjectionPlan projection)
    {
        string[] missing = source.Index is { IsGlobal: true }
            ? [.. projection.Paths.Select(static p => p.Root).Where(root => !source.Shows(root)).Distinct(StringComparer.Ordinal)]
            : [];
        return missing.Length == 0
            ? null
            : TableError.Validation(
                $"One or more parameter values were invalid: Global secondary index {source.Index!.Name} does not project [{string.Join(", ", missing)}]");
    }

    private static TableError? CheckSelect(PageSource source, PageRequest request) =>
        request.AllAttributes && source.Index is { IsGlobal: true } index && index.Projection != ProjectionKind.All
            ? TableError.Validation(
                $"One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index {index.Name} "
                + "because its projection type is not ALL")
            : null;

    /// <summary>What a Query says about key attributes belongs into its key conditions.</summary>
    private static TableError? CheckFilterKeys(PageSource source, QueryRequest request)
    {
        if (request.FiltersKeys || request.Filter is not { } filter)
        {
            return null;
        }

        var roots = new HashSet<string>(StringComparer.Ordinal);
        filter.VisitPaths(path => roots.Add(path.Root));
        string? key = Array.Find(source.ConditionNames, roots.Contains);
        string parameter = request.IsLegacyFilter ? "QueryFilter" : "Filter Expression";
        return key is null
            ? null
            : TableError.Validation($"{parameter} can only contain non-primary key attributes: Primary key attribute: {key}");
    }
}
