using System.Globalization;

namespace Nines.Load;

/// <summary>One kind of load: what to make before, and what each client sends.</summary>
internal abstract class Workload
{
    protected const int Keys = 20_000;

    /// <summary>How many items an operation counts for: Scan is measured in items.</summary>
    public virtual bool CountsItems => false;

    public static Workload Of(string name) => name switch
    {
        "put" => new Puts(indexes: 0),
        "put-gsi" => new Puts(indexes: 3),
        "transact" => new Transactions(groups: 4, withToken: true),
        "transact-one" => new Transactions(groups: 1, withToken: false),
        "transact-one-token" => new Transactions(groups: 1, withToken: true),
        "transact-get" => new TransactGets(),
        "query" => new Queries(),
        "scan" => new Scans(),
        _ => throw new ArgumentException($"no workload {name}: put, put-gsi, transact, transact-one, transact-one-token, transact-get, query, scan"),
    };

    public abstract Task PrepareAsync(IReadOnlyList<Connection> connections);

    /// <summary>One operation of a client; the result is how much it counts, or less than zero for an error.</summary>
    public abstract Task<long> RunAsync(Connection connection, int client, Random random);

    protected static string Value { get; } = new('v', 256);

    protected static async Task CreateAsync(Connection connection, string table, string keys, string definitions, string more = "")
    {
        int status = await connection.SendAsync(
            "CreateTable",
            $$"""{"TableName":"{{table}}","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{{definitions}}],"KeySchema":[{{keys}}]{{more}}}""");
        if (status != 200 && !Text(connection).Contains("ResourceInUse", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(Text(connection));
        }

        for (int i = 0; i < 400; i++)
        {
            await connection.SendAsync("DescribeTable", $$"""{"TableName":"{{table}}"}""");
            if (Text(connection).Contains("\"TableStatus\":\"ACTIVE\"", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException($"{table} is not ACTIVE after 20 s");
    }

    protected static async Task<long> OneAsync(Connection connection, string operation, string body) =>
        await connection.SendAsync(operation, body) == 200 ? 1 : -1;

    protected static string Text(Connection connection) => System.Text.Encoding.UTF8.GetString(connection.Body.Span);

    protected static string Key(int number) => number.ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>Does something for many numbers over all connections.</summary>
    protected static Task ForAllAsync(IReadOnlyList<Connection> connections, int count, Func<Connection, int, Task> work) =>
        Task.WhenAll(connections.Select(async (connection, first) =>
        {
            for (int i = first; i < count; i += connections.Count)
            {
                await work(connection, i);
            }
        }));

    protected const string IdKey = """{"AttributeName":"id","KeyType":"HASH"}""";
    protected const string IdDefinition = """{"AttributeName":"id","AttributeType":"S"}""";
}

/// <summary>PutItem of 256 B over random keys, into a table with some global indexes.</summary>
internal sealed class Puts(int indexes) : Workload
{
    private string Table => $"load-put-{indexes}";

    public override Task PrepareAsync(IReadOnlyList<Connection> connections)
    {
        string definitions = IdDefinition + string.Concat(Enumerable.Range(0, indexes).Select(i => $$""",{"AttributeName":"g{{i}}","AttributeType":"S"}"""));
        string more = indexes == 0 ? "" : ",\"GlobalSecondaryIndexes\":[" + string.Join(",", Enumerable.Range(0, indexes).Select(i =>
            $$$"""{"IndexName":"index{{{i}}}","KeySchema":[{"AttributeName":"g{{{i}}}","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"} }""")) + "]";
        return CreateAsync(connections[0], Table, IdKey, definitions, more);
    }

    public override Task<long> RunAsync(Connection connection, int client, Random random)
    {
        string attributes = string.Concat(Enumerable.Range(0, indexes).Select(i => $$$""","g{{{i}}}":{"S":"{{{Key(random.Next(Keys))}}}"}"""));
        return OneAsync(connection, "PutItem",
            $$$"""{"TableName":"{{{Table}}}","Item":{"id":{"S":"{{{Key(random.Next(Keys))}}}"},"v":{"S":"{{{Value}}}"}{{{attributes}}} } }""");
    }
}

/// <summary>TransactWriteItems of puts of 256 B, each in a group of its own. No two clients share an item.</summary>
internal sealed class Transactions(int groups, bool withToken) : Workload
{
    private const string Table = "load-transact";
    private readonly SortedDictionary<string, List<int>> _byGroup = new(StringComparer.Ordinal);

    public override async Task PrepareAsync(IReadOnlyList<Connection> connections)
    {
        await CreateAsync(connections[0], Table, IdKey, IdDefinition);
        for (int i = 0; i < Keys; i++)
        {
            await connections[0].SendAsync("GetItem", $$$"""{"TableName":"{{{Table}}}","Key":{"id":{"S":"{{{Key(i)}}}"} } }""");
            string group = connections[0].Header("x-nines-group");
            if (!_byGroup.TryGetValue(group, out List<int>? keys))
            {
                _byGroup.Add(group, keys = []);
            }

            keys.Add(i);
        }
    }

    public override Task<long> RunAsync(Connection connection, int client, Random random)
    {
        const int ClientsMax = 512;
        var puts = new List<string>();
        int first = random.Next(_byGroup.Count);
        for (int i = 0; i < groups; i++)
        {
            List<int> keys = _byGroup.Values.ElementAt((first + i) % _byGroup.Count);
            int perClient = keys.Count / ClientsMax;
            int key = keys[(client * perClient) + random.Next(perClient)];
            puts.Add($$$"""{"Put":{"TableName":"{{{Table}}}","Item":{"id":{"S":"{{{Key(key)}}}"},"v":{"S":"{{{Value}}}"} } } }""");
        }

        string token = withToken ? $"\"ClientRequestToken\":\"{Guid.NewGuid()}\"," : "";
        return OneAsync(connection, "TransactWriteItems", $$"""{{{token}}"TransactItems":[{{string.Join(",", puts)}}]}""");
    }
}

/// <summary>TransactGetItems of four items over random keys.</summary>
internal sealed class TransactGets : Workload
{
    private const string Table = "load-put-0";

    public override async Task PrepareAsync(IReadOnlyList<Connection> connections)
    {
        await CreateAsync(connections[0], Table, IdKey, IdDefinition);
        await ForAllAsync(connections, Keys, (connection, i) => OneAsync(connection, "PutItem",
            $$$"""{"TableName":"{{{Table}}}","Item":{"id":{"S":"{{{Key(i)}}}"},"v":{"S":"{{{Value}}}"} } }"""));
    }

    public override Task<long> RunAsync(Connection connection, int client, Random random)
    {
        int first = random.Next(Keys / 4) * 4;
        IEnumerable<string> gets = Enumerable.Range(first, 4).Select(i => $$$"""{"Get":{"TableName":"{{{Table}}}","Key":{"id":{"S":"{{{Key(i)}}}"} } } }""");
        return OneAsync(connection, "TransactGetItems", $$"""{"TransactItems":[{{string.Join(",", gets)}}]}""");
    }
}

/// <summary>Query of a partition with 100 items of 256 B.</summary>
internal sealed class Queries : Workload
{
    private const string Table = "load-query";
    private const int Partitions = 100;
    private const int ItemsEach = 100;

    public override async Task PrepareAsync(IReadOnlyList<Connection> connections)
    {
        await CreateAsync(
            connections[0], Table, IdKey + """,{"AttributeName":"n","KeyType":"RANGE"}""", IdDefinition + """,{"AttributeName":"n","AttributeType":"N"}""");
        await ForAllAsync(connections, Partitions * ItemsEach, (connection, i) => OneAsync(connection, "PutItem",
            $$$"""{"TableName":"{{{Table}}}","Item":{"id":{"S":"p{{{i / ItemsEach}}}"},"n":{"N":"{{{i % ItemsEach}}}"},"v":{"S":"{{{Value}}}"} } }"""));
    }

    public override Task<long> RunAsync(Connection connection, int client, Random random) => OneAsync(connection, "Query",
        $$$"""{"TableName":"{{{Table}}}","KeyConditionExpression":"id = :p","ExpressionAttributeValues":{":p":{"S":"p{{{random.Next(Partitions)}}}"} } }""");
}

/// <summary>Scans of a table of 20,000 items of 256 B, each client its own segment, over and over.</summary>
internal sealed class Scans : Workload
{
    private const string Table = "load-put-0";
    private const int Segments = 4;
    private readonly string?[] _next = new string?[1024];

    public override bool CountsItems => true;

    public override async Task PrepareAsync(IReadOnlyList<Connection> connections)
    {
        await CreateAsync(connections[0], Table, IdKey, IdDefinition);
        await ForAllAsync(connections, Keys, (connection, i) => OneAsync(connection, "PutItem",
            $$$"""{"TableName":"{{{Table}}}","Item":{"id":{"S":"{{{Key(i)}}}"},"v":{"S":"{{{Value}}}"} } }"""));
    }

    public override async Task<long> RunAsync(Connection connection, int client, Random random)
    {
        string start = _next[client] is { } key ? $",\"ExclusiveStartKey\":{key}" : "";
        if (await connection.SendAsync("Scan", $$"""{"TableName":"{{Table}}","TotalSegments":{{Segments}},"Segment":{{client % Segments}}{{start}}}""") != 200)
        {
            return -1;
        }

        using var page = System.Text.Json.JsonDocument.Parse(connection.Body);
        _next[client] = page.RootElement.TryGetProperty("LastEvaluatedKey", out System.Text.Json.JsonElement last) ? last.GetRawText() : null;
        return page.RootElement.GetProperty("Count").GetInt64();
    }
}
