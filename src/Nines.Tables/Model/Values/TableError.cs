namespace Nines.Tables.Model.Values;

/// <summary>
/// An answer that says no, exactly as DynamoDB says it: the error type with its name space, the message text (object mappers
/// match on it) and the HTTP status.
/// </summary>
/// <param name="Type">The full name for <c>__type</c>, for instance <c>com.amazon.coral.validate#ValidationException</c>.</param>
/// <param name="Message">DynamoDB's text.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Item">The item as it was, for a failed condition that asked for it; otherwise null.</param>
public sealed record TableError(string Type, string Message, int Status = 400, Item? Item = null)
{
    /// <summary>The type name of <see cref="Validation"/>.</summary>
    public const string ValidationType = "com.amazon.coral.validate#ValidationException";

    /// <summary>The type name of <see cref="Serialization"/>.</summary>
    public const string SerializationType = "com.amazon.coral.service#SerializationException";

    /// <summary>The type name of <see cref="UnknownOperation"/>.</summary>
    public const string UnknownOperationType = "com.amazon.coral.service#UnknownOperationException";

    /// <summary>The type name of <see cref="AccessDenied"/>.</summary>
    public const string AccessDeniedType = "com.amazon.coral.service#AccessDeniedException";

    /// <summary>The type name of <see cref="ConditionalCheckFailed"/>.</summary>
    public const string ConditionalCheckFailedType = DynamoPrefix + "ConditionalCheckFailedException";

    /// <summary>The type name of <see cref="ResourceNotFound"/>.</summary>
    public const string ResourceNotFoundType = DynamoPrefix + "ResourceNotFoundException";

    /// <summary>The type name of <see cref="Throttling"/>.</summary>
    public const string ThrottlingType = DynamoPrefix + "ProvisionedThroughputExceededException";

    /// <summary>The type name of <see cref="ThroughputExceeded"/>.</summary>
    public const string ThroughputExceededType = DynamoPrefix + "ProvisionedThroughputExceededException";

    private const string DynamoPrefix = "com.amazonaws.dynamodb.v20120810#";

    /// <summary>Why a transaction was not done: a reason for each of its operations, in their order. Null for every other error.</summary>
    public IReadOnlyList<CancellationReason>? Reasons { get; init; }

    /// <summary>
    /// The JSON member that carries the text: the service framework's own errors say <c>Message</c>, DynamoDB's say <c>message</c>.
    /// </summary>
    public string MessageMember => Type is SerializationType or AccessDeniedType || Reasons is not null ? "Message" : "message";

    /// <summary>The request is well formed and asks for something that is not allowed.</summary>
    public static TableError Validation(string message) => new(ValidationType, message);

    /// <summary>The request's JSON does not have the shape of the operation.</summary>
    public static TableError Serialization(string message) => new(SerializationType, message);

    /// <summary>There is no such operation.</summary>
    public static TableError UnknownOperation() => new(UnknownOperationType, "");

    /// <summary>What is asked for belongs to another account.</summary>
    public static TableError AccessDenied() => new(AccessDeniedType, "Access is denied");

    /// <summary>The condition of a write was false; carries the item when the request asked for it.</summary>
    public static TableError ConditionalCheckFailed(Item? item = null) =>
        new(ConditionalCheckFailedType, "The conditional request failed", 400, item);

    /// <summary>An INSERT of an item whose key is there already; carries that item when the request asked for it.</summary>
    public static TableError DuplicateItem(Item? item = null) =>
        new(DynamoPrefix + "DuplicateItemException", "Duplicate primary key exists in table", 400, item);

    /// <summary>There is no such table.</summary>
    public static TableError ResourceNotFound(string message = "Requested resource not found") =>
        new(ResourceNotFoundType, message);

    /// <summary>The table exists already, or is being changed.</summary>
    public static TableError ResourceInUse(string message) => new(DynamoPrefix + "ResourceInUseException", message);

    /// <summary>Too many of something.</summary>
    public static TableError LimitExceeded(string message) => new(DynamoPrefix + "LimitExceededException", message);

    /// <summary>Records from a place in a stream were kept for 24 hours and are gone.</summary>
    public static TableError TrimmedDataAccess() =>
        new(DynamoPrefix + "TrimmedDataAccessException", "The data you are trying to access has been trimmed");

    /// <summary>A shard iterator is older than 15 minutes.</summary>
    public static TableError ExpiredIterator() => new(DynamoPrefix + "ExpiredIteratorException", "The shard iterator has expired");

    /// <summary>A transaction holds the item.</summary>
    public static TableError TransactionConflict() =>
        new(DynamoPrefix + "TransactionConflictException", "Transaction is ongoing for the item");

    /// <summary>Refused before any work because too much is waiting; SDKs retry it.</summary>
    public static TableError Throttling(string message) => new(ThrottlingType, message);

    /// <summary>A table, or one of its global indexes, has consumed what is provisioned for it; SDKs retry it.</summary>
    public static TableError ThroughputExceeded(bool ofIndexes) => new(
        ThroughputExceededType,
        ofIndexes
            ? "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing "
                + "your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
            : "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.");

    /// <summary>The service could not do or confirm the request. The message says whether it is not done or unknown.</summary>
    public static TableError InternalServer(string message, int status = 500) =>
        new(DynamoPrefix + "InternalServerError", message, status);
}
