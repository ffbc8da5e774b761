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

    private static readonly Option<ulong> Seed = NumberOption.Seed("--seed", "N", 1, "The seed of the first world.");

    private static readonly Option<int> Seeds = NumberOption.Whole(
        "--seeds", "COUNT", 1, int.MaxValue, 1, "How many worlds, with seeds counting up.");

    private static readonly Option<int> Nodes = NumberOption.Whole("--nodes", "N", 1, 50, 5, "Nodes of each world.");

    private static readonly Option<int> Groups = NumberOption.Whole("--groups", "N", 1, 256, 8, "Data groups.");

    private static readonly Option<int> Replicas = NumberOption.Whole(
        "--replicas", "N", 0, 50, 3, "Replicas of each group, at most as many as there are nodes; 0 lets the seed decide.");

    private static readonly Option<double> Hours = NumberOption.Real(
        "--hours", "H", 0, 10_000, 1 / 60.0, "Virtual hours under faults.");

    private static readonly Option<string> Faults = new("--faults")
    {
        Description = "Fault classes the seed may choose from: all, none, N1,P1, N*, all,-D5.", DefaultValueFactory = _ => "all",
    };

    private static readonly Option<double> Operations = NumberOption.Real(
        "--ops", "RATE", 0, 100_000, 20, "Client operations per virtual second.");

    private static readonly Option<bool> Tables = new("--tables")
    {
        Description = "Tables as well: their engine on every node, with transactions, indexes, streams and expiry.",
    };

    private static readonly Option<int> Parallel = NumberOption.Whole(
        "--parallel", "N", 1, 1024, Environment.ProcessorCount, "Worlds at a time.");

    private static readonly Option<bool> Trace = new("--trace") { Description = "One line for each state change; with one world." };

    private static readonly Option<bool> Twice = new("--twice") { Description = "Run each world twice and compare their traces." };

    private static readonly Option<bool> Quiet = new("--quiet") { Description = "Of many worlds, show only those that failed and the sum." };

    private static readonly Option<string?> PlantedBugs = new("--planted")
    {
        Description = "Look for planted bugs, by name or all, until each is found.", HelpName = "BUG|all",
    };

    private static readonly Option<double> Minutes = NumberOption.Real(
        "--minutes", "MINUTES", 0, 10_000, 10, "Processor minutes to spend on each planted bug.");

    public static Command Build()
    {
        var command = new Command("simulate", Description)
        {
            Seed, Seeds, Nodes, Groups, Replicas, Hours, Faults, Operations, Tables, Parallel, Trace, Twice, Quiet, PlantedBugs, Minutes,
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

        // A world is not to be interrupted from inside, and nothing outside of this process is lost with it.
        bool keepsResults = parsed.GetValue(Seeds) > 1 && !parsed.GetValue(Twice) && parsed.GetValue(PlantedBugs) is null;
        using CancellationTokenRegistration interrupted = cancel.Register(() =>
        {
            if (!keepsResults)
            {
                Environment.Exit(ExitCodes.Interrupted);
            }
        });
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
            : RunMany(runner, options, parsed.GetValue(Seeds), parsed.GetValue(Parallel), parsed.GetValue(Quiet), cancel);
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
            Tables = parsed.GetValue(Tables),
        };
        ulong last = ulong.MaxValue - (ulong)parsed.GetValue(Seeds) + 1;
        error = options.Replicas > options.Nodes ? $"--replicas: {options.Replicas} is more than the nodes there are; --nodes says {options.Nodes}"
            : options.Seed > last ? $"--seed: {options.Seed} leaves no room for --seeds {parsed.GetValue(Seeds)}; at most {last}"
            : "";
        if (error.Length > 0)
        {
            return false;
        }

        try
        {
            options = options with
            {
                Faults = FaultFilter.Parse(parsed.GetValue(Faults)!),
                Duration = TimeSpan.FromHours(parsed.GetValue(Hours)),
            };
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

    private static int RunMany(
        SimulationRunner runner, SimulationOptions first, int count, int parallel, bool quiet, CancellationToken cancel)
    {
        void Show(SimulationReport report)
        {
            if (!quiet || !report.Passed)
            {
                Console.WriteLine(report.Line());
            }
        }

        CampaignReport campaign = runner.Campaign(first, count, parallel, Show, cancel);
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
