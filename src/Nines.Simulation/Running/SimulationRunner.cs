using System.Collections.Concurrent;
using System.Diagnostics;
using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// The way in: one world, many worlds, one world twice, or worlds until a planted bug is found. Worlds are single-threaded
/// and share nothing, so a campaign runs as many at a time as there are processors.
/// </summary>
public sealed class SimulationRunner(Func<SimulationOptions, SwarmOptions, INodeFactory> nodes)
{
    /// <summary>Runs the product's own nodes.</summary>
    public SimulationRunner()
        : this((options, swarm) => new ReactorFactory(options, swarm))
    {
    }

    /// <summary>Runs one world.</summary>
    public SimulationReport Run(SimulationOptions options) => new SimulationRun(options, nodes).Run();

    /// <summary>Runs the seeds from <see cref="SimulationOptions.Seed"/> on.</summary>
    /// <param name="first">Options; the seed is that of the first world.</param>
    /// <param name="count">How many worlds.</param>
    /// <param name="parallel">How many at a time.</param>
    /// <param name="progress">Called after each world, one call at a time, in no particular order.</param>
    /// <param name="cancellation">Starts no further worlds.</param>
    public CampaignReport Campaign(
        SimulationOptions first,
        int count,
        int parallel,
        Action<SimulationReport>? progress = null,
        CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan usedBefore = Environment.CpuUsage.TotalTime;
        ConcurrentBag<SimulationReport> reports = [];
        Lock gate = new();
        ParallelOptions how = new() { MaxDegreeOfParallelism = Math.Max(1, parallel) };
        Parallel.For(0, count, how, (i, loop) =>
        {
            if (cancellation.IsCancellationRequested)
            {
                loop.Stop();
                return;
            }

            SimulationReport report = Run(first with { Seed = first.Seed + (ulong)i });
            reports.Add(report);
            lock (gate)
            {
                progress?.Invoke(report);
            }
        });
        return CampaignReport.Of(
            [.. reports.OrderBy(r => r.Options.Seed)], Stopwatch.GetElapsedTime(start), Environment.CpuUsage.TotalTime - usedBefore);
    }

    /// <summary>Runs one world twice. The same seed must give the same trace, event by event.</summary>
    public DeterminismReport Twice(SimulationOptions options)
    {
        SimulationReport first = Run(options);
        SimulationReport second = Run(options);
        return new DeterminismReport(
            options.Seed, first.TraceHash, second.TraceHash, first.Events == second.Events && first.TraceHash == second.TraceHash);
    }

    /// <summary>
    /// Runs worlds until one fails, or the processor time is used up. With a planted bug active it measures how fast the
    /// simulator finds it; without one it looks for real ones.
    /// </summary>
    public HuntReport Hunt(SimulationOptions first, int parallel, TimeSpan processorTime, Action<SimulationReport>? progress = null)
    {
        TimeSpan usedBefore = Environment.CpuUsage.TotalTime;
        long worlds = 0;
        ulong next = first.Seed;
        SimulationReport? found = null;
        Lock gate = new();

        // Seeds are handed out one after the other: which worlds are run does not depend on how a loop was cut into pieces.
        Parallel.For(0, Math.Max(1, parallel), _ =>
        {
            while (true)
            {
                ulong seed;
                lock (gate)
                {
                    if (found != null || Environment.CpuUsage.TotalTime - usedBefore > processorTime)
                    {
                        return;
                    }

                    seed = next++;
                }

                SimulationReport report = Run(first with { Seed = seed, AllowVacuous = true });
                lock (gate)
                {
                    worlds++;
                    progress?.Invoke(report);
                    found = report.Passed ? found : found ?? report;
                }
            }
        });
        return new HuntReport(Planted.Active, found, worlds, Environment.CpuUsage.TotalTime - usedBefore);
    }
}

/// <summary>Two runs of one seed.</summary>
public sealed record DeterminismReport(ulong Seed, ulong FirstHash, ulong SecondHash, bool AreEqual);

/// <summary>A search for a failure. <see cref="Found"/> is null when the time was used up first.</summary>
public sealed record HuntReport(PlantedBug Bug, SimulationReport? Found, long Worlds, TimeSpan ProcessorTime)
{
    public string Line() =>
        $"{Bug,-30} {(Found == null ? "not found" : $"found by {Found.Findings[0].Invariant} ({Found.Findings[0].Checker})"),-32} "
        + $"{Worlds,6} worlds {ProcessorTime.TotalSeconds,8:F1} s  {(Found == null ? "" : $"seed {Found.Options.Seed}")}";
}

/// <summary>Many worlds in numbers.</summary>
public sealed record CampaignReport(
    IReadOnlyList<SimulationReport> Failed,
    int Worlds,
    int Vacuous,
    TimeSpan SimulatedTime,
    TimeSpan ProcessorTime,
    TimeSpan Elapsed,
    long Faults,
    long Operations,
    long Events,
    IReadOnlyDictionary<FaultClasses, long> FaultsByClass)
{
    internal static CampaignReport Of(IReadOnlyList<SimulationReport> reports, TimeSpan elapsed, TimeSpan processorTime)
    {
        SortedDictionary<FaultClasses, long> faults = [];
        foreach ((FaultClasses single, int count) in reports.SelectMany(r => r.Faults))
        {
            faults[single] = faults.GetValueOrDefault(single) + count;
        }

        return new CampaignReport(
            [.. reports.Where(r => !r.Passed)],
            reports.Count,
            reports.Count(r => r.IsVacuous),
            new TimeSpan(reports.Sum(r => r.SimulatedTime.Ticks)),
            processorTime,
            elapsed,
            reports.Sum(r => (long)r.FaultsInjected),
            reports.Sum(r => (long)r.History.Acknowledged),
            reports.Sum(r => r.Events),
            faults);
    }

    /// <summary>The figures of merit: density, not only speed.</summary>
    public string Text() =>
        $"{Worlds} worlds, {Failed.Count} failed, {Vacuous} vacuous; {SimulatedTime.TotalHours:F2} h simulated in "
        + $"{Elapsed.TotalSeconds:F1} s ({SimulatedTime / Elapsed:F0}x real time); per processor second "
        + $"{Faults / Math.Max(1e-9, ProcessorTime.TotalSeconds):F1} faults, {Operations / Math.Max(1e-9, ProcessorTime.TotalSeconds):F0} "
        + $"checked operations, {Events / Math.Max(1e-9, ProcessorTime.TotalSeconds) / 1e6:F2} M events\n"
        + $"faults: {string.Join(", ", FaultsByClass.Select(f => $"{f.Key} {f.Value}"))}\n";
}
