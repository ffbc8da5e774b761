using System.Globalization;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>One blow to one node, and the groups it led.</summary>
internal sealed record Blow(string What, int Node, long AtUs, IReadOnlyList<int> Led);

/// <summary>Kills and pauses each node in turn, and waits after each blow until the cluster is whole again.</summary>
internal sealed class Faults(LiveCluster cluster, TimeSpan down, TimeSpan paused)
{
    /// <summary>As long as a disk hangs.</summary>
    public static readonly TimeSpan Hang = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(6);

    private readonly List<Blow> _blows = [];

    public IReadOnlyList<Blow> Blows => _blows;

    /// <summary>At least once around, and until the time is over.</summary>
    public async Task RunAsync(TimeSpan atLeast)
    {
        long until = Worker.NowUs() + (long)atLeast.TotalMicroseconds;
        do
        {
            List<int> toKill = [.. cluster.Nodes];
            List<int> toPause = [.. cluster.Nodes];
            while (toKill.Count > 0)
            {
                await KillAsync(await TakeAsync(toKill));
                await PauseAsync(await TakeAsync(toPause));
            }
        }
        while (Worker.NowUs() < until);
    }

    /// <summary>The disk of the node that leads most hangs for <see cref="Hang"/>.</summary>
    public async Task HangDiskAsync(FreezableDisks disks)
    {
        int node = await TakeAsync([.. cluster.Nodes]);
        IReadOnlyList<int> led = await cluster.LedByAsync(node);
        _blows.Add(new Blow("disk hang", node, Worker.NowUs(), led));
        await using (await disks.FreezeAsync(node))
        {
            await Task.Delay(Hang);
        }

        await cluster.WholeAsync();
    }

    /// <summary>The longest time in milliseconds without an acknowledged write of any group the node led; 0 when none was written to.</summary>
    public static long WorstGapMs(Blow blow, IReadOnlyList<Observation> history) =>
        blow.Led.Select(group => Gap(history, group, blow.AtUs) / 1000).DefaultIfEmpty().Max();

    /// <summary>Of the nodes still to come in this round the one that leads most: a blow to a follower shows little.</summary>
    private async Task<int> TakeAsync(List<int> left)
    {
        Dictionary<int, int> led = [];
        foreach (int node in left)
        {
            led[node] = (await cluster.LedByAsync(node)).Count;
        }

        int taken = left.MaxBy(node => led[node]);
        left.Remove(taken);
        return taken;
    }

    /// <summary>The longest time without an acknowledged write in a group that the node led, for each blow.</summary>
    public IEnumerable<string> Gaps(IReadOnlyList<Observation> history)
    {
        foreach (Blow blow in _blows)
        {
            List<string> gaps = [.. blow.Led
                .Select(group => (Group: group, GapMs: Gap(history, group, blow.AtUs) / 1000))
                .Where(g => g.GapMs > 0)
                .Select(g => string.Create(CultureInfo.InvariantCulture, $"g{g.Group} {g.GapMs} ms"))];
            yield return $"{blow.What} n{blow.Node}, longest time without a write: {(gaps.Count == 0 ? "led nothing" : string.Join(", ", gaps))}";
        }
    }

    private static long Gap(IReadOnlyList<Observation> history, int group, long atUs)
    {
        long last = 0;
        long longest = 0;
        foreach (long end in history.Where(o => o.Group == group && o.IsAcknowledgedWrite).Select(o => o.EndUs).Order())
        {
            if (last > 0 && end > atUs && last < atUs + (long)Look.TotalMicroseconds)
            {
                longest = Math.Max(longest, end - last);
            }

            last = end;
        }

        return longest;
    }

    private async Task KillAsync(int node)
    {
        IReadOnlyList<int> led = await cluster.LedByAsync(node);
        _blows.Add(new Blow("kill -9", node, Worker.NowUs(), led));
        await cluster.KillAsync(node);
        await Task.Delay(down);
        cluster.Start(node);
        await cluster.WholeAsync();
    }

    private async Task PauseAsync(int node)
    {
        IReadOnlyList<int> led = await cluster.LedByAsync(node);
        _blows.Add(new Blow("SIGSTOP", node, Worker.NowUs(), led));
        await cluster.Process(node).PauseAsync();
        await Task.Delay(paused);
        await cluster.Process(node).ResumeAsync();
        await cluster.WholeAsync();
    }
}
