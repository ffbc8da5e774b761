using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Tables.Protocol.Operations;

/// <summary>BatchExecuteStatement and ExecuteTransaction: lists of statements about one item each.</summary>
internal sealed class StatementLists
{
    public const int BatchMax = 25;
    public const int TransactionMax = 100;

    private const int TokenLengthMax = 36;

    private readonly bool _isBatch;
    private List<Statements>? _statements;
    private string _quoted = "[]";
    private string? _token;
    private string? _returnCapacity;

    private StatementLists(bool isBatch) => _isBatch = isBatch;

    private string ListName => _isBatch ? "statements" : "transactStatements";

    private int Most => _isBatch ? BatchMax : TransactionMax;

    private CapacityReturn Capacity => ItemParameters.CapacityOf(_returnCapacity);

    /// <summary>BatchExecuteStatement: a statement that is refused is so for itself.</summary>
    public static ParsedRequest<StatementBatch> ParseBatch(ref JsonInput json)
    {
        var request = new StatementLists(isBatch: true);
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        if (request.CheckConstraints() is { } message)
        {
            return new(TableError.Validation(message));
        }

        var statements = new List<BatchStatement>();
        foreach (Statements read in request._statements!)
        {
            ParsedRequest<Statement> parsed = read.Build(json.Scope);
            bool isCheck = parsed.IsGood && parsed.Request.Kind == StatementKind.Check;
            statements.Add(new BatchStatement(
                isCheck ? new(TableError.Validation("EXISTS can only be used in ExecuteTransaction write requests.")) : parsed,
                read.Options(request.Capacity)));
        }

        return IsMixed([.. statements.Where(static s => s.Parsed.IsGood).Select(static s => s.Parsed.Request!)])
            ? new(TableError.Validation("BatchExecuteStatement API does not support both read and write operations in the same request."))
            : new(new StatementBatch(statements, request.Capacity));
    }

    /// <summary>ExecuteTransaction: the first statement that is refused refuses all.</summary>
    public static ParsedRequest<StatementTransaction> ParseTransaction(ref JsonInput json)
    {
        var request = new StatementLists(isBatch: false);
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        if (request.CheckConstraints() is { } message)
        {
            return new(TableError.Validation(message));
        }

        var statements = new List<Statement>();
        var options = new List<StatementOptions>();
        foreach (Statements read in request._statements!)
        {
            ParsedRequest<Statement> parsed = read.Build(json.Scope);
            if ((parsed.Error ?? CheckInTransaction(parsed.Request!)) is { } error)
            {
                return new(StatementErrors.InTransaction(error, statements.Count));
            }

            statements.Add(parsed.Request!);
            options.Add(read.Options(CapacityReturn.None));
        }

        return IsMixed(statements)
            ? new(TableError.Validation("ExecuteTransaction API does not support both read and write operations in the same request."))
            : new(new StatementTransaction(statements, options, request._token, request.Capacity));
    }

    private static TableError? CheckInTransaction(Statement statement) =>
        statement.Returns != Model.Machine.ReturnValues.None
            ? TableError.Validation("RETURNING clause is not supported in ExecuteTransaction.")
        : statement.IndexName is null ? null
        : TableError.Validation(statement.IsRead
            ? "Reads on indices are not supported within transactions."
            : "Operations on indices are not supported in transactions");

    private static bool IsMixed(List<Statement> statements) =>
        statements.Exists(static s => s.IsRead) && statements.Exists(static s => !s.IsRead);

    private void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (_isBatch ? json.Is("Statements"u8) : json.Is("TransactStatements"u8))
            {
                ReadStatements(ref json);
            }
            else if (json.Is("ReturnConsumedCapacity"u8))
            {
                _returnCapacity = json.String();
            }
            else if (!_isBatch && json.Is("ClientRequestToken"u8))
            {
                _token = json.String();
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadStatements(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return;
        }

        int start = json.TokenStart;
        _statements = [];
        while (json.NextElement())
        {
            if (json.IsElement(_isBatch ? "BatchStatementRequest" : "ParameterizedStatement"))
            {
                var statement = new Statements();
                statement.Read(ref json, isAlone: false);

                // One more than the limit is enough for the error to say so.
                if (_statements.Count <= Most)
                {
                    _statements.Add(statement);
                }
            }
        }

        _quoted = json.Quote(start);
    }

    private string? CheckConstraints()
    {
        var constraints = default(Constraints);
        constraints.OneOf(_returnCapacity, "returnConsumedCapacity", ItemParameters.CapacitySet);
        constraints.LengthAtLeast(_token?.Length, 1, "clientRequestToken", () => "");
        constraints.LengthAtMost(_token?.Length, TokenLengthMax, "clientRequestToken", () => _token!);
        constraints.NotNull(_statements is not null, ListName);
        constraints.LengthAtLeast(_statements?.Count, 1, ListName, () => "[]");
        constraints.LengthAtMost(_statements?.Count, Most, ListName, () => _quoted);
        for (int i = 0; i < (_statements?.Count ?? 0); i++)
        {
            _statements![i].CheckConstraints(ref constraints, $"{ListName}.{i + 1}.member.");
        }

        return constraints.Message;
    }
}
