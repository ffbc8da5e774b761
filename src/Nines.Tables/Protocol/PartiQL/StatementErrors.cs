using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>DynamoDB's errors of statements that more than one place has.</summary>
internal static class StatementErrors
{
    public const string ParameterCount = "Number of parameters in request and statement don't match.";
    public const string Aliasing = "Aliasing is not supported";
    public const string KeyNeeded = "Where clause does not contain a mandatory equality on all key attributes";

    /// <summary>The grammar was not met; the detail is the parser's.</summary>
    public static TableError NotWellFormed(string detail) => TableError.Validation("Statement wasn't well formed, can't be processed: " + detail);

    /// <summary>A read of a batch or a transaction that is not of one item by its key.</summary>
    public static TableError KeyNeededWithin(string operation) =>
        TableError.Validation($"Select statements within {operation} must specify the primary key in the where clause.");

    /// <summary>A value of a key attribute has not the key's type.</summary>
    public static TableError KeyType(string name) =>
        TableError.Validation($"Key attribute's data type should match its data type in table's schema: Key {name}");

    /// <summary>The statement's place in its request, which only errors of the statement itself name.</summary>
    public static TableError InTransaction(TableError error, int index) => error.Type == TableError.ValidationType
        ? TableError.Validation($"Validation failed in TransactStatements[{index}]: {error.Message}")
        : error;
}
