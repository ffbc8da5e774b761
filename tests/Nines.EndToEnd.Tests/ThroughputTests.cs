using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>A real node holds a table to its provisioned throughput when its configuration says so.</summary>
public sealed class ThroughputTests
{
    [Fact]
    public async Task A_node_that_is_told_to_holds_a_table_to_its_units()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(
            1, new Dictionary<string, string> { ["tables.enforceThroughput"] = "true", ["groups"] = "1" });
        using var client = new AmazonDynamoDBClient(
            new BasicAWSCredentials("key", "secret"),
            new AmazonDynamoDBConfig { ServiceURL = cluster.TablesUrls[0].ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = "tab",
            AttributeDefinitions = [new("id", ScalarAttributeType.S)],
            KeySchema = [new("id", KeyType.HASH)],
            ProvisionedThroughput = new ProvisionedThroughput(1, 1),
        });
        await Eventually.HoldsAsync(
            async () => (await client.DescribeTableAsync("tab")).Table.TableStatus == TableStatus.ACTIVE, () => $"the table is not made: {cluster.Logs()}");

        // A large item overdraws by half a minute, so that no pause of this test lets the next one in.
        await PutAsync(client, new string('x', 30_000));
        await Assert.ThrowsAsync<ProvisionedThroughputExceededException>(() => PutAsync(client, "x"));
        await client.UpdateTableAsync(new UpdateTableRequest { TableName = "tab", BillingMode = BillingMode.PAY_PER_REQUEST });
        await PutAsync(client, "x");
    }

    private static Task<PutItemResponse> PutAsync(AmazonDynamoDBClient client, string text) => client.PutItemAsync(new PutItemRequest
    {
        TableName = "tab",
        Item = new Dictionary<string, AttributeValue> { ["id"] = new() { S = "a" }, ["text"] = new() { S = text } },
    });
}
