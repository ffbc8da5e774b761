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
        Faults = FaultClasses.All,
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

    /// <summary>Worlds that found a bug once, each named for it.</summary>
    [Theory]
    [InlineData(1057, "all,-D5,-D8,-D11,-M1,-M2,-C1", "lost Appends filled the window, and nothing ever asked what had become of them")]
    [InlineData(1046, "all,-D5,-D8,-D11,-M1,-M2,-C1", "a founder that met its last peer while answering it told it that it was unknown")]
    [InlineData(1034, "all,-C1,-D5", "a refusal after a pause was taken for proof that nothing had happened")]
    [InlineData(2032, "all,-C1", "a replica that waited for its state was finished for ever in one turn")]
    [InlineData(2000, "all,-C1", "a wiped node that was no founder came back as the voter it had been")]
    [InlineData(39, "all,-D5,-D8,-D11,-M1,-M2", "leaders whose wall clocks differ made a remembered request id expire at once")]
    [InlineData(5745, "all", "a node taken out of the control group led another group by an old map for ever")]
    [InlineData(1065, "all,-C1,-D5", "a stray message reached a node that had not met its cluster yet")]
    public void Worlds_that_once_failed_pass(ulong seed, string faults, string bug)
    {
        SimulationReport report = _runner.Run(Options(seed) with { Faults = FaultFilter.Parse(faults), KeepTrace = true });
        Assert.True(report.Passed, $"{bug}\n{report.Text()}");
    }

    /// <summary>As above, worlds of three minutes and eight groups, which is what campaigns run.</summary>
    [Theory]
    [InlineData(237, 3, "a founder wiped in the second of its first start was refused for good, and the others waited for it for ever")]
    [InlineData(362, 3, "a log segment from before the directory was wiped made void what the new ones held, and a voter forgot what it had acknowledged")]
    public void Longer_worlds_that_once_failed_pass(ulong seed, int replicas, string bug)
    {
        SimulationReport report = _runner.Run(Options(seed) with
        {
            Groups = 8,
            Replicas = replicas,
            Duration = TimeSpan.FromHours(0.05),
            KeepTrace = true,
            AllowVacuous = false,
        });
        Assert.True(report.Passed, $"{bug}\n{report.Text()}");
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
