using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests.History;

/// <summary>The end of a run with faults: final reads, checks, and the figures.</summary>
internal static class Report
{
    public static async Task AssertGoodAsync(LiveCluster cluster, Recorder recorder, Faults faults, int minReads = Verdict.MinReadsOfWrittenValues)
    {
        List<string> last = await FinalReads.RunAsync(cluster, recorder);
        IReadOnlyList<Observation> history = recorder.All;
        Verdict verdict = Verdict.Of(history, minReads);
        string gaps = string.Join('\n', faults.Gaps(history));
        Print($"{verdict}\n{gaps}");
        Assert.True(last.Count == 0, $"{string.Join('\n', last)}\n{verdict}\n{gaps}\n{cluster.Logs()}");
        verdict.AssertGood(() => $"{gaps}\n{cluster.Logs()}");
        Assert.All(cluster.Nodes, node => Assert.Contains(verdict.Nodes, n => n.StartsWith($"n{node}: ", StringComparison.Ordinal)));
    }

    /// <summary>To the test's own output and to the console, where somebody looks who runs the test by command.</summary>
    public static void Print(string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Console.WriteLine(text);
    }
}
