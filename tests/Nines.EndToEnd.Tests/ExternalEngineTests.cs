using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.EndToEnd.Tests.Cluster;
using Nines.Node.Admin;
using Nines.Tables.Tests.Support;

namespace Nines.EndToEnd.Tests;

/// <summary>Real nodes whose tables another service keeps, under the AWS SDK.</summary>
public sealed class ExternalEngineTests
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private const int Items = 60;

    [Fact]
    public async Task Tables_are_kept_by_dynalite_and_its_end_is_told()
    {
        Dynalite service = await Dynalite.StartOrSkipAsync();
        await using LiveCluster cluster = await StartAsync(service.Endpoint);
        try
        {
            await UseAsync(cluster);
            using AmazonDynamoDBClient direct = Client(service.Endpoint);
            Assert.Equal(["orders"], (await direct.ListTablesAsync()).TableNames);
            ClusterStatus status = (await cluster.StatusAsync(1))!;
            Assert.Equal((Health.Ok, $"dynamodb at {service.Endpoint.GetLeftPart(UriPartial.Authority)}"), (status.Health, status.Nodes[0].TablesEngine));
        }
        finally
        {
            await service.DisposeAsync();
        }

        ClusterStatus after = (await cluster.StatusAsync(1))!;
        Assert.Equal(Health.Degraded, after.Health);
        Assert.StartsWith($"n1: dynamodb at {service.Endpoint.GetLeftPart(UriPartial.Authority)} does not answer: ", Assert.Single(after.Problems), StringComparison.Ordinal);
        await DoctorSaysAsync(service.Endpoint, exitCode: 1, "does not answer");
        using AmazonDynamoDBClient client = Client(cluster.TablesUrls[0]);
        AmazonServiceException refused = await Assert.ThrowsAnyAsync<AmazonServiceException>(() => client.ListTablesAsync());
        Assert.Equal(("ServiceUnavailable", 503), (refused.ErrorCode, (int)refused.StatusCode));
        Assert.Contains("not done", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_are_kept_by_another_cluster_that_lets_in_only_who_has_its_key()
    {
        await using LiveCluster other = await LiveCluster.StartAsync(
            1, new Dictionary<string, string> { ["tables.accessKeys"] = $"front:{Secret}", ["groups"] = "2" });
        await using LiveCluster front = await StartAsync(other.TablesUrls[0], $"front:{Secret}");
        await UseAsync(front);
        await DoctorSaysAsync(other.TablesUrls[0], exitCode: null, "answers");
        using (AmazonDynamoDBClient unknown = Client(other.TablesUrls[0]))
        {
            Assert.Equal(
                "UnrecognizedClientException", (await Assert.ThrowsAsync<AmazonDynamoDBException>(() => unknown.ListTablesAsync())).ErrorCode);
        }

        Assert.DoesNotContain(Secret, front.Logs(), StringComparison.Ordinal);
        await using Child printed = Child.Start("node", "--config", front.Plan[0].ConfigurationPath, "--print-config");
        Assert.Equal(0, await printed.EndAsync());
        Assert.Contains("front:***", printed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, printed.Text, StringComparison.Ordinal);
    }

    private static Task<LiveCluster> StartAsync(Uri endpoint, string? key = null)
    {
        var settings = new Dictionary<string, string>
        {
            ["tables.engine"] = "dynamodb", ["tables.endpoint"] = endpoint.ToString(), ["groups"] = "1", ["log.level"] = "trace",
        };
        if (key is not null)
        {
            settings["tables.externalAccessKey"] = key;
        }

        return LiveCluster.StartAsync(1, settings);
    }

    private static async Task UseAsync(LiveCluster cluster)
    {
        using AmazonDynamoDBClient client = Client(cluster.TablesUrls[0]);
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = "orders",
            BillingMode = BillingMode.PAY_PER_REQUEST,
            AttributeDefinitions = [new("customer", ScalarAttributeType.S), new("number", ScalarAttributeType.N)],
            KeySchema = [new("customer", KeyType.HASH), new("number", KeyType.RANGE)],
        });
        await Eventually.HoldsAsync(
            async () => (await client.DescribeTableAsync("orders")).Table.TableStatus == TableStatus.ACTIVE, () => "the table does not become active");
        await WriteAsync(client);
        await ReadAsync(client);
        await AssertErrorsAsync(client);
    }

    private static async Task WriteAsync(AmazonDynamoDBClient client)
    {
        await client.PutItemAsync("orders", Order(0));
        foreach (int[] numbers in Enumerable.Range(1, Items - 1).Chunk(25))
        {
            BatchWriteItemResponse written = await client.BatchWriteItemAsync(new BatchWriteItemRequest
            {
                RequestItems = new() { ["orders"] = [.. numbers.Select(n => new WriteRequest(new PutRequest(Order(n))))] },
            });
            Assert.Empty(written.UnprocessedItems ?? []);
        }

        UpdateItemResponse updated = await client.UpdateItemAsync(new UpdateItemRequest
        {
            TableName = "orders", Key = Key(7), UpdateExpression = "SET amount = amount + :one", ReturnValues = ReturnValue.UPDATED_NEW,
            ExpressionAttributeValues = new() { [":one"] = new() { N = "1" } },
        });
        Assert.Equal("71", updated.Attributes["amount"].N);
        DeleteItemResponse deleted = await client.DeleteItemAsync(
            new DeleteItemRequest { TableName = "orders", Key = Key(8), ReturnValues = ReturnValue.ALL_OLD });
        Assert.Equal("80", deleted.Attributes["amount"].N);
    }

    private static async Task ReadAsync(AmazonDynamoDBClient client)
    {
        Assert.Equal("71", (await client.GetItemAsync("orders", Key(7), consistentRead: true)).Item["amount"].N);
        Assert.Empty((await client.GetItemAsync("orders", Key(8), consistentRead: true)).Item ?? []);
        QueryResponse page = await client.QueryAsync(new QueryRequest
        {
            TableName = "orders", KeyConditionExpression = "customer = :c AND #n BETWEEN :from AND :to", ConsistentRead = true, Limit = 5,
            ExpressionAttributeNames = new() { ["#n"] = "number" },
            ExpressionAttributeValues = new() { [":c"] = new() { S = "ada" }, [":from"] = new() { N = "5" }, [":to"] = new() { N = "12" } },
        });
        Assert.Equal(["5", "6", "7", "9", "10"], page.Items.Select(i => i["number"].N));
        Assert.Equal("10", page.LastEvaluatedKey["number"].N);
        BatchGetItemResponse batch = await client.BatchGetItemAsync(new BatchGetItemRequest
        {
            RequestItems = new() { ["orders"] = new() { Keys = [Key(1), Key(8), Key(59)], ConsistentRead = true } },
        });
        Assert.Equal(["1", "59"], batch.Responses["orders"].Select(i => i["number"].N).Order(StringComparer.Ordinal));
        ScanResponse all = await client.ScanAsync(new ScanRequest { TableName = "orders", Select = Select.COUNT, ConsistentRead = true });
        Assert.Equal(Items - 1, all.Count);
    }

    private static async Task AssertErrorsAsync(AmazonDynamoDBClient client)
    {
        await Assert.ThrowsAsync<ConditionalCheckFailedException>(() => client.PutItemAsync(new PutItemRequest
        {
            TableName = "orders", Item = Order(1), ConditionExpression = "attribute_not_exists(customer)",
        }));
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => client.GetItemAsync("missing", Key(1)));
        await Assert.ThrowsAsync<ResourceInUseException>(() => client.CreateTableAsync(new CreateTableRequest
        {
            TableName = "orders", BillingMode = BillingMode.PAY_PER_REQUEST, AttributeDefinitions = [new("id", ScalarAttributeType.S)],
            KeySchema = [new("id", KeyType.HASH)],
        }));
        AmazonDynamoDBException wrong = await Assert.ThrowsAsync<AmazonDynamoDBException>(
            () => client.GetItemAsync("orders", new() { ["customer"] = new() { N = "1" } }));
        Assert.Equal(("ValidationException", "The provided key element does not match the schema"), (wrong.ErrorCode, wrong.Message));
    }

    /// <param name="exitCode">Null: whatever else the machine has.</param>
    private static async Task DoctorSaysAsync(Uri endpoint, int? exitCode, string says)
    {
        await using Child doctor = Child.Start("doctor", "--nodes", "0", "--json", "--data", Path.GetTempPath(), "--tables-endpoint", endpoint.ToString());
        int code = await doctor.EndAsync();
        Assert.Contains($"{endpoint} {says}", doctor.Text, StringComparison.Ordinal);
        Assert.Equal(exitCode ?? code, code);
    }

    private static Dictionary<string, AttributeValue> Key(int number) =>
        new() { ["customer"] = new() { S = "ada" }, ["number"] = new() { N = $"{number}" } };

    private static Dictionary<string, AttributeValue> Order(int number) => new(Key(number)) { ["amount"] = new() { N = $"{number * 10}" } };

    private static AmazonDynamoDBClient Client(Uri url) => new(
        new BasicAWSCredentials("any", "any"),
        new AmazonDynamoDBConfig { ServiceURL = url.ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
}
