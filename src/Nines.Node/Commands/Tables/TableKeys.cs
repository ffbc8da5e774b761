using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nines.Tables.Model.Values;

namespace Nines.Node.Commands.Tables;

/// <summary>An attribute of a key and its type, S, N or B.</summary>
internal sealed record KeyPart(string Name, string Type)
{
    /// <summary>A text from the command line as DynamoDB JSON.</summary>
    public JsonObject Value(string text) => new() { [Type] = text };
}

/// <summary>The key of a table or of an index, from the table's description: partition key first, then the sort key if there is one.</summary>
internal sealed record TableKeys(IReadOnlyList<KeyPart> Parts)
{
    private static readonly string[] IndexKinds = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];

    public KeyPart Partition => Parts[0];

    public KeyPart? Sort => Parts.Count > 1 ? Parts[1] : null;

    public static async Task<JsonElement> DescribeAsync(TablesClient client, string table, CancellationToken cancel) =>
        (await client.SendAsync("DescribeTable", new JsonObject { ["TableName"] = table }, cancel)).GetProperty("Table");

    public static async Task<TableKeys> OfTableAsync(TablesClient client, string table, CancellationToken cancel) =>
        Of(await DescribeAsync(client, table, cancel), index: null);

    /// <param name="index">Null: of the table itself.</param>
    /// <exception cref="TablesUsageException">There is no such index.</exception>
    public static TableKeys Of(JsonElement description, string? index)
    {
        JsonElement keyed = description;
        if (index is not null)
        {
            List<JsonElement> indexes = [.. Indexes(description)];
            int at = indexes.FindIndex(i => i.GetProperty("IndexName").GetString() == index);
            keyed = at >= 0 ? indexes[at] : throw new TablesUsageException(
                $"--index: the table has no index \"{index}\"; it has {(indexes.Count == 0 ? "none" : string.Join(", ", indexes.Select(i => i.GetProperty("IndexName").GetString())))}");
        }

        Dictionary<string, string> types = description.GetProperty("AttributeDefinitions").EnumerateArray()
            .ToDictionary(a => a.GetProperty("AttributeName").GetString()!, a => a.GetProperty("AttributeType").GetString()!);
        return new TableKeys(
        [
            .. keyed.GetProperty("KeySchema").EnumerateArray().OrderBy(k => k.GetProperty("KeyType").GetString() == "HASH" ? 0 : 1)
                .Select(k => k.GetProperty("AttributeName").GetString()!).Select(name => new KeyPart(name, types[name])),
        ]);
    }

    /// <summary>All indexes of a table's description.</summary>
    public static IEnumerable<JsonElement> Indexes(JsonElement description) =>
        IndexKinds
            .Where(kind => description.TryGetProperty(kind, out JsonElement list) && list.ValueKind == JsonValueKind.Array)
            .SelectMany(kind => description.GetProperty(kind).EnumerateArray());

    /// <summary>
    /// Reads <c>id=a n=5</c>. What follows the first '=' is the value, whatever it holds; a type may be named as in <c>n:N=5</c> and must
    /// be the key's.
    /// </summary>
    /// <returns>The values given, by attribute, as DynamoDB JSON.</returns>
    /// <exception cref="TablesUsageException">One is no pair, is named twice, or is no attribute of this key.</exception>
    public JsonObject ReadPairs(IEnumerable<string> pairs)
    {
        var values = new JsonObject();
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new TablesUsageException($"KEY: \"{pair}\" is not allowed; expected {Form}, or the key as JSON");
            }

            KeyPart part = Find(pair[..equals], pair);
            if (!values.TryAdd(part.Name, part.Value(pair[(equals + 1)..])))
            {
                throw new TablesUsageException($"KEY: \"{part.Name}\" is given twice; expected {Form}");
            }
        }

        return values;
    }

    /// <summary>The attributes of the key of an item, so that equal keys are equal texts; null when one is missing or no key's value.</summary>
    public string? KeyOf(JsonElement item)
    {
        var text = new StringBuilder();
        foreach (KeyPart part in Parts)
        {
            if (!item.TryGetProperty(part.Name, out JsonElement typed) || !typed.TryGetProperty(part.Type, out JsonElement value)
                || value.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            string given = value.GetString()!;
            string same = part.Type == "N" && DynamoNumber.Parse(Encoding.UTF8.GetBytes(given), out DynamoNumber number) == NumberFault.None
                ? number.ToString()
                : given;
            text.Append(same.Length).Append(':').Append(same);
        }

        return text.ToString();
    }

    /// <summary>As a person would write such a key.</summary>
    public string Form => string.Join(' ', Parts.Select(p => $"{p.Name}={(p.Type == "N" ? "NUMBER" : p.Type == "B" ? "BASE64" : "TEXT")}"));

    private KeyPart Find(string name, string pair)
    {
        if (Parts.FirstOrDefault(p => p.Name == name) is { } whole)
        {
            return whole;
        }

        // A ':' may belong to a name, so it means a type only where no attribute has the whole name.
        string bare = name.Length > 2 && name[^2] == ':' ? name[..^2] : name;
        KeyPart part = Parts.FirstOrDefault(p => p.Name == bare)
            ?? throw new TablesUsageException($"KEY: \"{bare}\" is no attribute of this key; expected {Form}");
        return name.EndsWith(":" + part.Type, StringComparison.Ordinal)
            ? part
            : throw new TablesUsageException($"KEY: \"{pair}\": {part.Name} has the type {part.Type}; expected {Form}");
    }
}
