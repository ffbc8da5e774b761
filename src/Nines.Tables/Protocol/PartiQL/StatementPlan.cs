using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>How a statement is to be carried out, beside what it says itself.</summary>
public sealed record StatementOptions
{
    /// <summary>Nothing special.</summary>
    public static readonly StatementOptions None = new();

    /// <summary>Reads: strong instead of eventual.</summary>
    public bool ConsistentRead { get; init; }

    /// <summary>How many items a page looks at at most; 0: as many as fit.</summary>
    public int Limit { get; init; }

    /// <summary>The key behind which the page begins; null: at the beginning.</summary>
    public Item? StartKey { get; init; }

    /// <summary>The error of a failed condition carries the item.</summary>
    public bool ReturnItemOnFailure { get; init; }

    /// <summary>Whether the answer says what capacity was consumed.</summary>
    public CapacityReturn Capacity { get; init; }
}

/// <summary>
/// A statement as the request it comes to, now that the keys of its table are known. Exactly one of the requests is not null. A SELECT of one
/// whole key is a get, one with an equality on the partition key a query, any other a scan.
/// </summary>
public sealed record StatementPlan
{
    /// <summary>A request for one item.</summary>
    public ItemRequest? Item { get; private init; }

    /// <summary>A page of one partition.</summary>
    public QueryRequest? Query { get; private init; }

    /// <summary>A page of the whole table.</summary>
    public ScanRequest? Scan { get; private init; }

    /// <summary>Plans a statement that stands alone.</summary>
    public static ParsedRequest<StatementPlan> Of(Statement statement, TableSchema schema, StatementOptions options)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        if (statement.Kind == StatementKind.Select)
        {
            return OfSelect(statement, schema, options);
        }

        ParsedRequest<ItemRequest> item = statement.Kind == StatementKind.Check
            ? new(TableError.Validation("EXISTS can only be used in ExecuteTransaction write requests."))
            : OfWrite(statement, schema, options);
        return item.IsGood ? new(new StatementPlan { Item = item.Request }) : new(item.Error);
    }

    /// <summary>
    /// Plans a statement of a batch or a transaction, where reads are of one item by its key and nothing else. The operation is what error texts
    /// call the batch or transaction.
    /// </summary>
    public static ParsedRequest<ItemRequest> OfOne(Statement statement, TableSchema schema, StatementOptions options, string operation)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        if (statement.Kind is not StatementKind.Select)
        {
            return OfWrite(statement, schema, options);
        }

        var split = WhereSplit.Of(statement.Where, schema.Hash, schema.Range);
        return split.Error is { } error ? new(error)
            : split.Key is { } key && split.Rest is null && statement.IndexName is null ? new(Get(statement, key, options))
            : new(StatementErrors.KeyNeededWithin(operation));
    }

    private static ParsedRequest<StatementPlan> OfSelect(Statement statement, TableSchema schema, StatementOptions options)
    {
        KeyAttribute hash = schema.Hash;
        KeyAttribute? range = schema.Range;
        if (statement.IndexName is { } name)
        {
            if (schema.Shape.Indexes.FirstOrDefault(i => i.Name == name) is not { } index)
            {
                return new(TableError.Validation("The table does not have the specified index"));
            }

            if (index.IsGlobal && options.ConsistentRead)
            {
                return new(TableError.Validation("Strongly consistent read is not supported on Global Secondary Indexes"));
            }

            (hash, range) = (index.Hash, index.Range);
        }

        var split = WhereSplit.Of(statement.Where, hash, range);
        if ((split.Error ?? CheckOrder(statement, split, hash, range)) is { } error)
        {
            return new(error);
        }

        bool isGet = split.Key is not null && split.Rest is null && statement.IndexName is null && statement.Order.Count == 0;
        return new(isGet ? new StatementPlan { Item = Get(statement, split.Key!, options) }
            : split.Conditions.Count == 0 ? new StatementPlan { Scan = ScanOf(statement, options) }
            : new StatementPlan { Query = QueryOf(statement, split, range, options) });
    }

    private static TableError? CheckOrder(Statement statement, WhereSplit split, KeyAttribute hash, KeyAttribute? range)
    {
        if (statement.Order.Count == 0)
        {
            return null;
        }

        foreach (OrderTerm term in statement.Order)
        {
            if (term.Attribute != hash.Name && term.Attribute != range?.Name)
            {
                return TableError.Validation($"Variable reference {term.Attribute} in ORDER BY clause must be part of the primary key");
            }
        }

        return statement.Where is null ? TableError.Validation("Must have WHERE clause in the statement when using ORDER BY clause.")
            : split.Conditions.Count == 0
                ? TableError.Validation("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
            : null;
    }

    private static ItemRequest Get(Statement statement, Item key, StatementOptions options) => new()
    {
        Operation = ItemOperation.Get,
        TableName = statement.TableName,
        ShownTable = statement.ShownTable,
        Item = key,
        Expressions = statement.Selection is { } selection ? new ItemExpressions { Projection = selection.Attributes } : ItemExpressions.None,
        ConsistentRead = options.ConsistentRead,
        Capacity = options.Capacity,
    };

    private static QueryRequest QueryOf(Statement statement, WhereSplit split, KeyAttribute? range, StatementOptions options) => new()
    {
        TableName = statement.TableName,
        ShownTable = statement.ShownTable,
        IndexName = statement.IndexName,
        Conditions = split.Conditions,
        IsReverse = statement.Order.Any(term => term.IsDescending && term.Attribute == range?.Name),
        Filter = split.Rest,
        FiltersKeys = true,
        Projection = statement.Selection?.Attributes,
        StartKey = options.StartKey,
        Limit = options.Limit,
        ConsistentRead = options.ConsistentRead,
        Capacity = options.Capacity,
    };

    private static ScanRequest ScanOf(Statement statement, StatementOptions options) => new()
    {
        TableName = statement.TableName,
        ShownTable = statement.ShownTable,
        IndexName = statement.IndexName,
        Filter = statement.Where,
        Projection = statement.Selection?.Attributes,
        StartKey = options.StartKey,
        Limit = options.Limit,
        ConsistentRead = options.ConsistentRead,
        Capacity = options.Capacity,
    };

    private static ParsedRequest<ItemRequest> OfWrite(Statement statement, TableSchema schema, StatementOptions options)
    {
        var request = new ItemRequest
        {
            Operation = ItemOperation.Put,
            TableName = statement.TableName,
            ShownTable = statement.ShownTable,
            Item = statement.Item ?? Model.Values.Item.Empty,
            Returns = statement.Returns,
            ReturnItemOnFailure = options.ReturnItemOnFailure,
            Capacity = options.Capacity,
        };
        if (statement.Kind == StatementKind.Insert)
        {
            return CheckKeys(request.Item, schema) is { } wrong ? new(wrong)
                : new(request with { Expressions = new ItemExpressions { Condition = IsThere(schema, false) } });
        }

        var split = WhereSplit.Of(statement.Where, schema.Hash, schema.Range);
        bool isCheck = statement.Kind == StatementKind.Check;
        const string Additional = "EXISTS() must contain a single item read with additional condition";
        if (split.Error is { } error)
        {
            return new(error);
        }

        if (split.Key is not { } key || (isCheck && split.Rest is null))
        {
            return new(TableError.Validation(isCheck ? Additional : StatementErrors.KeyNeeded));
        }

        return statement.Update is { } update && UpdateSize.IsTooLarge(update, key)
            ? new(UpdateFault.ItemTooLarge.ToError())
            : new(Conditional(request with { Item = key }, statement, split.Rest, schema));
    }

    /// <summary>
    /// An UPDATE wants its item to be there. A DELETE of none is done without asking for its condition, and a check asks what a ConditionCheck
    /// would.
    /// </summary>
    private static ItemRequest Conditional(ItemRequest request, Statement statement, Condition? rest, TableSchema schema) => statement.Kind switch
    {
        StatementKind.Update => request with
        {
            Operation = ItemOperation.Update,
            Expressions = new ItemExpressions
            {
                Update = statement.Update,
                Condition = rest is null ? IsThere(schema, true) : new Junction(isAnd: true, [IsThere(schema, true), rest]),
            },
        },
        StatementKind.Delete => request with
        {
            Operation = ItemOperation.Delete,
            Expressions = rest is null ? ItemExpressions.None
                : new ItemExpressions { Condition = new Junction(isAnd: false, [IsThere(schema, false), rest]) },
        },
        StatementKind.Check or StatementKind.Select or StatementKind.Insert =>
            request with { Operation = ItemOperation.Check, Expressions = new ItemExpressions { Condition = rest } },
    };

    private static Existence IsThere(TableSchema schema, bool isWanted) => new(DocumentPath.Of(schema.Hash.Name), isWanted);

    private static TableError? CheckKeys(Item item, TableSchema schema) =>
        CheckKey(item, schema.Hash) ?? (schema.Range is { } range ? CheckKey(item, range) : null);

    private static TableError? CheckKey(Item item, KeyAttribute key) => item[key.Name] switch
    {
        null => TableError.Validation($"Key attribute should be present in the item: Key {key.Name}"),
        var value when value.Type != key.Type => StatementErrors.KeyType(key.Name),
        _ => null,
    };
}
