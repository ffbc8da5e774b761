using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;
using Nines.Samples.Chat;

namespace Nines.EndToEnd.Tests.Samples;

/// <summary>People post and read in one room at different nodes, while each node in turn is killed and paused.</summary>
public sealed class ChatTests
{
    private const string Room = "/rooms/lobby";

    [Fact]
    public async Task Every_acknowledged_message_is_seen_at_once_at_every_node_and_in_one_order_by_all()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await using WebApplication app = await ChatService.CreateAsync(SampleUser.ArgumentsFor(cluster));
        await app.StartAsync();
        Uri service = SampleUser.AddressOf(app);
        using var stop = new CancellationTokenSource();
        var run = new Run(service, cluster.Plan.Count);
        Task[] work =
        [
            .. cluster.Nodes.Select(node => Task.Run(() => run.PostAsync(node, stop.Token))),
            .. cluster.Nodes.Select(node => Task.Run(() => run.ReadStrongAsync(node, stop.Token))),
        ];
        try
        {
            await new Faults(cluster, RunLength.Down, RunLength.Paused).RunAsync(TimeSpan.Zero);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(work);
        }

        Assert.True(run.Posted.Count > 30, $"{run.Posted.Count} messages were posted");
        Assert.All(cluster.Nodes, node => Assert.True(run.ReadsAt(node) > 10, $"{run.ReadsAt(node)} strong reads at n{node}"));
        await OneOrderAsync(service, cluster, run);
    }

    private static async Task OneOrderAsync(Uri service, LiveCluster cluster, Run run)
    {
        using var user = new SampleUser(service);
        List<(long Number, string Text)> first = [];
        foreach (int node in cluster.Nodes)
        {
            List<(long Number, string Text)> all = [];
            for (bool more = true; more;)
            {
                JsonElement page = await user.GetUntilDoneAsync($"{Room}?node={node}&level=Strong&after={all.Count}");
                List<(long, string)> messages = Run.MessagesIn(page);
                all.AddRange(messages);
                more = messages.Count > 0;
            }

            Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(m => m.Number));
            first = node == 1 ? all : first;
            Assert.Equal(first, all);
        }

        Assert.Equal(first.Count, first.Select(m => m.Text).Distinct().Count());
        Assert.All(run.Posted, posted => Assert.Equal(posted.Value, first[(int)posted.Key - 1].Text));
    }

    /// <summary>What was posted so far, and the people who do it.</summary>
    private sealed class Run(Uri service, int nodes)
    {
        private readonly int[] _reads = new int[nodes];
        private long _newest;

        /// <summary>Acknowledged messages by their numbers.</summary>
        public ConcurrentDictionary<long, string> Posted { get; } = [];

        public int ReadsAt(int node) => _reads[node - 1];

        public static List<(long Number, string Text)> MessagesIn(JsonElement body) =>
        [
            .. body.GetProperty("messages").EnumerateArray().Select(m => (m.GetProperty("number").GetInt64(), m.GetProperty("text").GetString()!)),
        ];

        /// <summary>Posts at one node and sees the own message at the next without a strong read.</summary>
        public async Task PostAsync(int node, CancellationToken stop)
        {
            using var user = new SampleUser(service);
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                string text = $"{node}-{i}";
                Answer answer = await user.PostAsync($"{Room}?node={node}", new Post($"n{node}", text));
                if (answer.Status == HttpStatusCode.ServiceUnavailable)
                {
                    continue;
                }

                Assert.True(answer.Status == HttpStatusCode.OK, $"{answer.Status} {answer.Body}");
                long number = answer.Body.GetProperty("message").GetProperty("number").GetInt64();
                Assert.True(Posted.TryAdd(number, text), $"number {number} was given twice");
                Raise(ref _newest, number);
                int other = 1 + (node % nodes);
                answer = await user.GetAsync($"{Room}?node={other}&level=Sequential&after={number - 1}");
                if (answer.Status == HttpStatusCode.OK)
                {
                    Assert.Equal((number, text), MessagesIn(answer.Body).FirstOrDefault());
                }
            }
        }

        /// <summary>Reads the end of the room: all that was acknowledged before must be there.</summary>
        public async Task ReadStrongAsync(int node, CancellationToken stop)
        {
            using var user = new SampleUser(service);
            while (!stop.IsCancellationRequested)
            {
                long newest = Volatile.Read(ref _newest);
                Answer answer = await user.GetAsync($"{Room}?node={node}&level=Strong&after={Math.Max(newest - 1, 0)}");
                if (answer.Status == HttpStatusCode.OK && newest > 0)
                {
                    Assert.Equal((newest, Posted[newest]), MessagesIn(answer.Body).FirstOrDefault());
                    _reads[node - 1]++;
                }
            }
        }

        private static void Raise(ref long newest, long to)
        {
            long seen = Volatile.Read(ref newest);
            while (seen < to && Interlocked.CompareExchange(ref newest, to, seen) != seen)
            {
                seen = Volatile.Read(ref newest);
            }
        }
    }
}
