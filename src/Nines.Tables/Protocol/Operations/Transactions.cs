using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>TransactWriteItems and TransactGetItems: up to 100 operations, each about one item.</summary>
internal sealed class Transactions
{
    public const int OperationsMax = 100;

    private const int TokenLengthMax = 36;
    private const long BytesMax = 4 * 1024 * 1024;

    // More than the limit, so that the error says so; beyond that they only cost memory.
    private const int OperationsKept = 4 * OperationsMax;

    private readonly bool _isWrite;
    private List<List<TransactionOperation>>? _operations;
    private string _quoted = "[]";
    private string? _token;
    private string? _returnCapacity;
    private string? _returnMetrics;

    private Transactions(bool isWrite) => _isWrite = isWrite;

    /// <summary>TransactWriteItems.</summary>
    public static ParsedRequest<TransactWriteRequest> ParseWrite(ref JsonInput json)
    {
        var request = new Transactions(isWrite: true);
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        TableError? error = request.Build(out List<ItemRequest> operations);
        return error is not null ? new(error)
            : new(new TransactWriteRequest(operations, request._token, ItemParameters.CapacityOf(request._returnCapacity)));
    }

    /// <summary>TransactGetItems.</summary>
    public static ParsedRequest<TransactGetRequest> ParseGet(ref JsonInput json)
    {
        var request = new Transactions(isWrite: false);
        request.Read(ref json);
        if (json.IsFaulty)
        {
            return default;
        }

        TableError? error = request.Build(out List<ItemRequest> operations);
        return error is not null ? new(error)
            : new(new TransactGetRequest(operations, ItemParameters.CapacityOf(request._returnCapacity)));
    }

    private void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("TransactItems"u8))
            {
                ReadOperations(ref json);
            }
            else if (json.Is("ReturnConsumedCapacity"u8))
            {
                _returnCapacity = json.String();
            }
            else if (_isWrite && json.Is("ClientRequestToken"u8))
            {
                _token = json.String();
            }
            else if (_isWrite && json.Is("ReturnItemCollectionMetrics"u8))
            {
                _returnMetrics = json.String();
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadOperations(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return;
        }

        int start = json.TokenStart;
        _operations = [];
        while (json.NextElement())
        {
            if (json.IsElement(_isWrite ? "TransactWriteItem" : "TransactGetItem"))
            {
                List<TransactionOperation> operation = ReadOperation(ref json);
                if (_operations.Count < OperationsKept)
                {
                    _operations.Add(operation);
                }
            }
        }

        _quoted = json.Quote(start);
    }

    /// <summary>One element: it should have one member only, which is checked later.</summary>
    private List<TransactionOperation> ReadOperation(ref JsonInput json)
    {
        var members = new List<TransactionOperation>(1);
        while (json.NextMember())
        {
            ItemOperation? operation = _isWrite
                ? json.Is("Put"u8) ? ItemOperation.Put
                    : json.Is("Update"u8) ? ItemOperation.Update
                    : json.Is("Delete"u8) ? ItemOperation.Delete
                    : json.Is("ConditionCheck"u8) ? ItemOperation.Check
                    : null
                : json.Is("Get"u8) ? ItemOperation.Get : null;
            if (operation is not { } kind)
            {
                json.Skip();
            }
            else if (json.Value() && json.IsField(kind == ItemOperation.Check ? "ConditionCheck" : kind.ToString()))
            {
                var read = new TransactionOperation(kind);
                read.Read(ref json);
                members.Add(read);
            }
        }

        return members;
    }

    private TableError? Build(out List<ItemRequest> operations)
    {
        operations = [];
        if (CheckConstraints() is { } message)
        {
            return TableError.Validation(message);
        }

        foreach (List<TransactionOperation> members in _operations!)
        {
            if (members.Count != 1)
            {
                return TableError.Validation(_isWrite
                    ? "TransactItems can only contain one of Check, Put, Update or Delete"
                    : "TransactItems can only contain one Get");
            }
        }

        long bytes = 0;
        foreach (List<TransactionOperation> members in _operations)
        {
            if (members[0].TryBuild(out ItemRequest? operation) is { } error)
            {
                return error;
            }

            bytes += ItemSize.Of(operation!.Item);
            operations.Add(operation);
        }

        return bytes > BytesMax
            ? TableError.Validation("Aggregate size of the items in the transaction cannot exceed 4 MB")
            : null;
    }

    private string? CheckConstraints()
    {
        var constraints = default(Constraints);
        constraints.OneOf(_returnCapacity, "returnConsumedCapacity", ItemParameters.CapacitySet);
        constraints.OneOf(_returnMetrics, "returnItemCollectionMetrics", "SIZE, NONE");
        constraints.LengthAtLeast(_token?.Length, 1, "clientRequestToken", () => "");
        constraints.LengthAtMost(_token?.Length, TokenLengthMax, "clientRequestToken", () => _token!);
        constraints.NotNull(_operations is not null, "transactItems");
        constraints.LengthAtLeast(_operations?.Count, 1, "transactItems", () => "[]");
        constraints.LengthAtMost(_operations?.Count, OperationsMax, "transactItems", () => _quoted);
        for (int i = 0; i < (_operations?.Count ?? 0); i++)
        {
            foreach (TransactionOperation operation in _operations![i])
            {
                operation.CheckConstraints(ref constraints, $"transactItems.{i + 1}.member.");
            }
        }

        return constraints.Message;
    }
}

/// <summary>One operation of a transaction, as read.</summary>
internal sealed class TransactionOperation(ItemOperation operation)
{
    private readonly ExpressionParameters _expressions = new();
    private SentTable _table;
    private Item? _item;
    private string? _invalid;
    private string? _returnOnFailure;

    public void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (json.Is("TableName"u8))
            {
                _table = json.Table();
            }
            else if (operation == ItemOperation.Put ? json.Is("Item"u8) : json.Is("Key"u8))
            {
                _invalid = null;
                _item = json.Item(ref _invalid);
            }
            else if (json.Is("ExpressionAttributeNames"u8))
            {
                _expressions.ReadNames(ref json);
            }
            else if (operation == ItemOperation.Get && json.Is("ProjectionExpression"u8))
            {
                _expressions.Projection = json.String();
            }
            else if (operation == ItemOperation.Get || !ReadOfWrite(ref json))
            {
                json.Skip();
            }
        }
    }

    /// <summary>The constraints of its members.</summary>
    public void CheckConstraints(ref Constraints constraints, string at)
    {
        at += operation switch
        {
            ItemOperation.Put => "put.",
            ItemOperation.Get => "get.",
            ItemOperation.Delete => "delete.",
            ItemOperation.Update => "update.",
            ItemOperation.Check => "conditionCheck.",
        };
        constraints.Name(_table.Name, at + "tableName");
        constraints.NotNull(_item is not null, at + (operation == ItemOperation.Put ? "item" : "key"));
        constraints.NotNull(operation != ItemOperation.Update || _expressions.Update is not null, at + "updateExpression");
        constraints.NotNull(operation != ItemOperation.Check || _expressions.Condition is not null, at + "conditionExpression");
        constraints.OneOf(_returnOnFailure, at + "returnValuesOnConditionCheckFailure", "ALL_OLD, NONE");
    }

    /// <summary>The request it is; or why it is refused.</summary>
    public TableError? TryBuild(out ItemRequest? request)
    {
        request = null;
        string? message = _expressions.CheckUse(operation, new LegacyParameters())
            ?? _invalid
            ?? (operation == ItemOperation.Put && ItemSize.Of(_item!) > TableLimits.ItemBytesMax
                ? "Item size has exceeded the maximum allowed size"
                : null);
        if (message is not null)
        {
            return TableError.Validation(message);
        }

        TableError? error = _expressions.TryCompile(out ItemExpressions expressions)
            ?? (expressions.Update is { } update && UpdateSize.IsTooLarge(update, _item!) ? UpdateFault.ItemTooLarge.ToError() : null);
        if (error is not null)
        {
            return error;
        }

        request = new ItemRequest
        {
            Operation = operation,
            TableName = _table.Name!,
            ShownTable = _table.AsSent!,
            Item = _item!,
            Expressions = expressions,
            ReturnItemOnFailure = _returnOnFailure == "ALL_OLD",
        };
        return null;
    }

    private bool ReadOfWrite(ref JsonInput json)
    {
        if (json.Is("ConditionExpression"u8))
        {
            _expressions.Condition = json.String();
        }
        else if (json.Is("ExpressionAttributeValues"u8))
        {
            _expressions.ReadValues(ref json);
        }
        else if (json.Is("ReturnValuesOnConditionCheckFailure"u8))
        {
            _returnOnFailure = json.String();
        }
        else if (operation == ItemOperation.Update && json.Is("UpdateExpression"u8))
        {
            _expressions.Update = json.String();
        }
        else
        {
            return false;
        }

        return true;
    }
}
