using System.CommandLine;
using Nines.Simulation;

namespace Nines.Node.Commands;

/// <summary><c>nines simulate</c>: whole clusters in one thread, from one seed.</summary>
internal static class SimulateCommand
{
    private const string Description = """
        Runs whole clusters on a virtual network, virtual disks and virtual clocks, with faults. The seed decides everything: the same
        seed and the same build give the same run, event by event. A failure prints the line that replays it.

        Examples:
          nines simulate --seed 7 --hours 1              one world, its report
          nines simulate --seeds 500                     many worlds, as many at a time as there are processors
          nines simulate --seed 7 --faults all,-D5 --trace
          nines simulate --seed 7 --twice                is the run deterministic?
          nines simulate --planted all                   how fast are known bugs found? (build with -p:PlantedBugs=true)

        docs/testing.md explains fault classes, invariants and planted bugs.
        Exit codes: 0 all promises held, 1 a promise was broken or a planted bug was not found, 2 wrong usage.
        """;

    private static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "The seed of the first world.", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> Seeds = new("--seeds")
    {
        Description = "How many worlds, with seeds counting up.", HelpName = "COUNT", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> Nodes = new("--nodes") { Description = "Nodes of each world.", DefaultValueFactory = _ => 5 };

    private static readonly Option<int> Groups = new("--groups") { Description = "Data groups.", DefaultValueFactory = _ => 8 };

    private static readonly Option<int> Replicas = new("--replicas")
    {
        Description = "Replicas of each group; 0 lets the seed decide.", DefaultValueFactory = _ => 3,
    };

    private static readonly Option<double> Hours = new("--hours")
    {
        Description = "Virtual hours under faults.", DefaultValueFactory = _ => 1 / 60.0, HelpName = "H",
    };

    private static readonly Option<string> Faults = new("--faults")
    {
        Description = "Fault classes the seed may choose from: all, none, N1,P1, N*, all,-D5.", DefaultValueFactory = _ => "all",
    };

    private static readonly Option<double> Operations = new("--ops")
    {
        Description = "Client operations per virtual second.", DefaultValueFactory = _ => 20,
    };

    private static readonly Option<int> Parallel = new("--parallel")
    {
        Description = "Worlds at a time.", DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private static readonly Option<bool> Trace = new("--trace") { Description = "One line for each state change; with one world." };

    private static readonly Option<bool> Twice = new("--twice") { Description = "Run each world twice and compare their traces." };

    private static readonly Option<string?> PlantedBugs = new("--planted")
    {
        Description = "Look for planted bugs, by name or all, until each is found.", HelpName = "BUG|all",
    };

    private static readonly Option<double> Minutes = new("--minutes")
    {
        Description = "Processor minutes to spend on each planted bug.", DefaultValueFactory = _ => 10,
    };

    public static Command Build()
    {
        var command = new Command("simulate", Description)
        {
            Seed, Seeds, Nodes, Groups, Replicas, Hours, Faults, Operations, Parallel, Trace, Twice, PlantedBugs, Minutes,
        };
        command.SetAction((parsed, cancel) => Task.Run(() => Run(parsed, cancel), CancellationToken.None));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        if (!TryOptions(parsed, out SimulationOptions options, out string error))
        {
            return Output.Fail(ExitCodes.Usage, error);
        }

        var runner = new SimulationRunner((wanted, swarm) => new ReactorFactory(wanted, swarm));
        if (parsed.GetValue(PlantedBugs) is { } bugs)
        {
            return PlantedHunt.Run(runner, options, bugs, parsed.GetValue(Parallel), TimeSpan.FromMinutes(parsed.GetValue(Minutes)), cancel);
        }

        if (parsed.GetValue(Twice))
        {
            return RunTwice(runner, options, parsed.GetValue(Seeds), cancel);
        }

        return parsed.GetValue(Seeds) == 1
            ? RunOne(runner, options with { Trace = parsed.GetValue(Trace) ? Console.Out : null, KeepTrace = true })
            : RunMany(runner, options, parsed.GetValue(Seeds), parsed.GetValue(Parallel), cancel);
    }

    private static bool TryOptions(ParseResult parsed, out SimulationOptions options, out string error)
    {
        options = new SimulationOptions
        {
            Seed = parsed.GetValue(Seed),
            Nodes = parsed.GetValue(Nodes),
            Groups = parsed.GetValue(Groups),
            Replicas = parsed.GetValue(Replicas),
            OpsPerSecond = parsed.GetValue(Operations),
        };
        double hours = parsed.GetValue(Hours);
        error = parsed.GetValue(Seeds) < 1 ? "--seeds: at least 1"
            : options.Nodes is < 1 or > 50 ? "--nodes: from 1 to 50"
            : options.Groups is < 1 or > 256 ? "--groups: from 1 to 256"
            : options.Replicas < 0 || options.Replicas > options.Nodes ? $"--replicas: from 0 to --nodes ({options.Nodes})"
            : hours is <= 0 or > 10_000 ? "--hours: above 0, at most 10000"
            : options.OpsPerSecond is <= 0 or > 100_000 ? "--ops: above 0, at most 100000"
            : "";
        if (error.Length > 0)
        {
            return false;
        }

        try
        {
            options = options with { Faults = FaultFilter.Parse(parsed.GetValue(Faults)!), Duration = TimeSpan.FromHours(hours) };
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            error = $"--faults: {e.Message}";
            return false;
        }
    }

    private static int RunOne(SimulationRunner runner, SimulationOptions options)
    {
        SimulationReport report = runner.Run(options);
        Console.Write(report.Text());
        return report.Passed ? ExitCodes.Success : ExitCodes.NotWell;
    }

    private static int RunMany(SimulationRunner runner, SimulationOptions first, int count, int parallel, CancellationToken cancel)
    {
        CampaignReport campaign = runner.Campaign(first, count, parallel, report => Console.WriteLine(report.Line()), cancel);
        foreach (SimulationReport failed in campaign.Failed)
        {
            // The same seed again, this time with the end of its trace.
            Console.WriteLine();
            Console.Write(runner.Run(failed.Options with { KeepTrace = true }).Text());
        }

        Console.WriteLine();
        Console.Write(campaign.Text());
        return campaign.Failed.Count == 0 ? ExitCodes.Success : ExitCodes.NotWell;
    }

    private static int RunTwice(SimulationRunner runner, SimulationOptions first, int count, CancellationToken cancel)
    {
        int different = 0;
        for (int i = 0; i < count && !cancel.IsCancellationRequested; i++)
        {
            DeterminismReport report = runner.Twice(first with { Seed = first.Seed + (ulong)i });
            different += report.AreEqual ? 0 : 1;
            Console.WriteLine($"seed {report.Seed}: {report.FirstHash:x16} {(report.AreEqual ? "twice" : $"and {report.SecondHash:x16}: NOT the same")}");
        }

        return different == 0 ? ExitCodes.Success : ExitCodes.NotWell;
    }
}
