using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests;

/// <summary>A leader whose disk hangs gives up, others go on, and when the disk works again nothing acknowledged is missing.</summary>
public sealed class DiskHangTests
{
    /// <summary>The run lasts only as long as the hang.</summary>
    private const int MinReads = 100;

    private const int SdkWorkers = 6;
    private const int SessionWorkers = 3;
    private const ulong Seed = 20_260_607;

    [Fact]
    public async Task Writes_go_on_while_the_disk_of_a_leader_hangs_and_nothing_is_lost()
    {
        await using FreezableDisks disks = await FreezableDisks.MountOrSkipAsync();
        await using LiveCluster cluster = await LiveCluster.StartAsync(directory: disks.ClusterDirectory);
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

        List<int> processes = [.. cluster.Nodes.Select(n => cluster.Process(n).Id)];
        try
        {
            await faults.HangDiskAsync(disks);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(workers);
            clients.ForEach(c => c.Dispose());
        }

        // A disk that comes back needs nobody to start anything again.
        Assert.Equal(processes, cluster.Nodes.Select(n => cluster.Process(n).Id));
        await History.Report.AssertGoodAsync(cluster, recorder, faults, MinReads);
        Assert.InRange(Faults.WorstGapMs(faults.Blows.Single(), recorder.All), 1, (long)Faults.Hang.TotalMilliseconds * 9 / 10);
    }
}
