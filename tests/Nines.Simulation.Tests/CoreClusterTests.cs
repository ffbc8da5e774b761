namespace Nines.Simulation.Tests;

/// <summary>Raft cores under every fault that an honest disk survives.</summary>
public sealed class CoreClusterTests
{
    private const FaultClasses Survivable =
        FaultClasses.Network | FaultClasses.Process | FaultClasses.Clock | FaultClasses.HonestDisk;

    private static readonly SimulationRunner _runner = new(
        (options, _) => new CoreFactory(options.Nodes, options.Groups, options.Replicas));

    private static SimulationOptions Options(ulong seed) => new()
    {
        Seed = seed,
        Groups = 3,
        Replicas = 0,
        Duration = TimeSpan.FromSeconds(60),
        Faults = Survivable,
        AllowVacuous = true,
    };

    [Fact]
    public void Raft_keeps_every_promise_and_converges_when_the_faults_stop()
    {
        CampaignReport report = _runner.Campaign(Options(1000), 40, parallel: 2);
        Assert.True(report.Failed.Count == 0, report.Failed.Count == 0 ? "" : _runner.Run(report.Failed[0].Options with { KeepTrace = true }).Text());
        Assert.True(report.Vacuous < 8, report.Text());
        TestContext.Current.TestOutputHelper?.WriteLine(report.Text());
    }

    /// <summary>Worlds that found a bug once, each named for it.</summary>
    [Theory]
    [InlineData(1163, "a refused probe that carried entries was taken for a late one, and the follower probed for ever")]
    public void Worlds_that_once_failed_pass(ulong seed, string bug)
    {
        SimulationReport report = _runner.Run(Options(seed) with { KeepTrace = true });
        Assert.True(report.Passed, $"{bug}\n{report.Text()}");
    }

    [Fact]
    public void One_seed_from_the_environment_is_run_with_its_whole_trace()
    {
        if (ulong.TryParse(Environment.GetEnvironmentVariable("NINES_SEED"), out ulong seed))
        {
            Assert.Fail(_runner.Run(Options(seed) with { Trace = Console.Out }).Text());
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            Assert.True(_runner.Twice(Options(seed)).AreEqual, $"seed {seed}");
        }
    }
}
