namespace Nines.Simulation.Tests;

/// <summary>Whole nodes, everything below the doors, under every fault.</summary>
public sealed class NodeClusterTests
{
    private static readonly SimulationRunner _runner = new();

    private static SimulationOptions Options(ulong seed) => new()
    {
        Seed = seed,
        Nodes = 5,
        Groups = 4,
        Replicas = 0,
        Duration = TimeSpan.FromSeconds(60),
        Faults = FaultClasses.All & ~(FaultClasses.C1 | FaultClasses.Destructive | FaultClasses.Membership),
        AllowVacuous = true,
    };

    [Fact]
    public void Every_promise_is_kept_and_everything_converges_when_the_faults_stop()
    {
        CampaignReport report = _runner.Campaign(Options(1), 20, parallel: 2);
        Assert.True(
            report.Failed.Count == 0,
            report.Failed.Count == 0 ? "" : _runner.Run(report.Failed[0].Options with { KeepTrace = true }).Text());
        Assert.True(report.Vacuous < 5, report.Text());
        TestContext.Current.TestOutputHelper?.WriteLine(report.Text());
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            Assert.True(_runner.Twice(Options(seed)).AreEqual, $"seed {seed}");
        }
    }
}
