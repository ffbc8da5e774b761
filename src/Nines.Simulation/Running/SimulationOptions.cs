using System.Globalization;

namespace Nines.Simulation;

/// <summary>What a person asks for. Everything else is drawn from the seed.</summary>
public sealed record SimulationOptions
{
    public ulong Seed { get; init; } = 1;

    public int Nodes { get; init; } = 5;

    /// <summary>Data groups, beside the control group.</summary>
    public int Groups { get; init; } = 8;

    /// <summary>Replicas per group; 0 lets the seed decide between 1, 3 and 5.</summary>
    public int Replicas { get; init; } = 3;

    /// <summary>Virtual time under faults; the liveness phase comes on top.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Fault classes the seed may choose from.</summary>
    public FaultClasses Faults { get; init; } = FaultClasses.All;

    public double OpsPerSecond { get; init; } = 20;

    /// <summary>Tables as well: their engine on every node, and clients with transactions.</summary>
    public bool Tables { get; init; }

    /// <summary>A run whose history says too little is reported, but does not fail.</summary>
    public bool AllowVacuous { get; init; }

    /// <summary>Receives the readable trace line by line.</summary>
    public TextWriter? Trace { get; init; }

    /// <summary>Keep the last trace lines for the report of a failure. Costs a little.</summary>
    public bool KeepTrace { get; init; }

    /// <summary>The one line that runs this world again.</summary>
    public string ReplayLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"nines simulate --seed {Seed} --nodes {Nodes} --groups {Groups} --replicas {Replicas} "
        + $"--hours {Duration.TotalHours:0.########} --faults {FaultFilter.Format(Faults)} --ops {OpsPerSecond:0.###}{(Tables ? " --tables" : "")}");
}
