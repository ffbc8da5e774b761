using System.Globalization;
using System.Text.Json;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.Client;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests;

/// <summary>A stream on a cluster of three whose nodes are killed while items are written and the stream is followed.</summary>
public sealed class StreamTests
{
    private const string Table = "counted";
    private const int Writers = 4;

    /// <summary>One record as it was read: what the item's number was before and is after; zero for none.</summary>
    private readonly record struct Change(string Name, long Old, long New);

    [Fact]
    public async Task A_stream_has_every_change_once_and_in_order_after_nodes_were_killed()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        using var tables = new TablesClient(new TablesOptions { Nodes = cluster.TablesUrls, Preferred = 0 });
        string arn = await CreateAsync(tables);
        using var door = new RawDoor(TimeSpan.FromSeconds(3));
        using var end = new CancellationTokenSource();
        long[] written = new long[Writers];
        Task[] writing = [.. Enumerable.Range(0, Writers).Select(w => WriteAsync(cluster, w, n => Volatile.Write(ref written[w], n), end.Token))];
        var followed = new Follower(cluster, door, arn);
        using var followedToTheEnd = new CancellationTokenSource();
        Task following = followed.RunAsync(followedToTheEnd.Token);
        for (int node = 1; node <= 3; node++)
        {
            await MoreAsync("nothing is written");
            await cluster.KillAsync(node);
            await MoreAsync($"nothing is written without n{node}");
            cluster.Start(node);
            await cluster.WholeAsync();
        }

        await end.CancelAsync();
        await Task.WhenAll(writing);
        await Eventually.HoldsAsync(
            () => Task.FromResult(Enumerable.Range(0, Writers).All(w => followed.Last($"w{w}") >= written[w])),
            () => $"written {string.Join(' ', written)}, followed {string.Join(' ', Enumerable.Range(0, Writers).Select(w => followed.Last($"w{w}")))}");
        await followedToTheEnd.CancelAsync();
        await following;
        var whole = new Follower(cluster, door, arn);
        await whole.ReadOnceAsync();
        for (int w = 0; w < Writers; w++)
        {
            IReadOnlyList<Change> changes = whole.Of($"w{w}");
            Assert.Equal(Enumerable.Range(1, changes.Count).Select(n => new Change(n == 1 ? "INSERT" : "MODIFY", n - 1, n)), changes);
            Assert.InRange((long)changes.Count, written[w], long.MaxValue);
            Assert.Equal(changes.Take(followed.Of($"w{w}").Count), followed.Of($"w{w}"));
        }

        async Task MoreAsync(string otherwise)
        {
            long[] before = [.. written];
            await Eventually.HoldsAsync(
                () => Task.FromResult(Enumerable.Range(0, Writers).All(w => Volatile.Read(ref written[w]) > before[w] + 20)), () => $"{otherwise}: {cluster.Logs()}");
        }
    }

    private static async Task<string> CreateAsync(AmazonDynamoDBClient client)
    {
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = Table,
            KeySchema = [new KeySchemaElement("id", KeyType.HASH)],
            AttributeDefinitions = [new AttributeDefinition("id", ScalarAttributeType.S)],
            BillingMode = BillingMode.PAY_PER_REQUEST,
            StreamSpecification = new StreamSpecification { StreamEnabled = true, StreamViewType = StreamViewType.NEW_AND_OLD_IMAGES },
        });
        TableDescription? table = null;
        await Eventually.HoldsAsync(
            async () => (table = (await client.DescribeTableAsync(Table)).Table).TableStatus == TableStatus.ACTIVE, () => "the table does not become ACTIVE");
        return table!.LatestStreamArn;
    }

    /// <summary>Counts an item up. What was not answered is written again, which changes nothing when it was done.</summary>
    private static async Task WriteAsync(LiveCluster cluster, int writer, Action<long> wrote, CancellationToken end)
    {
        using var client = new TablesClient(new TablesOptions { Nodes = cluster.TablesUrls, Preferred = writer % 3, MaxErrorRetry = 2 });
        for (long n = 1; !end.IsCancellationRequested;)
        {
            try
            {
                await client.PutItemAsync(
                    Table, new() { ["id"] = new($"w{writer}"), ["n"] = new() { N = n.ToString(CultureInfo.InvariantCulture) } }, CancellationToken.None);
                wrote(n++);
            }
            catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or OperationCanceledException)
            {
                // Not done, or not known: the same again.
                continue;
            }
        }
    }

    /// <summary>Reads all shards of a stream, each call at another node, and goes on from the last iterator it was given.</summary>
    private sealed class Follower(LiveCluster cluster, RawDoor door, string arn)
    {
        private readonly Dictionary<string, List<Change>> _changes = [];
        private int _calls;

        public IReadOnlyList<Change> Of(string id)
        {
            lock (_changes)
            {
                return _changes.TryGetValue(id, out List<Change>? changes) ? [.. changes] : [];
            }
        }

        public long Last(string id) => Of(id) is { Count: > 0 } changes ? changes[^1].New : 0;

        public async Task RunAsync(CancellationToken end)
        {
            Dictionary<string, string> iterators = await BeginAsync();
            while (!end.IsCancellationRequested)
            {
                foreach (string shard in iterators.Keys.ToArray())
                {
                    iterators[shard] = (await NextAsync(iterators[shard])).Next;
                }
            }
        }

        /// <summary>All there is now.</summary>
        public async Task ReadOnceAsync()
        {
            foreach (string begin in (await BeginAsync()).Values)
            {
                string iterator = begin;
                int read;
                do
                {
                    (iterator, read) = await NextAsync(iterator);
                }
                while (read > 0);
            }
        }

        private async Task<Dictionary<string, string>> BeginAsync()
        {
            var iterators = new Dictionary<string, string>();
            JsonElement stream = await AskAsync("DescribeStream", $$"""{"StreamArn":"{{arn}}"}""");
            foreach (JsonElement shard in stream.GetProperty("StreamDescription").GetProperty("Shards").EnumerateArray())
            {
                string id = shard.GetProperty("ShardId").GetString()!;
                JsonElement begin = await AskAsync("GetShardIterator", $$"""{"StreamArn":"{{arn}}","ShardId":"{{id}}","ShardIteratorType":"TRIM_HORIZON"}""");
                iterators[id] = begin.GetProperty("ShardIterator").GetString()!;
            }

            return iterators;
        }

        private async Task<(string Next, int Read)> NextAsync(string iterator)
        {
            JsonElement page = await AskAsync("GetRecords", $$"""{"ShardIterator":"{{iterator}}","Limit":50}""");
            JsonElement records = page.GetProperty("Records");
            lock (_changes)
            {
                foreach (JsonElement record in records.EnumerateArray())
                {
                    JsonElement change = record.GetProperty("dynamodb");
                    string id = change.GetProperty("Keys").GetProperty("id").GetProperty("S").GetString()!;
                    _changes.TryAdd(id, []);
                    _changes[id].Add(new Change(record.GetProperty("eventName").GetString()!, NumberIn(change, "OldImage"), NumberIn(change, "NewImage")));
                }
            }

            return (page.GetProperty("NextShardIterator").GetString()!, records.GetArrayLength());
        }

        private static long NumberIn(JsonElement change, string image) =>
            change.TryGetProperty(image, out JsonElement item) ? long.Parse(item.GetProperty("n").GetProperty("N").GetString()!, CultureInfo.InvariantCulture) : 0;

        /// <summary>Asks one node after the other until one answers; a read may be asked again.</summary>
        private async Task<JsonElement> AskAsync(string operation, string body)
        {
            JsonElement answer = default;
            string last = "";
            await Eventually.HoldsAsync(
                async () =>
                {
                    try
                    {
                        DoorAnswer got = await door.StreamAsync(cluster.TablesUrls[_calls++ % 3], operation, body);
                        last = $"{got.Status} {got.Body}";
                        Assert.True(got.Status is 200 or >= 500, last);
                        answer = got.Status == 200 ? JsonDocument.Parse(got.Body).RootElement.Clone() : default;
                    }
                    catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
                    {
                        last = failure.Message;
                    }

                    return answer.ValueKind == JsonValueKind.Object;
                },
                () => $"{operation} is not answered: {last}");
            return answer;
        }
    }
}
