using System.Globalization;
using System.Text;

namespace Nines.Simulation;

/// <summary>What came out of one world.</summary>
public sealed record SimulationReport
{
    public required SimulationOptions Options { get; init; }

    /// <summary>Everything the seed decided, as a block for people.</summary>
    public required string OptionsBlock { get; init; }

    public required IReadOnlyList<Finding> Findings { get; init; }

    public required bool IsVacuous { get; init; }

    /// <summary>How often each fault class struck.</summary>
    public required IReadOnlyDictionary<FaultClasses, int> Faults { get; init; }

    public required HistorySummary History { get; init; }

    /// <summary>What the clients of tables did; empty in a world without tables.</summary>
    public string Tables { get; init; } = "";

    public required int Leaderships { get; init; }

    /// <summary>Commands applied, over all replicas.</summary>
    public required long Applications { get; init; }

    public required int Scans { get; init; }

    public required TimeSpan SimulatedTime { get; init; }

    /// <summary>Virtual seconds from the end of the faults until everything had converged.</summary>
    public required double HealedAfterSeconds { get; init; }

    public required long Events { get; init; }

    public required long MessagesSent { get; init; }

    public required ulong TraceHash { get; init; }

    /// <summary>Real time; that of the processor when nothing else wants it, for worlds are single-threaded.</summary>
    public required TimeSpan Elapsed { get; init; }

    public required IReadOnlyCollection<string> TraceLines { get; init; }

    public bool Passed => Findings.Count == 0;

    public int FaultsInjected => Faults.Values.Sum();

    /// <summary>One line per world, for campaigns.</summary>
    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Options.Seed,-12} {(Passed ? "ok  " : "FAIL")} {History.Operations,6} ops {History.Info,4} info "
        + $"{FaultsInjected,5} faults {Leaderships,5} leaders {SimulatedTime.TotalSeconds,7:F0} s in {Elapsed.TotalSeconds:F2} s "
        + $"{TraceHash:x16}{(IsVacuous ? " vacuous" : "")}");

    /// <summary>The whole report.</summary>
    public string Text()
    {
        StringBuilder text = new();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"seed {Options.Seed}: {Options.Nodes} nodes, {Options.Groups} groups, {Options.Duration}\n");
        text.Append(OptionsBlock);
        text.Append(culture, $"  struck       {string.Join(", ", Faults.Select(f => $"{f.Key} {f.Value}"))}\n");
        text.Append(culture, $"  operations   {History}\n");
        if (Tables.Length > 0)
        {
            text.Append(culture, $"  tables       {Tables}\n");
        }

        text.Append(culture, $"  cluster      {Leaderships} leaderships, {Applications} applications, {Scans} scans, ");
        text.Append(culture, $"{MessagesSent} messages, healed after {HealedAfterSeconds:F1} s\n");
        text.Append(culture, $"  time         {SimulatedTime.TotalSeconds:F1} s simulated in {Elapsed.TotalSeconds:F2} s ");
        text.Append(culture, $"({SimulatedTime.TotalSeconds / Math.Max(Elapsed.TotalSeconds, 1e-9):F0}x), ");
        text.Append(culture, $"{Events} events ({Events / Math.Max(Elapsed.TotalSeconds, 1e-9) / 1e6:F2} M/s)\n");
        text.Append(culture, $"  trace hash   {TraceHash:x16}\n");
        foreach (string line in Passed ? [] : TraceLines)
        {
            text.Append(line).Append('\n');
        }

        foreach (Finding finding in Findings)
        {
            text.Append(culture, $"BROKEN {finding}\n");
        }

        text.Append(Passed ? (IsVacuous ? "passed, but says little\n" : "passed\n") : $"replay: {Options.ReplayLine()}\n");
        return text.ToString();
    }
}

/// <summary>A history in numbers.</summary>
public sealed record HistorySummary(
    int Operations, int Acknowledged, int NotDone, int Info, int ReadsOfWrites, int Resent, int Skipped)
{
    public static HistorySummary Of(IReadOnlyList<Operation> history, int skipped) => new(
        history.Count,
        history.Count(o => o.IsAnswered),
        history.Count(o => o.End == OperationEnd.NotDone),
        history.Count(o => o.End is OperationEnd.Info or OperationEnd.Pending),
        history.Count(o => o.IsRead && o.IsAnswered && o.Found && !o.IsFinal),
        history.Count(o => o.Attempts > 1),
        skipped);

    /// <summary>More than a fifth unknown, or hardly a read of anything written: such a history proves little.</summary>
    public bool IsVacuous => Info * 5 > Operations || ReadsOfWrites < Math.Min(1000, Math.Max(10, Operations / 20));

    public override string ToString() =>
        $"{Operations}, {Acknowledged} acknowledged, {NotDone} not done, {Info} unknown, {ReadsOfWrites} reads of writes, "
        + $"{Resent} sent more than once, {Skipped} skipped";
}
