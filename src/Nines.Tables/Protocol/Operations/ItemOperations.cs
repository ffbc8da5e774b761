using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.Operations;

/// <summary>
/// PutItem, GetItem, DeleteItem and UpdateItem: the constraints of the model first, then how parameters go together, then the values,
/// then the expressions. What needs the table comes later, in the engine.
/// </summary>
internal static class ItemOperations
{
    public static ParsedRequest<ItemRequest> Parse(ref JsonInput json, ItemOperation operation)
    {
        var parameters = new ItemParameters();
        parameters.Read(ref json, operation);
        if (json.IsFaulty)
        {
            return default;
        }

        string? message = parameters.CheckConstraints(operation)
            ?? parameters.Expressions.CheckUse(operation, parameters.Legacy)
            ?? parameters.ItemInvalid
            ?? CheckReturns(operation, parameters.Returns)
            ?? CheckSize(operation, parameters.Item!)
            ?? parameters.Legacy.CheckDuplicates()
            ?? parameters.Legacy.Check();
        if (message is not null)
        {
            return new(TableError.Validation(message));
        }

        TableError? error = parameters.Expressions.TryCompile(out ItemExpressions expressions);
        expressions = parameters.Legacy.Add(expressions);
        error ??= expressions.Update is { } update && UpdateSize.IsTooLarge(update, parameters.Item!) ? UpdateFault.ItemTooLarge.ToError() : null;
        return error is not null ? new(error) : new(new ItemRequest
        {
            Operation = operation,
            TableName = parameters.Table.Name!,
            ShownTable = parameters.Table.AsSent!,
            Item = parameters.Item!,
            Expressions = expressions,
            Returns = parameters.Returns,
            ReturnItemOnFailure = parameters.ReturnItemOnFailure,
            ConsistentRead = parameters.ConsistentRead,
            Capacity = parameters.Capacity,
        });
    }

    private static string? CheckReturns(ItemOperation operation, ReturnValues returns) =>
        operation is ItemOperation.Put or ItemOperation.Delete && returns is not (ReturnValues.None or ReturnValues.AllOld)
            ? "ReturnValues can only be ALL_OLD or NONE"
            : null;

    private static string? CheckSize(ItemOperation operation, Item item) =>
        operation == ItemOperation.Put && ItemSize.Of(item) > TableLimits.ItemBytesMax
            ? "Item size has exceeded the maximum allowed size"
            : null;
}
