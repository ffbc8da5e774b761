using System.Globalization;
using System.Runtime.InteropServices;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests.Figures;

/// <summary>
/// How long writes stop when a leader dies or freezes. Figures, not a test of right and wrong: run by command, see docs/testing.md.
/// <code>
///   Nines.EndToEnd.Tests --explicit only --filter-class "*FailoverFigures"
/// </code>
/// </summary>
public sealed class FailoverFigures
{
    /// <summary>How many blows of each kind.</summary>
    public const string Variable = "NINES_E2E_BLOWS";

    private const int DefaultBlows = 30;
    private const int Group = 1;
    private const int Writers = 6;

    /// <summary>Of one writer, so that gaps are seen to a few milliseconds and the machine is not busy with the measurement.</summary>
    private static readonly TimeSpan Think = TimeSpan.FromMilliseconds(5);

    /// <summary>A gap is looked for from the blow on for so long.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(4);

    /// <summary>An attempt without an answer is given up after so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Paused = TimeSpan.FromSeconds(5);

    [Fact(Explicit = true)]
    public Task Write_gap_after_kill_of_the_leader() => MeasureAsync("kill -9", async (cluster, leader) =>
    {
        await cluster.KillAsync(leader);
        await Task.Delay(Watch);
        cluster.Start(leader);
    });

    [Fact(Explicit = true)]
    public Task Write_gap_after_SIGSTOP_of_the_leader() => MeasureAsync("SIGSTOP", async (cluster, leader) =>
    {
        await cluster.Process(leader).PauseAsync();
        await Task.Delay(Paused);
        await cluster.Process(leader).ResumeAsync();
    });

    [Fact(Explicit = true)]
    public async Task Write_gap_after_a_disk_hang_of_the_leader()
    {
        await using FreezableDisks disks = await FreezableDisks.MountOrSkipAsync();
        await MeasureAsync(
            "disk hang",
            async (_, leader) =>
            {
                await using (await disks.FreezeAsync(leader))
                {
                    await Task.Delay(Faults.Hang);
                }
            },
            disks.ClusterDirectory);
    }

    private static async Task MeasureAsync(string what, Func<LiveCluster, int, Task> strike, string? directory = null)
    {
        int blows = int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out int wanted) ? wanted : DefaultBlows;
        await using LiveCluster cluster = await LiveCluster.StartAsync(directory: directory);
        await SdkRegisters.CreateTableAsync(cluster.TablesUrls[0]);
        string key = await KeyInAsync(cluster, Group);
        List<List<long>> acknowledged = [.. Enumerable.Range(0, Writers).Select(_ => new List<long>())];
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(cluster, w, key, acknowledged[w], stop.Token)))];
        List<double> ofAll = [];
        List<double> ofWorst = [];
        List<double> ofItsOwn = [];
        for (int blow = 0; blow < blows; blow++)
        {
            await SettledAsync(acknowledged);
            int leader = await cluster.LeaderAsync(Group);
            long at = Worker.NowUs();
            await strike(cluster, leader);
            await cluster.WholeAsync();
            List<List<long>> ends = [.. acknowledged.Select(Copy)];
            ofAll.Add(LongestGapMs([.. ends.SelectMany(e => e).Order()], at));
            ILookup<bool, double> worst = ends.Select((e, w) => (Own: w % cluster.Plan.Count == leader - 1, Gap: LongestGapMs(e, at)))
                .ToLookup(g => g.Own, g => g.Gap);
            ofWorst.Add(worst[false].Max());
            ofItsOwn.Add(worst[true].Max());
            Report.Print(Text(
                $"{what} {blow + 1,2}: n{leader} led; nobody wrote for {ofAll[^1]:F0} ms; worst client of the others {ofWorst[^1]:F0} ms, of its own {ofItsOwn[^1]:F0} ms"));
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Report.Print(Text($"{what}, {blows} times, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors"));
        Report.Print(
            $"  nobody wrote: {Summary(ofAll)}\n  worst client of the other nodes: {Summary(ofWorst)}\n"
            + $"  worst client of the node itself (waits for its own time-out of {Patience.TotalSeconds} s when it is paused): {Summary(ofItsOwn)}");
    }

    /// <summary>
    /// A client that goes to its own node first and to the next when that fails, soon and with the same id. The AWS SDK would wait up to
    /// seconds before a second attempt, which says nothing of the cluster.
    /// </summary>
    private static async Task WriteAsync(LiveCluster cluster, int number, string key, List<long> acknowledged, CancellationToken stop)
    {
        using var door = new RawDoor(Patience);
        for (long value = 1; !stop.IsCancellationRequested; value++)
        {
            string id = RawDoor.NewId();
            for (int attempt = 0; !await TryPutAsync(door, cluster.TablesUrls[(number + attempt) % cluster.Plan.Count], key, value, id); attempt++)
            {
                await Task.Delay(RetryPause, CancellationToken.None);
            }

            lock (acknowledged)
            {
                acknowledged.Add(Worker.NowUs());
            }

            await Task.Delay(Think, CancellationToken.None);
        }
    }

    private static async Task<bool> TryPutAsync(RawDoor door, Uri node, string key, long value, string id)
    {
        try
        {
            return (await door.PutAsync(node, key, value, id)).Status == 200;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Nobody is still busy with the blow before: everybody wrote several times since.</summary>
    private static Task SettledAsync(List<List<long>> acknowledged)
    {
        const int Writes = 5;
        List<int> before = [.. acknowledged.Select(a => Copy(a).Count)];
        return Cluster.Eventually.HoldsAsync(
            () => Task.FromResult(acknowledged.Zip(before).All(a => Copy(a.First).Count >= a.Second + Writes)), () => "not everybody writes");
    }

    private static List<long> Copy(List<long> times)
    {
        lock (times)
        {
            return [.. times];
        }
    }

    private static async Task<string> KeyInAsync(LiveCluster cluster, int group)
    {
        using var registers = new SdkRegisters(cluster.TablesUrls, 0);
        for (int k = 0; ; k++)
        {
            if ((await registers.PutAsync($"key-{k}", 1)).Group == group)
            {
                return $"key-{k}";
            }
        }
    }

    private static double LongestGapMs(List<long> ends, long at)
    {
        long until = at + (long)Watch.TotalMicroseconds;
        long longest = 0;
        for (int i = 1; i < ends.Count; i++)
        {
            if (ends[i] > at && ends[i - 1] < until)
            {
                longest = Math.Max(longest, ends[i] - ends[i - 1]);
            }
        }

        return longest / 1000.0;
    }

    private static string Summary(List<double> gaps)
    {
        List<double> sorted = [.. gaps.Order()];
        return Text($"median {sorted[sorted.Count / 2]:F0} ms, p90 {sorted[sorted.Count * 9 / 10]:F0} ms, maximum {sorted[^1]:F0} ms");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
