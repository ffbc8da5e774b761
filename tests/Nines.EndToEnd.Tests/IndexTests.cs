using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>A global index on a cluster of three whose nodes are killed while items are written.</summary>
public sealed class IndexTests
{
    private const int Writers = 4;
    private const int Colours = 5;
    private const int Items = 40;

    [Fact]
    public async Task An_index_equals_its_table_after_nodes_were_killed()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        AmazonDynamoDBClient[] clients = [.. cluster.TablesUrls.Select(Client)];
        await CreateAsync(clients[0]);
        using var end = new CancellationTokenSource();
        int written = 0;
        Task[] writing = [.. Enumerable.Range(0, Writers).Select(w => WriteAsync(clients, w, () => Interlocked.Increment(ref written), end.Token))];
        for (int node = 1; node <= 3; node++)
        {
            int before = Volatile.Read(ref written);
            await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref written) > before + 50), () => $"nothing is written: {cluster.Logs()}");
            await cluster.KillAsync(node);
            int killed = Volatile.Read(ref written);
            await Eventually.HoldsAsync(() => Task.FromResult(Volatile.Read(ref written) > killed + 50), () => $"nothing is written without n{node}: {cluster.Logs()}");
            cluster.Start(node);
            await cluster.WholeAsync();
        }

        await end.CancelAsync();
        await Task.WhenAll(writing);
        Dictionary<string, string> wanted = await TableAsync(clients[0]);
        Dictionary<string, string> got = [];
        await Eventually.HoldsAsync(
            async () => Same(wanted, got = await IndexAsync(clients[1])),
            () => $"the index has {got.Count} items, the table {wanted.Count}, {wanted.Except(got).Count()} of which differ");
        Assert.NotEmpty(wanted);
        Array.ForEach(clients, static c => c.Dispose());
    }

    private static bool Same(Dictionary<string, string> wanted, Dictionary<string, string> got) =>
        wanted.Count == got.Count && !wanted.Except(got).Any();

    private static AmazonDynamoDBClient Client(Uri url) => new(
        new BasicAWSCredentials("any", "any"),
        new AmazonDynamoDBConfig { ServiceURL = url.ToString(), AuthenticationRegion = "local", Timeout = TimeSpan.FromSeconds(5), MaxErrorRetry = 1 });

    private static async Task WriteAsync(AmazonDynamoDBClient[] clients, int writer, Action wrote, CancellationToken end)
    {
        for (int i = 0; !end.IsCancellationRequested; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"w{writer}-{i * 7 % Items}");
            try
            {
                AmazonDynamoDBClient client = clients[i % clients.Length];
                await (i % 6 == 5
                    ? (Task)client.DeleteItemAsync("things", new() { ["id"] = new(id) }, CancellationToken.None)
                    : client.PutItemAsync("things", new()
                    {
                        ["id"] = new(id),
                        ["colour"] = new($"c{i % Colours}"),
                        ["n"] = new() { N = i.ToString(CultureInfo.InvariantCulture) },
                    }, CancellationToken.None));
                wrote();
            }
            catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException or OperationCanceledException)
            {
                // The node is down, or has no leader yet: the next write goes to another one.
                continue;
            }
        }
    }

    private static async Task<Dictionary<string, string>> TableAsync(AmazonDynamoDBClient client)
    {
        var items = new Dictionary<string, string>(StringComparer.Ordinal);
        Dictionary<string, AttributeValue>? start = null;
        do
        {
            ScanResponse page = await client.ScanAsync(new ScanRequest { TableName = "things", ConsistentRead = true, Limit = 25, ExclusiveStartKey = start });
            Add(items, page.Items);
            start = page.LastEvaluatedKey is { Count: > 0 } last ? last : null;
        }
        while (start is not null);

        return items;
    }

    private static async Task<Dictionary<string, string>> IndexAsync(AmazonDynamoDBClient client)
    {
        var items = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int colour = 0; colour < Colours; colour++)
        {
            Dictionary<string, AttributeValue>? start = null;
            do
            {
                QueryResponse page = await client.QueryAsync(new QueryRequest
                {
                    TableName = "things",
                    IndexName = "byColour",
                    KeyConditionExpression = "colour = :c",
                    ExpressionAttributeValues = new() { [":c"] = new($"c{colour}") },
                    Limit = 11,
                    ExclusiveStartKey = start,
                });
                Add(items, page.Items);
                start = page.LastEvaluatedKey is { Count: > 0 } last ? last : null;
            }
            while (start is not null);
        }

        return items;
    }

    private static void Add(Dictionary<string, string> to, List<Dictionary<string, AttributeValue>>? items)
    {
        foreach (Dictionary<string, AttributeValue> item in items ?? [])
        {
            // An item that is in an index twice, under an old key and a new one, shows as a value that no table has.
            string value = $"{item["colour"].S} {item["n"].N}";
            to[item["id"].S] = to.TryGetValue(item["id"].S, out string? other) ? $"{other} and {value}" : value;
        }
    }

    private static async Task CreateAsync(AmazonDynamoDBClient client)
    {
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = "things",
            BillingMode = BillingMode.PAY_PER_REQUEST,
            AttributeDefinitions = [new("id", ScalarAttributeType.S), new("colour", ScalarAttributeType.S), new("n", ScalarAttributeType.N)],
            KeySchema = [new("id", KeyType.HASH)],
            GlobalSecondaryIndexes =
            [
                new GlobalSecondaryIndex
                {
                    IndexName = "byColour",
                    KeySchema = [new("colour", KeyType.HASH), new("n", KeyType.RANGE)],
                    Projection = new Projection { ProjectionType = ProjectionType.ALL },
                },
            ],
        });
        await Eventually.HoldsAsync(
            async () => (await client.DescribeTableAsync("things")).Table.TableStatus == TableStatus.ACTIVE, () => "the table is not active");
    }
}
