using Nines.Kernel;
using Nines.Simulation;

namespace Nines.Node.Commands;

/// <summary>Runs the simulator against bugs that were compiled in, one after the other, and says how long it took to find each.</summary>
internal static class PlantedHunt
{
    public static int Run(
        SimulationRunner runner, SimulationOptions options, string bugs, int parallel, TimeSpan processorTime, CancellationToken cancel)
    {
#if PLANTED_BUGS
        List<PlantedBug> wanted = bugs == "all"
            ? [.. Enum.GetValues<PlantedBug>().Where(bug => bug != PlantedBug.None)]
            : [.. bugs.Split(',').Select(name => Enum.TryParse(name.Trim(), ignoreCase: true, out PlantedBug bug) ? bug : PlantedBug.None)];
        if (wanted.Contains(PlantedBug.None))
        {
            return Output.Fail(ExitCodes.Usage, $"--planted: all, or of these: {string.Join(", ", Enum.GetNames<PlantedBug>().Skip(1))}");
        }

        int found = 0;
        foreach (PlantedBug bug in wanted.TakeWhile(_ => !cancel.IsCancellationRequested))
        {
            // Some bugs are in what only tables do.
            SimulationOptions where = options with { Tables = options.Tables || bug >= PlantedBug.CommitRecordLost };
            HuntReport hunt = Hunt(runner, where, bug, parallel, processorTime);
            found += hunt.Found is null ? 0 : 1;
            Console.WriteLine(hunt.Line());
        }

        Console.WriteLine($"{found} of {wanted.Count} found");
        return found == wanted.Count ? ExitCodes.Success : ExitCodes.NotWell;
    }

    /// <summary>A world counts only when the same seed is well without the bug. One that is not is passed over, and told.</summary>
    private static HuntReport Hunt(
        SimulationRunner runner, SimulationOptions options, PlantedBug bug, int parallel, TimeSpan processorTime)
    {
        long worlds = 0;
        TimeSpan used = TimeSpan.Zero;
        while (true)
        {
            Planted.Active = bug;
            HuntReport hunt = runner.Hunt(options, parallel, processorTime - used);
            Planted.Active = PlantedBug.None;
            worlds += hunt.Worlds;
            used += hunt.ProcessorTime;
            HuntReport sum = hunt with { Worlds = worlds, ProcessorTime = used };
            if (hunt.Found is not { } hit || runner.Run(hit.Options with { AllowVacuous = true }).Passed)
            {
                return sum;
            }

            Console.WriteLine($"{bug}: seed {hit.Options.Seed} fails without the bug as well ({hit.Findings[0].Invariant}); it does not count");
            options = options with { Seed = hit.Options.Seed + 1 };
        }
#else
        _ = (runner, options, bugs, parallel, processorTime, cancel);
        return Output.Fail(
            ExitCodes.Usage,
            $"this build has no planted bugs ({Enum.GetValues<PlantedBug>().Length - 1} are known): build with -p:PlantedBugs=true, "
            + "e.g. dotnet run -c Release --project src/Nines.Node -p:PlantedBugs=true -- simulate --planted all");
#endif
    }
}
