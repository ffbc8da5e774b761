using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.EndToEnd.Tests.History;
using Nines.Kernel;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>The AWS SDK for .NET as it is, with several addresses: its own retries resend with the same invocation id through other nodes.</summary>
internal sealed class SdkRegisters : IRegisters
{
    /// <summary>After so long the client gives an attempt up and tries another node.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(2);

    private readonly Hopping _hopping;
    private readonly AmazonDynamoDBClient _client;

    public SdkRegisters(IReadOnlyList<Uri> nodes, int first)
    {
        _hopping = new Hopping(nodes, first, AttemptTimeout);
        _client = Client(nodes[first % nodes.Count], _hopping);
    }

    /// <summary>A client of one node.</summary>
    public static AmazonDynamoDBClient Client(Uri node, Hopping? hopping = null)
    {
        var configuration = new AmazonDynamoDBConfig { ServiceURL = node.ToString(), MaxErrorRetry = 10, AuthenticationRegion = "local" };
        if (hopping is not null)
        {
            configuration.HttpClientFactory = new OneClient(hopping);
        }

        return new AmazonDynamoDBClient(new BasicAWSCredentials("any", "any"), configuration);
    }

    public static async Task CreateTableAsync(Uri node)
    {
        using AmazonDynamoDBClient client = Client(node);
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = RegisterTable.Name,
            KeySchema = [new KeySchemaElement(RegisterTable.Key, KeyType.HASH)],
            AttributeDefinitions = [new AttributeDefinition(RegisterTable.Key, ScalarAttributeType.S)],
            BillingMode = BillingMode.PAY_PER_REQUEST,
        });
        await Cluster.Eventually.HoldsAsync(
            async () => (await client.DescribeTableAsync(RegisterTable.Name)).Table.TableStatus == TableStatus.ACTIVE,
            () => "the table does not become ACTIVE");
    }

    /// <summary>The next attempt goes to this node, counted from 0.</summary>
    public void Turn(int node) => _hopping.Turn(node);

    public Task<Reply> PutAsync(string key, long value) => DoAsync(async () =>
    {
        await _client.PutItemAsync(new PutItemRequest { TableName = RegisterTable.Name, Item = Item(key, value) });
        return 0;
    });

    public Task<Reply> CompareAndSetAsync(string key, long expected, long value) => DoAsync(async () =>
    {
        var put = new PutItemRequest { TableName = RegisterTable.Name, Item = Item(key, value) };
        put.ExpressionAttributeNames = new Dictionary<string, string> { ["#v"] = RegisterTable.Value };
        put.ConditionExpression = "attribute_not_exists(#v)";
        if (expected != 0)
        {
            put.ConditionExpression = "#v = :expected";
            put.ExpressionAttributeValues = new Dictionary<string, AttributeValue> { [":expected"] = Number(expected) };
        }

        await _client.PutItemAsync(put);
        return 0;
    });

    public Task<Reply> DeleteAsync(string key) => DoAsync(async () =>
    {
        await _client.DeleteItemAsync(RegisterTable.Name, Key(key));
        return 0;
    });

    public Task<Reply> GetAsync(string key, Consistency consistency) => DoAsync(async () =>
    {
        GetItemResponse got = await _client.GetItemAsync(RegisterTable.Name, Key(key), consistency == Consistency.Strong);
        return got.IsItemSet ? Number(got.Item) : 0;
    });

    public Task<Reply> AddAsync(string key) => DoAsync(async () =>
    {
        UpdateItemResponse updated = await _client.UpdateItemAsync(new UpdateItemRequest
        {
            TableName = RegisterTable.Name,
            Key = Key(key),
            UpdateExpression = "ADD #c :one",
            ExpressionAttributeNames = new Dictionary<string, string> { ["#c"] = RegisterTable.Counter },
            ExpressionAttributeValues = new Dictionary<string, AttributeValue> { [":one"] = Number(1) },
            ReturnValues = ReturnValue.UPDATED_NEW,
        });
        return Number(updated.Attributes);
    });

    public void Dispose()
    {
        _client.Dispose();
        _hopping.Dispose();
    }

    private async Task<Reply> DoAsync(Func<Task<long>> call)
    {
        _hopping.Begin();
        try
        {
            long seen = await call();
            return Answered(End.Done) with { Seen = seen };
        }
        catch (ConditionalCheckFailedException)
        {
            return Answered(End.ConditionFailed);
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or OperationCanceledException)
        {
            return Answered(_hopping.AllNotDone ? End.NotDone : End.Unknown) with { Text = e.Message };
        }
    }

    private Reply Answered(End end) => new(end)
    {
        Group = _hopping.Group, Position = _hopping.Position, Node = _hopping.Node, Attempts = _hopping.Attempts,
    };

    private static Dictionary<string, AttributeValue> Key(string key) => new() { [RegisterTable.Key] = new AttributeValue(key) };

    private static Dictionary<string, AttributeValue> Item(string key, long value) =>
        new() { [RegisterTable.Key] = new AttributeValue(key), [RegisterTable.Value] = Number(value) };

    private static AttributeValue Number(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

    private static long Number(Dictionary<string, AttributeValue> item) =>
        (item.TryGetValue(RegisterTable.Value, out AttributeValue? value) || item.TryGetValue(RegisterTable.Counter, out value))
            ? long.Parse(value.N, CultureInfo.InvariantCulture)
            : 0;

    private sealed class OneClient(Hopping hopping) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(hopping, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
