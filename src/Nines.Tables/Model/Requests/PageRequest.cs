using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Requests;

/// <summary>A Query or Scan that passed every check which needs no table.</summary>
public abstract record PageRequest
{
    /// <summary>The table.</summary>
    public required string TableName { get; init; }

    /// <summary>What answers call the table: its name or its ARN, as the request did.</summary>
    public string ShownTable { get => field ?? TableName; init; }

    /// <summary>The index to read instead of the table; null: the table.</summary>
    public string? IndexName { get; init; }

    /// <summary>Items must meet it to be returned.</summary>
    public Condition? Filter { get; init; }

    /// <summary>The filter came as QueryFilter or ScanFilter, not as an expression.</summary>
    public bool IsLegacyFilter { get; init; }

    /// <summary>The filter may be about key attributes, too.</summary>
    public bool FiltersKeys { get; init; }

    /// <summary>The parts of items that are returned; null: all.</summary>
    public ProjectionPlan? Projection { get; init; }

    /// <summary>The key behind which the page begins, as the last page gave it; null: at the beginning.</summary>
    public Item? StartKey { get; init; }

    /// <summary>How many items are looked at at most; 0: as many as fit a page.</summary>
    public int Limit { get; init; }

    /// <summary>Whole items are wanted, also of an index that does not project all.</summary>
    public bool AllAttributes { get; init; }

    /// <summary>Items are counted and not returned.</summary>
    public bool CountOnly { get; init; }

    /// <summary>Strong instead of eventual.</summary>
    public bool ConsistentRead { get; init; }

    /// <summary>Whether the answer says what capacity was consumed.</summary>
    public CapacityReturn Capacity { get; init; }
}

/// <summary>Query: the items of one partition, in the order of the sort key.</summary>
public sealed record QueryRequest : PageRequest
{
    /// <summary>One or two conditions.</summary>
    public required IReadOnlyList<KeyCondition> Conditions { get; init; }

    /// <summary>From the end on.</summary>
    public bool IsReverse { get; init; }
}

/// <summary>Scan: every item, or those of one of several segments.</summary>
public sealed record ScanRequest : PageRequest
{
    /// <summary>Which segment.</summary>
    public int Segment { get; init; }

    /// <summary>Of how many.</summary>
    public int TotalSegments { get; init; } = 1;
}
