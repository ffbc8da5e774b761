using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary>Makes a table like one that was described by <c>nines tables describe --json</c>.</summary>
internal static class TableCreation
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than any failover.</summary>
    private const int LooksMax = 600;

    /// <summary>Makes the table unless it is there, and waits until it takes items.</summary>
    /// <exception cref="TablesUsageException">The file holds no description.</exception>
    public static async Task EnsureAsync(TablesClient client, string table, string descriptionPath, TimeProvider time, CancellationToken cancel)
    {
        JsonObject request = await ReadAsync(table, descriptionPath, cancel);
        try
        {
            await client.SendAsync("CreateTable", request, cancel);
        }
        catch (TablesException e) when (e.Type == "ResourceInUseException")
        {
            // It is there; what keys it has is told when items are written.
        }

        for (int look = 0; look < LooksMax; look++)
        {
            JsonElement now = await TableKeys.DescribeAsync(client, table, cancel);
            if (now.GetProperty("TableStatus").GetString() is "ACTIVE" or "UPDATING")
            {
                return;
            }

            await Task.Delay(LookEvery, time, cancel);
        }

        throw new TablesException("", $"{table} was made, but is not active yet; see nines tables describe {table}, then import without --create");
    }

    /// <summary>What CreateTable takes of a description.</summary>
    public static JsonObject Request(string table, JsonObject described)
    {
        var request = new JsonObject
        {
            ["TableName"] = table,
            ["AttributeDefinitions"] = described["AttributeDefinitions"]!.DeepClone(),
            ["KeySchema"] = described["KeySchema"]!.DeepClone(),
        };
        string? billing = (string?)described["BillingModeSummary"]?["BillingMode"];
        bool onDemand = billing == "PAY_PER_REQUEST";
        request["BillingMode"] = billing ?? "PROVISIONED";
        AddThroughput(request, described, onDemand);
        foreach (string kind in new[] { "GlobalSecondaryIndexes", "LocalSecondaryIndexes" })
        {
            if (described[kind] is JsonArray { Count: > 0 } indexes)
            {
                request[kind] = new JsonArray([.. indexes.Select(i => Index(i!.AsObject(), onDemand || kind[0] == 'L'))]);
            }
        }

        return request;
    }

    private static JsonObject Index(JsonObject described, bool withoutThroughput)
    {
        var index = new JsonObject();
        foreach (string member in new[] { "IndexName", "KeySchema", "Projection" })
        {
            index[member] = described[member]?.DeepClone();
        }

        AddThroughput(index, described, withoutThroughput);
        return index;
    }

    private static void AddThroughput(JsonObject to, JsonObject described, bool without)
    {
        if (!without && described["ProvisionedThroughput"] is JsonObject units)
        {
            to["ProvisionedThroughput"] = new JsonObject
            {
                ["ReadCapacityUnits"] = units["ReadCapacityUnits"]?.DeepClone(), ["WriteCapacityUnits"] = units["WriteCapacityUnits"]?.DeepClone(),
            };
        }
    }

    private static async Task<JsonObject> ReadAsync(string table, string path, CancellationToken cancel)
    {
        try
        {
            var whole = JsonNode.Parse(await File.ReadAllTextAsync(path, cancel)) as JsonObject;
            return Request(table, whole?["Table"] as JsonObject ?? whole ?? []);
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException)
        {
            throw new TablesUsageException($"--create: {path} is no description of a table; expected what nines tables describe TABLE --json prints");
        }
    }
}
