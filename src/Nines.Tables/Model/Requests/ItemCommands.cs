using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Requests;

/// <summary>The commands and queries of requests for one item.</summary>
public static class ItemCommands
{
    /// <summary>The query of GetItem. It may be told of a transaction that holds the item, instead of the item as it was before that.</summary>
    public static void WriteGet(ByteBuffer to, TableSchema schema, ItemKey key, ItemRequest request, bool isMeasured, bool awaitsLocks)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        ItemFlags flags = FlagsOf(request, isMeasured) | (awaitsLocks ? ItemFlags.AwaitLocks : ItemFlags.None);
        TableCommand.GetItem(to, schema.Id, key, flags);
        if (request.Expressions.Projection is { } projection)
        {
            ExpressionCodec.Encode(projection, to);
        }
    }

    /// <summary>The command of PutItem, DeleteItem or UpdateItem, or of a check in a transaction.</summary>
    public static void WriteChange(ByteBuffer to, TableSchema schema, ItemKey key, ItemRequest request) =>
        WriteChange(to, schema, key, request, request.Capacity != CapacityReturn.None);

    /// <summary>The same, by who decides whether the answer tells sizes.</summary>
    public static void WriteChange(ByteBuffer to, TableSchema schema, ItemKey key, ItemRequest request, bool isMeasured)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        TableCommandKind kind = request.Operation switch
        {
            ItemOperation.Put => TableCommandKind.PutItem,
            ItemOperation.Delete => TableCommandKind.DeleteItem,
            ItemOperation.Check => TableCommandKind.CheckItem,
            ItemOperation.Update or ItemOperation.Get => TableCommandKind.UpdateItem,
        };
        TableCommand.BeginItem(to, kind, schema.Id, key, FlagsOf(request, isMeasured), request.Returns);
        if (request.Expressions.Condition is { } condition)
        {
            ExpressionCodec.Encode(condition, to);
        }

        if (request.Expressions.Update is { } update)
        {
            ExpressionCodec.Encode(update, to);
        }

        if (kind is TableCommandKind.PutItem or TableCommandKind.UpdateItem)
        {
            // Put: the item. Update: its key, of which a new item is made.
            ItemCodec.Encode(request.Item, to);
        }
    }

    private static ItemFlags FlagsOf(ItemRequest request, bool isMeasured) =>
        (isMeasured ? ItemFlags.Measure : ItemFlags.None)
        | (request.Expressions.Condition is null ? ItemFlags.None : ItemFlags.Condition)
        | (request.ReturnItemOnFailure ? ItemFlags.ReturnItemOnFailure : ItemFlags.None)
        | (request.Expressions.Projection is null ? ItemFlags.None : ItemFlags.Projection)
        | (request.Expressions.Update is null ? ItemFlags.None : ItemFlags.Update);
}
