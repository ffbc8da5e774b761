#if PLANTED_BUGS
using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>
/// Each planted bug of tables is found within a few worlds, and those worlds are well without it; built and run only with
/// -p:PlantedBugs=true, and alone: the switch is for the whole process.
/// </summary>
[Collection("planted")]
[CollectionDefinition("planted", DisableParallelization = true)]
public sealed class TablePlantedBugTests(ITestOutputHelper output)
{
    private const int MostWorlds = 40;

    private static readonly SimulationRunner _runner = new();

    [Theory]
    [InlineData(PlantedBug.CommitRecordLost)]
    [InlineData(PlantedBug.LockLeftBehind)]
    [InlineData(PlantedBug.TokenForgotten)]
    [InlineData(PlantedBug.IndexUpdateLost)]
    [InlineData(PlantedBug.NoopStreamRecord)]
    [InlineData(PlantedBug.ExpiredTooEarly)]
    public void A_planted_bug_is_found(PlantedBug bug)
    {
        for (ulong seed = 1; seed <= MostWorlds; seed++)
        {
            SimulationReport report = Run(seed, bug);
            if (!report.Passed)
            {
                output.WriteLine($"{bug}: seed {seed}: {report.Findings[0]}");
                Assert.True(Run(seed, PlantedBug.None).Passed, $"seed {seed} fails without {bug} as well");
                return;
            }
        }

        Assert.Fail($"{bug} was not found by {MostWorlds} worlds");
    }

    private static SimulationReport Run(ulong seed, PlantedBug bug)
    {
        Planted.Active = bug;
        try
        {
            return _runner.Run(new SimulationOptions
            {
                Seed = seed,
                Nodes = 5,
                Groups = 8,
                Replicas = 3,
                Faults = FaultClasses.All,
                AllowVacuous = true,
                Tables = true,
            });
        }
        finally
        {
            Planted.Active = PlantedBug.None;
        }
    }
}
#endif
