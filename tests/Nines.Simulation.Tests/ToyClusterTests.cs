namespace Nines.Simulation.Tests;

/// <summary>The whole machinery (world, network, clients, checkers, runner) around a toy cluster, sound and broken.</summary>
public sealed class ToyClusterTests
{
    private const FaultClasses Survivable =
        FaultClasses.Network | FaultClasses.P2 | FaultClasses.Clock;

    private static SimulationRunner Runner(ToyBug bug = ToyBug.None) =>
        new((options, _) => new ToyFactory(options.Groups, bug));

    private static SimulationOptions Options(ulong seed) => new()
    {
        Seed = seed,
        Groups = 3,
        Duration = TimeSpan.FromSeconds(60),
        Faults = Survivable,
        OpsPerSecond = 50,
        AllowVacuous = true,
        KeepTrace = true,
    };

    [Fact]
    public void A_sound_cluster_passes_under_every_fault_it_can_survive()
    {
        CampaignReport report = Runner().Campaign(Options(100), 24, parallel: 2);
        Assert.True(report.Failed.Count == 0, report.Failed.Count == 0 ? "" : report.Failed[0].Text());
        Assert.True(report.Faults > 300, report.Text());
        Assert.True(report.Operations > 20_000, report.Text());
        Assert.True(report.Vacuous < 6, report.Text());
        foreach (FaultClasses single in FaultFilter.Singles.Where(s => Survivable.HasFlag(s)))
        {
            Assert.True(report.FaultsByClass.ContainsKey(single), $"{single} never struck\n{report.Text()}");
        }
    }

    [Theory]
    [InlineData(ToyBug.LocalStrongReads, "FD")]
    [InlineData(ToyBug.NoDeduplication, "E")]
    [InlineData(ToyBug.LosesAcknowledgedWrite, "DEFBC")]
    [InlineData(ToyBug.IgnoresSession, "G")]
    [InlineData(ToyBug.DivergesOnOneNode, "BCE")]
    [InlineData(ToyBug.TwoLeaders, "A")]
    [InlineData(ToyBug.DoesNotConverge, "N")]
    [InlineData(ToyBug.LiesAboutStaleness, "G")]
    public void A_broken_cluster_is_found_out(ToyBug bug, string invariants)
    {
        HuntReport hunt = Runner(bug).Hunt(Options(500), parallel: 1, TimeSpan.FromSeconds(20));
        Assert.True(hunt.Found != null, $"{bug} was not found in {hunt.Worlds} worlds");
        Assert.True(invariants.Contains(hunt.Found.Findings[0].Invariant), hunt.Found.Text());
        Assert.Contains($"--seed {hunt.Found.Options.Seed}", hunt.Found.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another()
    {
        List<ulong> hashes = [];
        for (ulong seed = 1; seed <= 6; seed++)
        {
            DeterminismReport twice = Runner().Twice(Options(seed));
            Assert.True(twice.AreEqual, $"seed {seed}");
            hashes.Add(twice.FirstHash);
        }

        Assert.Equal(hashes.Count, hashes.Distinct().Count());
    }

    [Fact]
    public void A_trace_does_not_change_the_run()
    {
        SimulationOptions options = Options(7);
        using StringWriter writer = new();
        SimulationReport traced = Runner().Run(options with { Trace = writer });
        SimulationReport silent = Runner().Run(options with { KeepTrace = false });
        Assert.Equal(silent.TraceHash, traced.TraceHash);
        Assert.Contains("leader", writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_says_nothing_fails_as_vacuous()
    {
        SimulationReport report = Runner().Run(Options(1) with
        {
            Duration = TimeSpan.FromSeconds(1),
            OpsPerSecond = 1,
            AllowVacuous = false,
            Faults = FaultClasses.None,
        });
        Assert.False(report.Passed);
        Assert.Equal('V', report.Findings[0].Invariant);
    }
}
