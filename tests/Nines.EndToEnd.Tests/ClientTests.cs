using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Nines.Client;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>Nines.Client on real nodes: sessions over nodes that are killed, signatures, and reads that are aged on purpose.</summary>
public sealed class ClientTests
{
    private const string Table = "notes";

    [Fact]
    public async Task A_session_reads_its_own_writes_at_every_node_while_nodes_are_killed()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        TablesClient[] clients = [.. cluster.Nodes.Select(n => new TablesClient(new TablesOptions { Nodes = cluster.TablesUrls, Preferred = n - 1 }))];
        await CreateAsync(clients[0]);
        var session = new TablesSession();
        int round = 0;
        int measured = 0;
        for (int killed = 1; killed <= 3; killed++)
        {
            for (int until = round + 60; round < until; round++)
            {
                if (round == until - 40)
                {
                    await cluster.KillAsync(killed);
                }

                using (session.Enter())
                {
                    await PutAsync(clients[round % 3], round);
                    Assert.Equal(round, await GetAsync(clients[(round + 1) % 3]));
                    measured += session.Last!.Staleness is null ? 0 : 1;
                    Assert.Equal(round, await GetAsync(clients[(round + 2) % 3]));
                }
            }

            cluster.Start(killed);
            await cluster.WholeAsync();
        }

        Assert.True(measured > round / 2, $"only {measured} of {round} reads say how old they can be");
        Array.ForEach(clients, static c => c.Dispose());
    }

    [Fact]
    public async Task A_session_goes_on_from_its_token_and_signatures_hold_at_every_node()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(settings: new Dictionary<string, string> { ["tables.accessKeys"] = "AKID:0123456789abcdef" });
        string token = "";
        TablesOptions options = new() { Nodes = cluster.TablesUrls, AccessKey = "AKID", SecretKey = "0123456789abcdef", MaxErrorRetry = 1 };
        for (int node = 0; node < 3; node++)
        {
            var session = new TablesSession(token);
            using var client = new TablesClient(options with { Preferred = node, Session = session });
            if (node == 0)
            {
                await CreateAsync(client);
            }
            else
            {
                Assert.Equal(node - 1, await GetAsync(client));
            }

            await PutAsync(client, node);
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"n{node + 1}"), session.Last!.Node);
            token = session.Token;
        }
    }

    [Fact]
    public async Task Weak_reads_that_are_aged_find_who_forgets_to_ask_for_more()
    {
        await using LiveCluster cluster = await AgedAsync("fixed:1s");
        using var client = new TablesClient(new TablesOptions { Nodes = cluster.TablesUrls, Preferred = 0 });
        await CreateAsync(client);
        var session = new TablesSession();
        int written = 0;
        using (session.Enter(ReadConsistency.Eventual))
        {
            // A table that is younger than the age is not known yet, and asked for at its leader.
            await Eventually.HoldsAsync(
                async () =>
                {
                    await PutAsync(client, ++written);
                    return await GetAsync(client) < written;
                },
                () => "no read is stale");
            for (int i = 0; i < 50; i++)
            {
                await PutAsync(client, ++written);
                Assert.InRange(await GetAsync(client), -1, written - 1);
                Assert.True(session.Last!.Staleness is null || session.Last.Staleness >= TimeSpan.FromSeconds(0.8), $"it says {session.Last.Staleness}");
            }

            await Eventually.HoldsAsync(async () => await GetAsync(client) == written, () => "the last write is never seen");
        }

        foreach (ReadConsistency enough in (ReadConsistency[])[ReadConsistency.Sequential, ReadConsistency.Strong])
        {
            using (session.Enter(enough))
            {
                await PutAsync(client, ++written);
                Assert.Equal(written, await GetAsync(client));
            }
        }
    }

    [Fact]
    public async Task Weak_reads_need_never_be_stale()
    {
        await using LiveCluster cluster = await AgedAsync("none");
        TablesClient[] clients = [.. cluster.Nodes.Select(n => new TablesClient(new TablesOptions { Nodes = cluster.TablesUrls, Preferred = n - 1 }))];
        await CreateAsync(clients[0]);
        for (int i = 0; i < 200; i++)
        {
            await PutAsync(clients[i % 3], i);
            Assert.Equal(i, await GetAsync(clients[(i + 1) % 3]));
        }

        Array.ForEach(clients, static c => c.Dispose());
    }

    private static Task<LiveCluster> AgedAsync(string rule) =>
        LiveCluster.StartAsync(settings: new Dictionary<string, string> { ["tables.staleness"] = rule, ["ephemeral"] = "true" });

    private static async Task CreateAsync(AmazonDynamoDBClient client)
    {
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = Table,
            KeySchema = [new KeySchemaElement("id", KeyType.HASH)],
            AttributeDefinitions = [new AttributeDefinition("id", ScalarAttributeType.S)],
            BillingMode = BillingMode.PAY_PER_REQUEST,
        });
        await Eventually.HoldsAsync(
            async () => (await client.DescribeTableAsync(Table)).Table.TableStatus == TableStatus.ACTIVE, () => "the table does not become ACTIVE");
    }

    private static async Task PutAsync(AmazonDynamoDBClient client, int value) =>
        await client.PutItemAsync(Table, new() { ["id"] = new("one"), ["n"] = new() { N = value.ToString(CultureInfo.InvariantCulture) } });

    /// <summary>-1: there is no such item.</summary>
    private static async Task<int> GetAsync(AmazonDynamoDBClient client)
    {
        GetItemResponse got = await client.GetItemAsync(Table, new() { ["id"] = new("one") });
        return got.IsItemSet ? int.Parse(got.Item["n"].N, CultureInfo.InvariantCulture) : -1;
    }
}
