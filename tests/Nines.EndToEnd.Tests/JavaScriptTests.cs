using System.Text.Json;
using System.Text.Json.Serialization;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests;

/// <summary>The same as <see cref="KillAndPauseTests"/> with clients of the AWS SDK for JavaScript, in a process of their own.</summary>
public sealed class JavaScriptTests
{
    private const int Workers = 10;
    private const int FirstClient = 101;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNameCaseInsensitive = true, Converters = { new JsonStringEnumConverter() },
    };

    [Fact]
    public async Task Every_node_is_killed_and_paused_under_writers_of_the_javascript_sdk()
    {
        string script = JavaScript.PathOrSkip("workers.mjs");
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await SdkRegisters.CreateTableAsync(cluster.TablesUrls[0]);
        var faults = new Faults(cluster, RunLength.Down, RunLength.Paused);
        Child clients = Start(script, cluster);
        await using (clients)
        {
            await faults.RunAsync(RunLength.AtLeast);
            Assert.False(clients.HasEnded, clients.Text);
        }

        var recorder = new Recorder();
        foreach (string line in clients.Lines)
        {
            Assert.True(line.StartsWith('{'), line);
            recorder.Add(JsonSerializer.Deserialize<Observation>(line, Json)!);
        }

        await Report.AssertGoodAsync(cluster, recorder, faults);
    }

    private static Child Start(string script, LiveCluster cluster) => JavaScript.Start(
        script, new { nodes = cluster.TablesUrls, workers = Workers, firstClient = FirstClient, seed = 20_260_101 });
}
