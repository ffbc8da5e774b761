using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>An unmodified AWS SDK takes the refusal for what it is, and comes again by itself.</summary>
public sealed class ThroughputRetryTests
{
    [Fact]
    public async Task An_SDK_sends_again_what_was_refused()
    {
        var time = new ManualTime();
        await using DoorHost door = await DoorHost.StartAsync(time: time, throughputNodes: 1);
        using var seen = new Refusals();
        using AmazonDynamoDBClient client = Client(door, retries: 8, seen);
        await CreateAsync(client);
        await PutAsync(client, "a");
        Task<PutItemResponse> second = PutAsync(client, "b");
        await seen.First.WaitAsync(TimeSpan.FromSeconds(30));
        time.Tick(TimeSpan.FromSeconds(1));
        await second;
        Assert.Equal(2, (await client.ScanAsync(new ScanRequest("tab"))).Count);
    }

    [Fact]
    public async Task An_SDK_that_may_not_come_again_says_so()
    {
        await using DoorHost door = await DoorHost.StartAsync(time: new ManualTime(), throughputNodes: 1);
        using var seen = new Refusals();
        using AmazonDynamoDBClient client = Client(door, retries: 0, seen);
        await CreateAsync(client);
        await PutAsync(client, "a");
        ProvisionedThroughputExceededException exceeded =
            await Assert.ThrowsAsync<ProvisionedThroughputExceededException>(() => PutAsync(client, "b"));
        Assert.StartsWith("The level of configured provisioned throughput for the table was exceeded.", exceeded.Message, StringComparison.Ordinal);
    }

    private static AmazonDynamoDBClient Client(DoorHost door, int retries, Refusals seen) => new(
        new BasicAWSCredentials("key", "secret"),
        new AmazonDynamoDBConfig { ServiceURL = door.Address, AuthenticationRegion = "us-east-1", MaxErrorRetry = retries, HttpClientFactory = seen });

    private static Task<CreateTableResponse> CreateAsync(AmazonDynamoDBClient client) => client.CreateTableAsync(new CreateTableRequest
    {
        TableName = "tab",
        AttributeDefinitions = [new("id", ScalarAttributeType.S)],
        KeySchema = [new("id", KeyType.HASH)],
        ProvisionedThroughput = new ProvisionedThroughput(5, 1),
    });

    private static Task<PutItemResponse> PutAsync(AmazonDynamoDBClient client, string id) => client.PutItemAsync(new PutItemRequest
    {
        TableName = "tab",
        Item = new Dictionary<string, AttributeValue> { ["id"] = new() { S = id } },
    });

    /// <summary>Tells when an answer with an error came by.</summary>
    private sealed class Refusals : HttpClientFactory, IDisposable
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private HttpClient? _client;

        public Task First => _first.Task;

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client ??= new HttpClient(new Watch(_first));

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

        public void Dispose() => _client?.Dispose();
    }

    private sealed class Watch(TaskCompletionSource first) : DelegatingHandler(new HttpClientHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode == 400)
            {
                first.TrySetResult();
            }

            return response;
        }
    }
}
