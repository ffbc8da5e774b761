using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines.Transactions;

/// <summary>DynamoDB's errors of transactions.</summary>
internal static class TransactionErrors
{
    private const string Prefix = "com.amazonaws.dynamodb.v20120810#";

    /// <summary>Two operations of one request are about the same item.</summary>
    public static TableError RepeatedItem() =>
        TableError.Validation("Transaction request cannot include multiple operations on one item");

    /// <summary>None of the operations was done. The reasons are in their order.</summary>
    public static TableError Canceled(IReadOnlyList<CancellationReason> reasons) => new(
        Prefix + "TransactionCanceledException",
        $"Transaction cancelled, please refer cancellation reasons for specific reasons [{string.Join(", ", reasons.Select(static r => r.Code))}]")
    {
        Reasons = reasons,
    };

    /// <summary>The token was used for another request in the last ten minutes.</summary>
    public static TableError TokenMismatch() =>
        new(Prefix + "IdempotentParameterMismatchException", "The provided ClientRequestToken was used before with other parameters");

    /// <summary>A request with the token is not ended yet.</summary>
    public static TableError InProgress() =>
        new(Prefix + "TransactionInProgressException", "The transaction with the given request token is already in progress.");
}
