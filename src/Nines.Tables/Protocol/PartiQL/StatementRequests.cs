using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>ExecuteStatement.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="Options">How it is carried out.</param>
/// <param name="Digest">What a NextToken of this request remembers of it; empty when it is no SELECT.</param>
public sealed record StatementRequest(Statement Statement, StatementOptions Options, ReadOnlyMemory<byte> Digest);

/// <summary>A statement of a batch, or why it is refused, which keeps no other statement of the batch from being carried out.</summary>
/// <param name="Parsed">The statement.</param>
/// <param name="Options">How it is carried out.</param>
public sealed record BatchStatement(ParsedRequest<Statement> Parsed, StatementOptions Options);

/// <summary>BatchExecuteStatement: up to 25 statements about one item each, all reads or all writes.</summary>
/// <param name="Statements">In the order of the request.</param>
/// <param name="Capacity">Whether the answer says what capacity was consumed.</param>
public sealed record StatementBatch(IReadOnlyList<BatchStatement> Statements, CapacityReturn Capacity);

/// <summary>ExecuteTransaction: up to 100 statements about one item each, all reads or all writes, all or none of which are carried out.</summary>
/// <param name="Statements">In the order of the request.</param>
/// <param name="Options">How each is carried out.</param>
/// <param name="Token">The client's token; null when it gave none.</param>
/// <param name="Capacity">Whether the answer says what capacity was consumed.</param>
public sealed record StatementTransaction(
    IReadOnlyList<Statement> Statements, IReadOnlyList<StatementOptions> Options, string? Token, CapacityReturn Capacity)
{
    private const long BytesMax = 4 * 1024 * 1024;

    /// <summary>A transaction of reads.</summary>
    public bool IsRead => Statements[0].IsRead;

    /// <summary>The requests that the statements come to, by the keys of each one's table.</summary>
    public TableError? TryPlan(IReadOnlyList<TableSchema> schemas, out IReadOnlyList<ItemRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        var planned = new List<ItemRequest>(Statements.Count);
        requests = planned;
        long bytes = 0;
        for (int i = 0; i < Statements.Count; i++)
        {
            ParsedRequest<ItemRequest> request = StatementPlan.OfOne(Statements[i], schemas[i], Options[i], "ExecuteTransaction");
            if (!request.IsGood)
            {
                return StatementErrors.InTransaction(request.Error, i);
            }

            bytes += ItemSize.Of(request.Request.Item);
            planned.Add(request.Request);
        }

        return bytes > BytesMax ? TableError.Validation("Aggregate size of the items in the transaction cannot exceed 4 MB") : null;
    }

    /// <summary>The error of a transaction, where an INSERT that found its key taken says so.</summary>
    public TableError WithDuplicates(TableError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (error.Reasons is not { } reasons || reasons.Count != Statements.Count)
        {
            return error;
        }

        CancellationReason[] said = [.. reasons.Select((r, i) =>
            r.Code == "ConditionalCheckFailed" && Statements[i].Kind == StatementKind.Insert
                ? new CancellationReason("DuplicateItem", TableError.DuplicateItem().Message, r.Item) : r)];
        string codes = $"[{string.Join(", ", said.Select(static r => r.Code))}]";
        return error with { Reasons = said, Message = error.Message[..error.Message.IndexOf('[', StringComparison.Ordinal)] + codes };
    }
}
