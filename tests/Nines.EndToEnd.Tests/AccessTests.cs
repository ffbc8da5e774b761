using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>Access keys of the configuration guard the door of a real node, and its log does not tell them.</summary>
public sealed class AccessTests
{
    private const string Id = "AKIDEXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    [Fact]
    public async Task Only_who_signs_with_a_configured_key_is_let_in()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(
            1, new Dictionary<string, string> { ["tables.accessKeys"] = $"{Id}:{Secret}", ["log.level"] = "trace", ["groups"] = "1" });
        string url = cluster.TablesUrls[0].ToString();
        using AmazonDynamoDBClient known = Client(url, Secret);
        Assert.Empty((await known.ListTablesAsync()).TableNames);
        using AmazonDynamoDBClient wrong = Client(url, "0123456789abcdef");
        AmazonDynamoDBException refused = await Assert.ThrowsAsync<AmazonDynamoDBException>(() => wrong.ListTablesAsync());
        Assert.Equal("InvalidSignatureException", refused.ErrorCode);
        Assert.DoesNotContain(Secret, cluster.Logs(), StringComparison.Ordinal);
        await using Child printed = Child.Start("node", "--config", cluster.Plan[0].ConfigurationPath, "--print-config", "--json");
        Assert.Equal(0, await printed.EndAsync());
        Assert.Contains($"{Id}:***", printed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, printed.Text, StringComparison.Ordinal);
    }

    private static AmazonDynamoDBClient Client(string url, string secret) => new(
        new BasicAWSCredentials(Id, secret), new AmazonDynamoDBConfig { ServiceURL = url, AuthenticationRegion = "local", MaxErrorRetry = 0 });
}
