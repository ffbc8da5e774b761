using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>The end of a world with tables: when all is quiet, every client has its answer, nothing is locked, and all is as it must be.</summary>
internal sealed class TablesPhase(SimulatedCluster cluster, TableWorkload workload)
{
    private const long BoundUs = 120_000_000;
    private const long PollUs = 250_000;

    public void Run()
    {
        // Clients that wait for a node which stays away wait no longer than their timeouts.
        if (!RunUntilIdle("clients of tables still wait"))
        {
            return;
        }

        workload.Finally(ReadAsync);
        RunUntilIdle("the last reads of tables are not answered");
    }

    private async Task ReadAsync(TableFinalReads reads)
    {
        long dueMs = Running.Min(static host => host.WallClockMs);
        await reads.SettleAsync();
        await workload.TransferInQuietAsync();
        await reads.SettleAsync();
        ExpiryCheck.CheckLeft(await reads.ScanAsync(TableRequests.Scan(TableRequests.Things)), dueMs, cluster.Findings);

        // From here on nothing changes any more.
        await workload.SwitchExpiryAsync(isOn: false);
        await reads.SettleAsync();
        SortedDictionary<string, Item> accounts = await reads.ScanAsync(TableRequests.Accounts);
        SortedDictionary<string, Item> lists = await reads.ScanAsync(TableRequests.Lists);
        List<Item> things = await reads.ScanAsync(TableRequests.Scan(TableRequests.Things));
        BankCheck.Check(workload, accounts, cluster.Findings);
        IndexCheck.Check("global", things, await reads.ScanAsync(ThingRequests.ScanIndex("global")), cluster.Findings);
        IndexCheck.Check("local", things, await reads.ScanAsync(ThingRequests.ScanIndex("local")), cluster.Findings);
        var values = new SortedDictionary<string, long[]>(lists.ToDictionary(static l => l.Key, static l => TableRequests.Values(l.Value)), StringComparer.Ordinal);
        SerializabilityCheck.Check(workload.History, values, cluster.Findings);
        foreach (SimulatedHost host in Running)
        {
            LockCheck.Check(host, cluster.Findings);
        }

        if (workload.KeepsRecords)
        {
            CheckStreams(await reads.ReadStreamsAsync(), [accounts.Values, lists.Values, things]);
        }
    }

    private void CheckStreams(IReadOnlyList<StreamReader> streams, IReadOnlyList<IReadOnlyCollection<Item>> tables)
    {
        workload.Note(streams);
        foreach ((StreamReader stream, IReadOnlyCollection<Item> items) in streams.Zip(tables))
        {
            StreamCheck.Check(stream.Shards, items.ToDictionary(item => StreamEntry.KeyOf(stream.Table, item)), cluster.Findings);
            ExpiryCheck.CheckGone(stream.Shards, cluster.Findings);
        }

        StreamHistoryCheck.Check(workload.Writes, streams.SelectMany(static stream => stream.Shards), cluster.Findings);
        foreach ((StreamReader consumer, StreamReader stream) in workload.Consumers.Zip(streams))
        {
            ConsumerCheck.Check(consumer.Shards, stream.Shards, workload.Writes, cluster.Findings);
        }
    }

    private IEnumerable<SimulatedHost> Running => cluster.Hosts.Where(static h => h.IsRunning && !h.IsRetired);

    private bool RunUntilIdle(string otherwise)
    {
        SimulatedWorld world = cluster.World;
        long until = world.NowUs + BoundUs;
        while (!workload.IsIdle && !cluster.Findings.Any)
        {
            if (world.NowUs >= until)
            {
                cluster.Findings.Add('N', "tables", otherwise);
                return false;
            }

            world.RunUntil(world.NowUs + PollUs);
        }

        return !cluster.Findings.Any;
    }
}
