using System.Globalization;
using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Simulation.Tables;

/// <summary>The requests of the simulated clients, as clients write them.</summary>
internal static class TableRequests
{
    public const string Accounts = "accounts";
    public const string Lists = "lists";
    public const string Things = "things";

    /// <summary>Every table has a stream that shows everything.</summary>
    public const string Stream = """ "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"} """;

    public static TableDescription Create(string table) => Good(RequestParser.CreateTable(Utf8($$"""
        {"TableName":"{{table}}","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],{{Stream}}}
        """)));

    public static ItemRequest Put(string table, string id, long number) => Good(RequestParser.Item(
        Utf8($$$"""{"TableName":"{{{table}}}","Item":{"id":{"S":"{{{id}}}"},"n":{"N":"{{{number}}}"} } }"""), ItemOperation.Put));

    public static ItemRequest Get(string table, string id) => Good(RequestParser.Item(
        Utf8($$$"""{"TableName":"{{{table}}}","Key":{"id":{"S":"{{{id}}}"} },"ConsistentRead":true}"""), ItemOperation.Get));

    /// <summary>Moves money and writes down that it did, if there is enough.</summary>
    public static TransactWriteRequest Transfer(string from, string to, long amount, string journal, string token) => Write(token, [
        $$$"""{"Update":{"TableName":"accounts","Key":{"id":{"S":"{{{from}}}"} },"UpdateExpression":"SET n = n - :v","ConditionExpression":"n >= :v","ExpressionAttributeValues":{":v":{"N":"{{{amount}}}"} } } }""",
        $$$"""{"Update":{"TableName":"accounts","Key":{"id":{"S":"{{{to}}}"} },"UpdateExpression":"ADD n :v","ExpressionAttributeValues":{":v":{"N":"{{{amount}}}"} } } }""",
        $$$"""{"Put":{"TableName":"accounts","Item":{"id":{"S":"{{{journal}}}"},"from":{"S":"{{{from}}}"},"to":{"S":"{{{to}}}"},"amount":{"N":"{{{amount}}}"} } } }"""]);

    /// <summary>Appends a value to each of several lists.</summary>
    public static TransactWriteRequest Append(IEnumerable<string> lists, long value, string token) => Write(token, lists.Select(list =>
        $$$"""{"Update":{"TableName":"lists","Key":{"id":{"S":"{{{list}}}"} },{{{AppendUpdate(value)}}} } }"""));

    /// <summary>Appends a value to one list and reads it.</summary>
    public static ItemRequest Append(string list, long value) => Good(RequestParser.Item(Utf8(
        $$$"""{"TableName":"lists","Key":{"id":{"S":"{{{list}}}"} },{{{AppendUpdate(value)}}},"ReturnValues":"ALL_NEW"}"""), ItemOperation.Update));

    public static TransactGetRequest Get(string table, IEnumerable<string> ids)
    {
        IEnumerable<string> gets = ids.Select(id => $$$"""{"Get":{"TableName":"{{{table}}}","Key":{"id":{"S":"{{{id}}}"} } } }""");
        return Good(RequestParser.TransactGet(Utf8($$"""{"TransactItems":[{{string.Join(",", gets)}}]}""")));
    }

    public static ScanRequest Scan(string table) => Good(RequestParser.Scan(Utf8($$"""{"TableName":"{{table}}","ConsistentRead":true}""")));

    public static Item? Decode(ReadOnlyMemory<byte> encoded)
    {
        if (encoded.IsEmpty)
        {
            return null;
        }

        bool isItem = ItemCodec.TryDecode(encoded, out Item item);
        Invariant.Assert(isItem);
        return item;
    }

    public static long Number(Item item, string attribute) => long.Parse(item[attribute]!.ToString()!, CultureInfo.InvariantCulture);

    /// <summary>All of an item, for people and to compare by.</summary>
    public static string Text(Item item)
    {
        var parts = new List<string>();
        for (int i = 0; i < item.Count; i++)
        {
            parts.Add($"{item.Names[i]}={(item.Values[i] is ListValue ? $"[{string.Join(" ", Values(item))}]" : item.Values[i])}");
        }

        return string.Join(" ", parts);
    }

    /// <summary>The values of a list item; none when there is no item.</summary>
    public static long[] Values(Item? item)
    {
        if (item?["l"] is not ListValue list)
        {
            return [];
        }

        var values = new long[list.Elements.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = long.Parse(list.Elements[i].ToString()!, CultureInfo.InvariantCulture);
        }

        return values;
    }

    private static string AppendUpdate(long value) =>
        $$$""" "UpdateExpression":"SET l = list_append(if_not_exists(l, :none), :v)","ExpressionAttributeValues":{":none":{"L":[]},":v":{"L":[{"N":"{{{value}}}"}]} } """;

    public static TransactWriteRequest Write(string token, IEnumerable<string> operations) => Good(RequestParser.TransactWrite(
        Utf8($$"""{"ClientRequestToken":"{{token}}","TransactItems":[{{string.Join(",", operations)}}]}""")));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static T Good<T>(ParsedRequest<T> parsed)
        where T : class
    {
        Invariant.Assert(parsed.IsGood, parsed.Error?.Message ?? "");
        return parsed.Request!;
    }
}
