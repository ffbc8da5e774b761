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
        await reads.SettleAsync();
        await workload.TransferInQuietAsync();
        await reads.SettleAsync();
        BankCheck.Check(workload, await reads.ScanAsync(TableRequests.Accounts), cluster.Findings);
        var lists = new SortedDictionary<string, long[]>(StringComparer.Ordinal);
        foreach ((string id, Nines.Tables.Model.Values.Item item) in await reads.ScanAsync(TableRequests.Lists))
        {
            lists.Add(id, TableRequests.Values(item));
        }

        List<Nines.Tables.Model.Values.Item> things = await reads.ScanAsync(TableRequests.Scan(TableRequests.Things));
        IndexCheck.Check("global", things, await reads.ScanAsync(TableRequests.ScanIndex("global")), cluster.Findings);
        IndexCheck.Check("local", things, await reads.ScanAsync(TableRequests.ScanIndex("local")), cluster.Findings);
        SerializabilityCheck.Check(workload.History, lists, cluster.Findings);
        foreach (SimulatedHost host in cluster.Hosts.Where(static h => h.IsRunning && !h.IsRetired))
        {
            LockCheck.Check(host, cluster.Findings);
        }
    }

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
