using System.Globalization;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests;

/// <summary>
/// What the cluster is for: any node may be killed or paused at any moment, and no acknowledged write is lost, no strong read is
/// stale, no session goes back, and nothing is done twice.
/// </summary>
public sealed class KillAndPauseTests
{
    private const int SdkWorkers = 8;
    private const int SessionWorkers = 4;
    private const ulong Seed = 20_260_101;

    [Fact]
    public async Task Every_node_is_killed_and_paused_under_writers_of_the_net_sdk()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await SdkRegisters.CreateTableAsync(cluster.TablesUrls[0]);
        var recorder = new Recorder();
        var faults = new Faults(cluster, RunLength.Down, RunLength.Paused);
        using var stop = new CancellationTokenSource();
        List<IRegisters> clients = [];
        List<Task> workers = [];
        for (int w = 0; w < SdkWorkers + SessionWorkers; w++)
        {
            bool session = w >= SdkWorkers;
            IRegisters registers = session
                ? new SessionRegisters(cluster.TablesUrls, Seed + (ulong)w, TimeSpan.FromSeconds(20))
                : new SdkRegisters(cluster.TablesUrls, w % cluster.Plan.Count);
            clients.Add(registers);
            var worker = new Worker(w + 1, registers, session ? Mix.Session : Mix.Everything, session, recorder, Seed * (ulong)(w + 1));
            workers.Add(Task.Run(() => worker.RunAsync(stop.Token)));
        }

        try
        {
            await faults.RunAsync(RunLength.AtLeast);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(workers);
            clients.ForEach(c => c.Dispose());
        }

        await History.Report.AssertGoodAsync(cluster, recorder, faults);
    }
}

/// <summary>How long the runs with faults take: short in an ordinary test run, as long as the environment says in CI.</summary>
internal static class RunLength
{
    /// <summary>Seconds of faults; below 60 the pauses are shorter too.</summary>
    public const string Variable = "NINES_E2E_SECONDS";

    private const int Short = 20;
    private const int Full = 60;

    public static TimeSpan AtLeast { get; } = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out int seconds) ? seconds : Short);

    public static TimeSpan Paused { get; } = TimeSpan.FromSeconds(AtLeast.TotalSeconds < Full ? 2.5 : 5);

    public static TimeSpan Down { get; } = TimeSpan.FromSeconds(AtLeast.TotalSeconds < Full ? 1 : 2);
}
