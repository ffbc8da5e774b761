using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Requests;

/// <summary>The commands and queries of requests for one item.</summary>
public static class ItemCommands
{
    /// <summary>The query of GetItem.</summary>
    public static void WriteGet(ByteBuffer to, TableSchema schema, ReadOnlySpan<byte> key, ItemRequest request)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        ItemFlags flags = request.Capacity == CapacityReturn.None ? ItemFlags.None : ItemFlags.Measure;
        TableCommand.GetItem(to, schema.Id, key, flags);
    }

    /// <summary>The command of PutItem, DeleteItem or UpdateItem.</summary>
    public static void WriteChange(ByteBuffer to, TableSchema schema, ReadOnlySpan<byte> key, ItemRequest request)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(request);
        ItemFlags flags = request.Capacity == CapacityReturn.None ? ItemFlags.None : ItemFlags.Measure;
        TableCommandKind kind = request.Operation switch
        {
            ItemOperation.Put => TableCommandKind.PutItem,
            ItemOperation.Delete => TableCommandKind.DeleteItem,
            _ => TableCommandKind.UpdateItem,
        };
        TableCommand.BeginItem(to, kind, schema.Id, key, flags, request.Returns);
        if (kind == TableCommandKind.PutItem)
        {
            ItemCodec.Encode(request.Item, to);
        }
    }
}
