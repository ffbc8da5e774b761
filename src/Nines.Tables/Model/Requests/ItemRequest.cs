using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Requests;

/// <summary>The operations on one item.</summary>
public enum ItemOperation
{
    /// <summary>Writes a whole item.</summary>
    Put,

    /// <summary>Reads an item.</summary>
    Get,

    /// <summary>Deletes an item.</summary>
    Delete,

    /// <summary>Changes attributes of an item, which need not exist.</summary>
    Update,

    /// <summary>Only in transactions: a condition on an item that is not changed.</summary>
    Check,
}

/// <summary>Whether the answer says what capacity was consumed.</summary>
public enum CapacityReturn
{
    /// <summary>No.</summary>
    None,

    /// <summary>As one figure.</summary>
    Total,

    /// <summary>Also the table's own part.</summary>
    Indexes,
}

/// <summary>A request for one item that passed every check which needs no table.</summary>
public sealed record ItemRequest
{
    /// <summary>What is to be done.</summary>
    public required ItemOperation Operation { get; init; }

    /// <summary>The table.</summary>
    public required string TableName { get; init; }

    /// <summary>How the answer names the table: as the request did, by name or by ARN.</summary>
    public string ShownTable { get => field ?? TableName; init; }

    /// <summary>Put: the item. Otherwise its key.</summary>
    public required Item Item { get; init; }

    /// <summary>The compiled condition, update and projection.</summary>
    public ItemExpressions Expressions { get; init; } = ItemExpressions.None;

    /// <summary>Which attributes a write returns.</summary>
    public ReturnValues Returns { get; init; }

    /// <summary>The error of a failed condition carries the item.</summary>
    public bool ReturnItemOnFailure { get; init; }

    /// <summary>Reads: strong instead of eventual.</summary>
    public bool ConsistentRead { get; init; }

    /// <summary>Whether the answer says what capacity was consumed.</summary>
    public CapacityReturn Capacity { get; init; }
}

/// <summary>BatchGetItem: keys of one table.</summary>
public sealed record TableKeys(string TableName, IReadOnlyList<Item> Keys, ItemExpressions Expressions, bool ConsistentRead)
{
    /// <summary>The members of the request that UnprocessedKeys repeat, in the request's own words.</summary>
    public ReadOnlyMemory<byte> Repeated { get; init; }

    /// <summary>How the answer names the table: as the request did, by name or by ARN.</summary>
    public string ShownTable { get; init; } = TableName;
}

/// <summary>BatchGetItem.</summary>
public sealed record BatchGetRequest(IReadOnlyList<TableKeys> Tables, CapacityReturn Capacity);

/// <summary>BatchWriteItem: one write of one table.</summary>
public sealed record BatchWrite(string TableName, bool IsPut, Item Item)
{
    /// <summary>How the answer names the table: as the request did, by name or by ARN.</summary>
    public string ShownTable { get; init; } = TableName;
}

/// <summary>BatchWriteItem.</summary>
public sealed record BatchWriteRequest(IReadOnlyList<BatchWrite> Writes, CapacityReturn Capacity);

/// <summary>A page of table names: those behind <paramref name="After"/>, at most <paramref name="Limit"/>.</summary>
public sealed record ListTablesRequest(string After, int Limit);
