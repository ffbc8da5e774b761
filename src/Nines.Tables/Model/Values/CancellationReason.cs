namespace Nines.Tables.Model.Values;

/// <summary>
/// Why an operation of a transaction kept it from being done; <see cref="None"/> for the operations that did not.
/// </summary>
/// <param name="Code">DynamoDB's code: None, ConditionalCheckFailed, TransactionConflict, ProvisionedThroughputExceeded, ValidationError.</param>
/// <param name="Message">DynamoDB's text; null with None.</param>
/// <param name="Item">The item as it was, for a failed condition that asked for it; otherwise null.</param>
public sealed record CancellationReason(string Code, string? Message = null, Item? Item = null)
{
    /// <summary>The operation was fine.</summary>
    public static readonly CancellationReason None = new("None");

    /// <summary>Another transaction holds the item.</summary>
    public static readonly CancellationReason Conflict = new("TransactionConflict", "Transaction is ongoing for the item");

    /// <summary>The reason that an error of one operation is.</summary>
    public static CancellationReason Of(TableError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Type switch
        {
            TableError.ConditionalCheckFailedType => new CancellationReason("ConditionalCheckFailed", error.Message, error.Item),
            TableError.ThroughputExceededType => new CancellationReason("ProvisionedThroughputExceeded", error.Message),
            _ => new CancellationReason("ValidationError", error.Message),
        };
    }
}
