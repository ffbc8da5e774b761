using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Tables.Protocol.Operations;

/// <summary>ExecuteStatement, and the members that a statement has wherever it stands.</summary>
internal sealed class Statements
{
    private const int StatementLengthMax = 8192;
    private const int TokenLengthMax = 32_768;

    private List<AttributeValue>? _parameters;
    private string? _statement;
    private string? _invalid;
    private string? _returnOnFailure;
    private string? _returnCapacity;
    private string? _nextToken;
    private long? _limit;
    private bool _consistentRead;

    /// <summary>ExecuteStatement.</summary>
    public static ParsedRequest<StatementRequest> ParseOne(ref JsonInput json)
    {
        var request = new Statements();
        request.Read(ref json, isAlone: true);
        if (json.IsFaulty)
        {
            return default;
        }

        var constraints = default(Constraints);
        constraints.OneOf(request._returnCapacity, "returnConsumedCapacity", ItemParameters.CapacitySet);
        constraints.AtLeast(request._limit, 1, "limit");
        constraints.LengthAtLeast(request._nextToken?.Length, 1, "nextToken", () => "");
        constraints.LengthAtMost(request._nextToken?.Length, TokenLengthMax, "nextToken", () => request._nextToken!);
        request.CheckConstraints(ref constraints, "");
        return constraints.Message is { } message ? new(TableError.Validation(message)) : request.BuildOne(json.Scope);
    }

    /// <summary>Reads the members; those of ExecuteStatement alone only when it is that.</summary>
    public void Read(ref JsonInput json, bool isAlone)
    {
        while (json.NextMember())
        {
            if (json.Is("Statement"u8))
            {
                _statement = json.String();
            }
            else if (json.Is("Parameters"u8))
            {
                ReadParameters(ref json);
            }
            else if (json.Is("ConsistentRead"u8))
            {
                _consistentRead = json.Boolean() ?? false;
            }
            else if (json.Is("ReturnValuesOnConditionCheckFailure"u8))
            {
                _returnOnFailure = json.String();
            }
            else if (!isAlone || !ReadOfOne(ref json))
            {
                json.Skip();
            }
        }
    }

    /// <summary>The constraints of the members that every statement has.</summary>
    public void CheckConstraints(ref Constraints constraints, string at)
    {
        constraints.NotNull(_statement is not null, at + "statement");
        constraints.LengthAtLeast(_statement?.Length, 1, at + "statement", () => "");
        constraints.LengthAtMost(_statement?.Length, StatementLengthMax, at + "statement", () => _statement!);
        constraints.LengthAtLeast(_parameters?.Count, 1, at + "parameters", () => "[]");
        constraints.OneOf(_returnOnFailure, at + "returnValuesOnConditionCheckFailure", "ALL_OLD, NONE");
    }

    /// <summary>The statement, which keeps the constraints; or what is wrong with it or its parameters.</summary>
    public ParsedRequest<Statement> Build(TableScope scope) =>
        _invalid is not null ? new(TableError.Validation(_invalid)) : StatementParser.Read(_statement!, _parameters ?? [], scope);

    /// <summary>How the statement is carried out.</summary>
    public StatementOptions Options(CapacityReturn capacity) => new()
    {
        ConsistentRead = _consistentRead,
        ReturnItemOnFailure = _returnOnFailure == "ALL_OLD",
        Capacity = capacity,
        Limit = (int)Math.Min(_limit ?? 0, int.MaxValue),
    };

    private ParsedRequest<StatementRequest> BuildOne(TableScope scope)
    {
        ParsedRequest<Statement> parsed = Build(scope);
        if (!parsed.IsGood)
        {
            return new(parsed.Error);
        }

        ReadOnlyMemory<byte> digest = parsed.Request.IsRead ? PageToken.DigestOf(_statement!, _parameters ?? []) : default;
        Item? start = null;
        TableError? error = _nextToken is null ? null
            : !parsed.Request.IsRead ? TableError.Validation("NextToken does not match request")
            : PageToken.TryDecode(_nextToken, digest, out start);
        StatementOptions options = Options(ItemParameters.CapacityOf(_returnCapacity)) with { StartKey = start };
        return error is not null ? new(error) : new(new StatementRequest(parsed.Request, options, digest));
    }

    private bool ReadOfOne(ref JsonInput json)
    {
        if (json.Is("NextToken"u8))
        {
            _nextToken = json.String();
        }
        else if (json.Is("Limit"u8))
        {
            _limit = json.Integer("Integer");
        }
        else if (json.Is("ReturnConsumedCapacity"u8))
        {
            _returnCapacity = json.String();
        }
        else
        {
            return false;
        }

        return true;
    }

    private void ReadParameters(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return;
        }

        _parameters = [];
        _invalid = null;
        while (json.NextElement())
        {
            // More than a statement has room for are counted as one more, so that the error says so.
            if (json.IsElement("AttributeValue") && json.ValueHere(ref _invalid) is { } value && _parameters.Count <= StatementLengthMax)
            {
                _parameters.Add(value);
            }
        }
    }
}
