using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary><c>nines tables</c> against a cluster of three, each command through another node.</summary>
public sealed class TablesCommandTests
{
    private const int Items = 300;

    [Fact]
    public async Task Items_go_in_come_out_and_are_found()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        string[] nodes = [.. cluster.TablesUrls.Select(u => u.ToString())];
        await CreateAsync(nodes[0]);
        string file = Path.Combine(cluster.Directory, "in.jsonl");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, Items).Select(i => $$"""{"id":"p{{i % 3}}","n":{{i}},"even":{{(i % 2 == 0 ? "true" : "false")}}}"""));

        Assert.Contains($"{Items}", await RunAsync("import", "numbers", file, "--endpoint", nodes[0]), StringComparison.Ordinal);
        Assert.Contains($"\"count\":{Items}", await RunAsync("scan", "numbers", "--count", "--strong", "--segments", "4", "--json", "--endpoint", nodes[1]), StringComparison.Ordinal);
        Assert.Contains("\"n\":299", await RunAsync("get", "numbers", "id=p2", "n=299", "--strong", "--plain", "--endpoint", nodes[2]), StringComparison.Ordinal);
        string found = await RunAsync(
            "query", "numbers", "id=p1", "--sort", ">= 290", "--filter", "even = :e", "--values", """{":e":true}""", "--strong", "--plain", "--endpoint", nodes[2]);
        Assert.Equal(["292", "298"], found.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{')).Select(NumberIn));

        string copy = Path.Combine(cluster.Directory, "out.jsonl");
        await RunAsync("export", "numbers", "--out", copy, "--strong", "--endpoint", nodes[1]);
        Assert.Equal(Items, (await File.ReadAllLinesAsync(copy)).Distinct().Count());
    }

    private static string NumberIn(string item) => new([.. item[(item.IndexOf("\"n\":", StringComparison.Ordinal) + 4)..].TakeWhile(char.IsAsciiDigit)]);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using Child nines = Child.Start(["tables", .. arguments]);
        int code = await nines.EndAsync();
        Assert.True(code == 0, $"{string.Join(' ', arguments)} ended with {code}:\n{nines.Text}");
        return nines.Text;
    }

    private static async Task CreateAsync(string url)
    {
        using var client = new AmazonDynamoDBClient(
            new BasicAWSCredentials("any", "any"), new AmazonDynamoDBConfig { ServiceURL = url, AuthenticationRegion = "local" });
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = "numbers",
            BillingMode = BillingMode.PAY_PER_REQUEST,
            AttributeDefinitions = [new("id", ScalarAttributeType.S), new("n", ScalarAttributeType.N)],
            KeySchema = [new("id", KeyType.HASH), new("n", KeyType.RANGE)],
        });
        await Eventually.HoldsAsync(
            async () => (await client.DescribeTableAsync("numbers")).Table.TableStatus == TableStatus.ACTIVE, () => "the table is not active");
    }
}
