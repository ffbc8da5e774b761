using System.Globalization;
using System.Text.RegularExpressions;

namespace Nines.Simulation.Tests;

/// <summary>Whole nodes with the engine of the tables door, under every fault.</summary>
public sealed partial class TableWorldTests
{
    private static readonly SimulationRunner _runner = new();

    private static SimulationOptions Options(ulong seed) => new()
    {
        Seed = seed,
        Nodes = 5,
        Groups = 8,
        Replicas = 3,
        Duration = TimeSpan.FromSeconds(60),
        Faults = FaultClasses.All,
        AllowVacuous = true,
        Tables = true,
    };

    [Fact]
    public void Every_promise_of_tables_and_their_streams_is_kept()
    {
        const int Worlds = 8;
        int followed = 0;
        int expired = 0;
        for (ulong seed = 1; seed <= Worlds; seed++)
        {
            SimulationReport report = _runner.Run(Options(seed) with { KeepTrace = true });
            Assert.True(report.Passed, report.Text());
            followed += Read(FollowedText(), report.Tables);
            expired += Read(ExpiredText(), report.Tables);
        }

        // Otherwise it was not much of a test.
        Assert.True(followed > Worlds * 100, $"{followed} records followed");
        Assert.True(expired > Worlds * 5, $"{expired} items expired");
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        for (ulong seed = 2; seed <= 3; seed++)
        {
            Assert.True(_runner.Twice(Options(seed)).AreEqual, $"seed {seed}");
        }
    }

    private static int Read(Regex number, string text) =>
        number.Match(text) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("([0-9]+) of them followed")]
    private static partial Regex FollowedText();

    [GeneratedRegex("([0-9]+) of items that expired")]
    private static partial Regex ExpiredText();
}
