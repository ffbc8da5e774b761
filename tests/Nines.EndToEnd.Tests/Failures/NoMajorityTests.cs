using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests.Failures;

/// <summary>Without a majority nothing pretends: writes end within their deadline and say whether they were done; stale reads go on.</summary>
public sealed class NoMajorityTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    /// <summary>For a busy machine.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private const int MaxAttempts = 10;

    private static readonly Dictionary<string, string> Settings = new() { ["deadlines.request"] = "1s" };

    [Fact]
    public async Task The_last_node_says_not_done_within_the_deadline_and_reads_eventually()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(settings: Settings);
        using var door = new RawDoor();
        Uri last = cluster.TablesUrls[0];
        await SdkRegisters.CreateTableAsync(last);
        foreach (string key in Worker.RegisterKeys)
        {
            Assert.Equal(200, (await door.PutAsync(last, key, 1)).Status);
        }

        foreach (string key in Worker.RegisterKeys)
        {
            await Eventually.HoldsAsync(
                async () => (await door.GetAsync(last, key, "eventual")).Body.Contains("\"1\"", StringComparison.Ordinal), () => $"{key} is not at n1");
        }

        await cluster.KillAsync(2);
        await cluster.KillAsync(3);
        await Eventually.HoldsAsync(
            async () => (await cluster.StatusAsync(1))?.Groups.All(g => g.Leader == 0) == true, () => "n1 still believes it leads");
        foreach (string key in Worker.RegisterKeys.Take(6))
        {
            DoorAnswer write = await door.PutAsync(last, key, 2);
            Assert.Equal((503, "not-done"), (write.Status, write.Outcome));
            Assert.Contains("not done", write.Body, StringComparison.Ordinal);
            Assert.InRange(write.Took, TimeSpan.Zero, Deadline + Slack);
            DoorAnswer strong = await door.GetAsync(last, key, "strong");
            Assert.Equal((503, "not-done"), (strong.Status, strong.Outcome));
            Assert.InRange(strong.Took, TimeSpan.Zero, Deadline + Slack);
            Assert.Contains("\"1\"", (await door.GetAsync(last, key, "eventual")).Body, StringComparison.Ordinal);
            Assert.Contains("\"1\"", (await door.GetAsync(last, key, "sequential")).Body, StringComparison.Ordinal);
        }

        cluster.Start(2);
        cluster.Start(3);
        await cluster.WholeAsync();
        foreach (string key in Worker.RegisterKeys)
        {
            Assert.Contains("\"1\"", (await door.GetAsync(last, key, "strong")).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_was_proposed_and_not_confirmed_is_unknown_and_a_resend_settles_it_once()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(settings: Settings);
        using var door = new RawDoor();
        await SdkRegisters.CreateTableAsync(cluster.TablesUrls[0]);
        const string Counter = "counted";
        using var registers = new SdkRegisters(cluster.TablesUrls, 0);
        Reply created = await registers.AddAsync(Counter);
        Assert.Equal(1, created.Seen);
        string id;
        DoorAnswer first;
        for (int attempt = 1; ; attempt++)
        {
            id = RawDoor.NewId();
            first = await AddWithoutOthersAsync(cluster, door, await cluster.LeaderAsync(created.Group), Counter, id);
            Assert.InRange(first.Took, TimeSpan.Zero, Deadline + Slack);
            await cluster.WholeAsync();
            if (first.Outcome != "not-done" || attempt == MaxAttempts)
            {
                break;
            }

            // The leader had noticed before it proposed. Then it must not have happened.
            Assert.Equal(503, first.Status);
            Assert.Contains("\"1\"", (await door.GetAsync(cluster.TablesUrls[0], Counter, "strong")).Body, StringComparison.Ordinal);
        }

        Assert.Equal((500, "unknown"), (first.Status, first.Outcome));
        Assert.Contains("unknown", first.Body, StringComparison.Ordinal);
        DoorAnswer settled = first;
        foreach (int node in cluster.Nodes)
        {
            await Eventually.HoldsAsync(
                async () => (settled = await door.AddAsync(cluster.TablesUrls[node - 1], Counter, id)).Status == 200,
                () => $"a resend is not settled: {settled}");
            Assert.Contains("\"2\"", settled.Body, StringComparison.Ordinal);
        }

        Assert.Contains("\"2\"", (await door.GetAsync(cluster.TablesUrls[0], Counter, "strong")).Body, StringComparison.Ordinal);
    }

    /// <summary>Adds one through a leader whose followers stand still, and lets them go on.</summary>
    private static async Task<DoorAnswer> AddWithoutOthersAsync(LiveCluster cluster, RawDoor door, int leader, string counter, string id)
    {
        List<int> others = [.. cluster.Nodes.Where(n => n != leader)];
        await Task.WhenAll(others.Select(n => cluster.Process(n).PauseAsync()));
        try
        {
            return await door.AddAsync(cluster.TablesUrls[leader - 1], counter, id);
        }
        finally
        {
            await Task.WhenAll(others.Select(n => cluster.Process(n).ResumeAsync()));
        }
    }
}
