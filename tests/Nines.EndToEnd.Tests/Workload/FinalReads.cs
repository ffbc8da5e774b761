using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;
using Nines.Kernel;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>After the faults, in quiet: every key from every node, strongly, and then from every replica until all agree.</summary>
internal static class FinalReads
{
    /// <summary>Replicas agree within so long after the last write; see docs/guarantees.md.</summary>
    private static readonly TimeSpan Converge = TimeSpan.FromSeconds(10);

    private const int FirstClient = 900;

    public static async Task<List<string>> RunAsync(LiveCluster cluster, Recorder recorder)
    {
        List<string> findings = [];
        Dictionary<string, long> strong = [];
        foreach (int node in cluster.Nodes)
        {
            using var registers = new SessionRegisters(cluster.TablesUrls, (ulong)node, Eventually.Patience) { Only = node - 1 };
            var reader = new Worker(FirstClient + node, registers, Mix.Session, inSession: true, recorder, (ulong)node);
            foreach (string key in Worker.RegisterKeys)
            {
                Observation read = await reader.ReadAsync(key, Consistency.Strong);
                Compare(findings, strong, key, read, $"n{node}");
            }

            foreach (string key in Worker.CounterKeys)
            {
                Reply read = await registers.GetAsync(key, Consistency.Strong);
                CounterCheck.CheckLast(recorder.All, key, read.Seen, $"n{node}", findings);
                strong[key] = read.Seen;
            }
        }

        foreach (int node in cluster.Nodes)
        {
            await ConvergesAsync(cluster, node, strong, findings);
        }

        return findings;
    }

    private static void Compare(List<string> findings, Dictionary<string, long> strong, string key, Observation read, string node)
    {
        if (read.End != End.Done || read.Node != node)
        {
            findings.Add($"the last strong read at {node} was not answered by it: {read}");
        }
        else if (!strong.TryAdd(key, read.Seen) && strong[key] != read.Seen)
        {
            findings.Add($"F: {key} is {strong[key]} at one node and {read.Seen} at {node}");
        }
    }

    private static async Task ConvergesAsync(LiveCluster cluster, int node, Dictionary<string, long> strong, List<string> findings)
    {
        using var registers = new SessionRegisters(cluster.TablesUrls, (ulong)node, Eventually.Patience) { Only = node - 1 };
        foreach ((string key, long value) in strong)
        {
            Reply? last = null;
            try
            {
                await Eventually.HoldsAsync(
                    async () => (last = await registers.GetAsync(key, Consistency.Eventual)) is { End: End.Done } && last.Seen == value,
                    () => "",
                    Converge);
            }
            catch (TimeoutException)
            {
                findings.Add($"N: n{node} still reads {last!.Seen} of {key} ({last.End} {last.Text}), the others {value}");
            }
        }
    }
}
