using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>Many short runs of whole clusters of cores. NINES_SEED=n runs one seed and prints its journal; NINES_SEEDS=n runs that many.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    private const int Seeds = 1500;

    private readonly Dictionary<string, int> _seen = [];

    [Fact]
    public void Every_promise_holds_in_every_schedule()
    {
        int first = Number("NINES_SEED") ?? 1;
        int count = Number("NINES_SEED") is null ? Number("NINES_SEEDS") ?? Seeds : 1;
        for (int seed = first; seed < first + count; seed++)
        {
            Run((ulong)seed);
        }

        output.WriteLine(string.Join(", ", _seen.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} {s.Value}")));
        if (count >= Seeds)
        {
            // The runs mean nothing if what they are about did not happen.
            string[] all =
            [
                "proposal", "change", "change too early", "transfer", "partition", "crash", "pause", "stall", "log cut", "snapshot installed",
                "read as first act", "read", "election", "stable", "hung disk",
            ];
            Assert.All(all, what => Assert.True(_seen.GetValueOrDefault(what) > 100, $"seldom happened: {what}"));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            Assert.Equal(Execute(seed, null).History, Execute(seed, null).History);
        }
    }

    internal static string? FindBug(ulong seed)
    {
        try
        {
            new ClusterTests(null!).Execute(seed, null);
            return null;
        }
        catch (Exception found) when (found is PromiseBrokenException or InvariantBrokenException)
        {
            return found.Message;
        }
    }

    private void Run(ulong seed)
    {
        try
        {
            Execute(seed, null);
        }
        catch (Exception)
        {
            var journal = new List<string>();
            string faults = ClusterFaults.Draw(new(seed)).ToString();
            try
            {
                Execute(seed, journal);
            }
            catch (Exception failure)
            {
                string tail = string.Join('\n', journal.TakeLast(Number("NINES_JOURNAL") ?? 80));
                throw new PromiseBrokenException($"seed={seed}\n{failure}\n{faults}\n{tail}\n"
                    + $"NINES_SEED={seed} dotnet test tests/Nines.Consensus.Tests --filter-class *ClusterTests");
            }

            throw;
        }
    }

    private Cluster Execute(ulong seed, List<string>? journal)
    {
        var cluster = new Cluster(seed, _seen, journal);
        cluster.RunWithFaults(400);
        cluster.Heal();
        cluster.RunUntilSettled();
        cluster.RunStable();
        if (seed % 4 == 0)
        {
            cluster.RunHungDisk();
            cluster.RunUntilSettled();
        }

        _seen["read"] = _seen.GetValueOrDefault("read") + cluster.Checker.ReadsAnswered;
        _seen["election"] = _seen.GetValueOrDefault("election") + cluster.Checker.Leaders;
        return cluster;
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), out int n) ? n : null;
}
