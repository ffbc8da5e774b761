using System.Text;
using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Bench;

/// <summary>The load generator's requests, and the way of a request from its bytes to a command.</summary>
internal static class TableRequests
{
    private const int TableIdLength = 8;
    private const int Slot = 7;

    public static readonly TableSchema Schema = new(7, "bench", new KeyAttribute("id", AttributeType.String), null);

    private static readonly string Value = new('x', 256);

    public static byte[] Put(int key) => Encoding.UTF8.GetBytes(
        $"{{\"TableName\":\"bench\",\"Item\":{{\"id\":{{\"S\":\"key{key:D10}\"}},\"v\":{{\"S\":\"{Value}\"}}}}}}");

    public static byte[] Get(int key) => Encoding.UTF8.GetBytes(
        $"{{\"TableName\":\"bench\",\"Key\":{{\"id\":{{\"S\":\"key{key:D10}\"}}}}}}");

    public static void Command(ReadOnlySpan<byte> body, ByteBuffer key, ByteBuffer command)
    {
        ItemRequest request = Parse(body, ItemOperation.Put, key, command);
        Invariant.Assert(KeyRules.CheckItem(Schema, request.Item) is null);
        ItemCommands.WriteChange(command, Schema, new ItemKey(Slot, key.Written[TableIdLength..]), request);
    }

    public static void Query(ReadOnlySpan<byte> body, ByteBuffer key, ByteBuffer query)
    {
        ItemRequest request = Parse(body, ItemOperation.Get, key, query);
        Invariant.Assert(KeyRules.CheckKey(Schema, request.Item) is null);
        ItemCommands.WriteGet(query, Schema, new ItemKey(Slot, key.Written[TableIdLength..]), request, isMeasured: false, awaitsLocks: false);
    }

    private static ItemRequest Parse(ReadOnlySpan<byte> body, ItemOperation operation, ByteBuffer key, ByteBuffer command)
    {
        key.Clear();
        command.Clear();
        ParsedRequest<ItemRequest> parsed = RequestParser.Item(body, operation);
        Invariant.Assert(parsed.IsGood);
        KeyRules.Partition(Schema, parsed.Request.Item, key);
        KeyRules.Sort(Schema, parsed.Request.Item, key);
        return parsed.Request;
    }
}
