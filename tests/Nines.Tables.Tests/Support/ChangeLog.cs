using System.Globalization;
using System.Text.Json.Nodes;
using Nines.Kernel;

namespace Nines.Tables.Tests.Support;

/// <summary>
/// Writes items in every way there is, and knows which records a stream must have of it: one line a change, in the order of each key.
/// Items are a key, a number and nothing else, so a line is "key event old new".
/// </summary>
public sealed class ChangeLog(string view)
{
    private const int Keys = 12;

    private readonly Prng _prng = new(42);
    private readonly Dictionary<string, int> _items = [];
    private readonly List<string> _lines = [];
    private readonly HashSet<string> _ways = [];

    /// <summary>What must be in the stream, key by key.</summary>
    public IEnumerable<string> Expected => Sorted(_lines);

    /// <summary>What is in a stream.</summary>
    public static IEnumerable<string> Of(IEnumerable<JsonNode> records) => Sorted(records.Select(record =>
    {
        JsonNode change = record["dynamodb"]!;
        return $"{change["Keys"]!["id"]!["S"]} {record["eventName"]} {Image(change["OldImage"])} {Image(change["NewImage"])}";
    }));

    public async Task MakeAsync(StreamHost host, int writes)
    {
        ArgumentNullException.ThrowIfNull(host);
        for (int i = 0; i < writes; i++)
        {
            await WriteAsync(host, _prng.Below(8));
        }

        Assert.Equal(8, _ways.Count);
    }

    private async Task WriteAsync(StreamHost host, int way)
    {
        string id = Id();
        int n = _prng.Below(4);
        _ = _ways.Add(way.ToString(CultureInfo.InvariantCulture));
        switch (way)
        {
            case 0:
                await host.PutAsync(id, $$""","n":{"N":"{{n}}"}""");
                Change(id, n);
                break;
            case 1:
                await host.SendAsync("DeleteItem", $$$"""{"TableName":"tab","Key":{"id":{"S":"{{{id}}}"} } }""");
                Change(id, null);
                break;
            case 2:
                await host.SendAsync("UpdateItem", $$$"""
                    {"TableName":"tab","Key":{"id":{"S":"{{{id}}}"} },"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"{{{n}}}"} } }
                    """);
                Change(id, n);
                break;
            case 3:
                await ConditionalAsync(host, id, n);
                break;
            case 4:
                string other = Other(id);
                await host.SendAsync("BatchWriteItem", $$$"""
                    {"RequestItems":{"tab":[{"PutRequest":{"Item":{"id":{"S":"{{{id}}}"},"n":{"N":"{{{n}}}"} } } },{"DeleteRequest":{"Key":{"id":{"S":"{{{other}}}"} } } }]} }
                    """);
                Change(id, n);
                Change(other, null);
                break;
            case 5:
            case 6:
                await TransactAsync(host, id, n, isCancelled: way == 6);
                break;
            default:
                // Written again as it is.
                if (_items.TryGetValue(id, out int same))
                {
                    await host.PutAsync(id, $$""","n":{"N":"{{same}}"}""");
                }

                break;
        }
    }

    private async Task ConditionalAsync(StreamHost host, string id, int n)
    {
        DoorAnswer answer = await host.Door.SendAsync("PutItem", $$$"""
            {"TableName":"tab","Item":{"id":{"S":"{{{id}}}"},"n":{"N":"{{{n}}}"}},"ConditionExpression":"attribute_not_exists(id)"}
            """);
        Assert.Equal(_items.ContainsKey(id) ? 400 : 200, answer.Status);
        if (answer.Status == 200)
        {
            Change(id, n);
        }
    }

    /// <summary>Two items, most often of two groups.</summary>
    private async Task TransactAsync(StreamHost host, string id, int n, bool isCancelled)
    {
        string other = Other(id);
        string condition = isCancelled ? "attribute_exists(nothing)" : "attribute_not_exists(nothing)";
        DoorAnswer answer = await host.Door.SendAsync("TransactWriteItems", $$$"""
            {"TransactItems":[{"Put":{"TableName":"tab","Item":{"id":{"S":"{{{id}}}"},"n":{"N":"{{{n}}}"} } } },
            {"Delete":{"TableName":"tab","Key":{"id":{"S":"{{{other}}}"} },"ConditionExpression":"{{{condition}}}"} }]}
            """);
        Assert.Equal(isCancelled ? 400 : 200, answer.Status);
        if (!isCancelled)
        {
            Change(id, n);
            Change(other, null);
        }
    }

    private void Change(string id, int? after)
    {
        int? before = _items.TryGetValue(id, out int known) ? known : null;
        if (before == after)
        {
            return;
        }

        string happened = before is null ? "INSERT" : after is null ? "REMOVE" : "MODIFY";
        bool showsOld = view is "OLD_IMAGE" or "NEW_AND_OLD_IMAGES";
        bool showsNew = view is "NEW_IMAGE" or "NEW_AND_OLD_IMAGES";
        _lines.Add(string.Create(
            CultureInfo.InvariantCulture, $"{id} {happened} {(showsOld ? before : null)?.ToString(CultureInfo.InvariantCulture) ?? "-"} {(showsNew ? after : null)?.ToString(CultureInfo.InvariantCulture) ?? "-"}"));
        if (after is { } now)
        {
            _items[id] = now;
        }
        else
        {
            _ = _items.Remove(id);
        }
    }

    private string Id() => "k" + _prng.Below(Keys).ToString(CultureInfo.InvariantCulture);

    private string Other(string id)
    {
        string other;
        do
        {
            other = Id();
        }
        while (other == id);
        return other;
    }

    private static string Image(JsonNode? image) => image?["n"]?["N"]?.ToString() ?? "-";

    /// <summary>Sorting is stable, so changes of a key stay in their order.</summary>
    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.OrderBy(line => line.Split(' ')[0], StringComparer.Ordinal);
}
