using System.Globalization;
using System.Text;
using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Simulation;

/// <summary>
/// Everything that a seed decides before its world begins: which fault classes are on, how often they strike, how the network,
/// disks and clocks behave, what the clients do. Classes are switched on one by one ("swarm testing", Groce et al., ISSTA 2012):
/// a world with only a few faults reaches states that a world with all of them never does.
/// </summary>
public sealed record SwarmOptions
{
    public required FaultClasses Faults { get; init; }

    /// <summary>Mean seconds between two strikes of each class that is on.</summary>
    public required IReadOnlyDictionary<FaultClasses, double> MeanSecondsBetween { get; init; }

    public required NetworkOptions Network { get; init; }

    public required BackgroundOptions Background { get; init; }

    public required CrashOptions Crash { get; init; }

    public required WorkloadOptions Workload { get; init; }

    /// <summary>Nodes keep few log entries and flush small tables, so that snapshots and log cuts happen all the time (M4).</summary>
    public required int LogEntriesKept { get; init; }

    public required int TableBytes { get; init; }

    /// <summary>Every message goes out alone, so that each kind can be lost by itself; else those of a turn share a frame.</summary>
    public required bool SeparateFrames { get; init; }

    /// <summary>How far tick rates may be off (C2).</summary>
    public required double TickSpread { get; init; }

    /// <summary>How far wall clocks may be off, in milliseconds (C1).</summary>
    public required long WallSpreadMs { get; init; }

    /// <summary>Draws the options of a seed.</summary>
    public static SwarmOptions Draw(Prng random, FaultClasses allowed, double opsPerSecond)
    {
        FaultClasses on = DrawClasses(random, allowed);
        SortedDictionary<FaultClasses, double> means = [];
        foreach (FaultClasses single in FaultFilter.Singles)
        {
            // Drawn for every class, on or off, so that a filter does not shift the others.
            double mean = LogUniform(random, 5, 60);
            if (on.HasFlag(single))
            {
                means.Add(single, IsRare(single) ? mean * 3 : mean);
            }
        }

        return new SwarmOptions
        {
            Faults = on,
            MeanSecondsBetween = means,
            Network = DrawNetwork(random, on),
            Background = new BackgroundOptions
            {
                LogStepMeanUs = LogUniform(random, 100, 2000),
                StoreStepMeanUs = LogUniform(random, 200, 5000),
            },
            Crash = DrawCrash(random, on),
            Workload = WorkloadOptions.Draw(random, opsPerSecond),
            LogEntriesKept = on.HasFlag(FaultClasses.M4) ? random.Between(8, 200) : 2000,
            TableBytes = on.HasFlag(FaultClasses.M4) ? random.Between(2_000, 30_000) : 200_000,
            SeparateFrames = random.Chance(0.5),
            TickSpread = on.HasFlag(FaultClasses.C2) ? 0.2 * random.Unit() : 0,
            WallSpreadMs = on.HasFlag(FaultClasses.C1) ? (long)LogUniform(random, 10, 3 * 24 * 3600 * 1000.0) : 0,
        };
    }

    /// <summary>All options as a block for people.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        Line(text, "faults", FaultFilter.Format(Faults));
        foreach ((FaultClasses single, double mean) in MeanSecondsBetween)
        {
            Line(text, $"  {single}", $"every {mean:F1} s on average");
        }

        Line(text, "network", $"delay {Network.DelayMeanUs / 1000:F2} ms, loss {Network.LossProbability:P1}, "
            + $"duplicates {Network.DuplicateProbability:P1}, reordered {Network.ReorderProbability:P1}, "
            + $"recorded {Network.RecordProbability:P1}, {(Network.RefusesWhenDown ? "refuses" : "swallows")} when down");
        Line(text, "disk steps", $"log {Background.LogStepMeanUs:F0} us, store {Background.StoreStepMeanUs:F0} us");
        Line(text, "power loss", $"keeps pages {Crash.KeepPage:P0}, tears {Crash.TearPage:P0}, garbage {Crash.GarbagePage:P0}, "
            + $"keeps lengths {Crash.KeepLength:P0}, names {Crash.KeepName:P0}");
        Line(text, "clocks", $"ticks off by {TickSpread:P0}, wall clocks by {WallSpreadMs} ms");
        Line(text, "nodes", $"keep {LogEntriesKept} log entries, tables of {TableBytes} bytes, {(SeparateFrames ? "one message a frame" : "joint frames")}");
        Line(text, "workload", Workload.Describe());
        return text.ToString();
    }

    private static FaultClasses DrawClasses(Prng random, FaultClasses allowed)
    {
        // One seed in eight has everything, one in sixteen nothing; the others a random part.
        int roll = random.Below(16);
        double chance = roll < 2 ? 1 : roll == 2 ? 0 : 0.2 + (0.6 * random.Unit());
        FaultClasses on = FaultClasses.None;
        foreach (FaultClasses single in FaultFilter.Singles)
        {
            if (random.Chance(chance))
            {
                on |= single;
            }
        }

        return on & allowed;
    }

    private static bool IsRare(FaultClasses single) =>
        (single & (FaultClasses.Destructive | FaultClasses.P3 | FaultClasses.D3 | FaultClasses.M1 | FaultClasses.M2)) != 0;

    private static NetworkOptions DrawNetwork(Prng random, FaultClasses on)
    {
        double lan = LogUniform(random, 100, 1000);
        double wide = LogUniform(random, 5_000, 60_000);
        bool isWide = random.Chance(0.15);
        double loss = random.Chance(0.5) ? random.Unit() * 0.05 : random.Unit() * 0.2;
        double duplicates = random.Chance(0.5) ? random.Unit() * 0.5 : 0;
        double reordered = random.Chance(0.5) ? random.Unit() * 0.3 : 0;
        bool refuses = random.Chance(0.5);
        bool bad = on.HasFlag(FaultClasses.N1);
        return new NetworkOptions
        {
            DelayMeanUs = bad && isWide ? wide : lan,
            LossProbability = bad ? loss : 0,
            DuplicateProbability = bad ? duplicates : 0,
            ReorderProbability = bad ? reordered : 0,
            RecordProbability = on.HasFlag(FaultClasses.N6) ? 0.02 : 0,
            RefusesWhenDown = refuses,
        };
    }

    private static CrashOptions DrawCrash(Prng random, FaultClasses on)
    {
        CrashOptions drawn = CrashOptions.Draw(random);
        bool tears = on.HasFlag(FaultClasses.D2);
        return drawn with
        {
            TearPage = tears ? drawn.TearPage : 0,
            GarbagePage = tears ? drawn.GarbagePage : 0,
            KeepName = on.HasFlag(FaultClasses.D12) ? drawn.KeepName : 1,
        };
    }

    private static double LogUniform(Prng random, double low, double high) =>
        low * Math.Pow(high / low, random.Unit());

    private static void Line(StringBuilder text, string name, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"  {name,-12} {value}").Append('\n');
}
