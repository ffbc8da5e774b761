using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model;
using Nines.Tables.Model.Requests;

namespace Nines.Simulation.Tables;

/// <summary>Reads a table's stream: found by name, shard by shard.</summary>
internal sealed class StreamReader(SimulatedCluster cluster, TableWorkload workload, TableCalls calls, Prng random, string table)
{
    private const int ShardsAtOnce = 3;
    private const int PageMax = 100;
    private const double PauseMeanUs = 400_000;

    private readonly List<ShardReader> _shards = [];

    public string Table => table;

    public IReadOnlyList<ShardLog> Shards => [.. _shards.Select(static shard => shard.Log)];

    /// <summary>Finds the stream and its shards, in pages.</summary>
    public async Task OpenAsync()
    {
        StreamListResult list = await workload.InsistAsync(
            engine => engine.ListStreamsAsync(new ListStreamsRequest(table, null, PageMax), workload.Call()), static result => result.Error is null);
        if (list.Streams.Count != 1)
        {
            cluster.Findings.Add('H', "streams", $"{table} has one stream, and {list.Streams.Count} are listed");
            return;
        }

        var name = new StreamName(table, CivilTime.Label(list.Streams[0].CreatedMs), $"the stream of {table}");
        bool more;
        do
        {
            var request = new DescribeStreamRequest(name, _shards.Count == 0 ? null : _shards[^1].Log.ShardId, ShardsAtOnce, null);
            StreamResult page = await workload.InsistAsync(
                engine => engine.DescribeStreamAsync(request, workload.Call()), static result => result.Error is null);
            _shards.AddRange(page.Shards.Select(
                shard => new ShardReader(cluster, workload, calls, name, StreamIds.ShardId(shard.Name))));
            more = page.More && page.Shards.Count > 0;
        }
        while (more);
    }

    /// <summary>Follows the stream, here a page and there a page, now and then from an older place again.</summary>
    public async Task FollowAsync(Func<bool> isOpen)
    {
        await OpenAsync();
        while (isOpen() && _shards.Count > 0)
        {
            ShardReader shard = random.Pick(_shards);
            if (random.Chance(0.05))
            {
                shard.GoBack(random.Between(1, 20));
            }

            await shard.ReadAsync(random.Chance(0.5) ? random.Between(1, 5) : PageMax);
            await calls.PauseAsync(1 + (long)random.Exponential(PauseMeanUs));
        }
    }

    /// <summary>Reads all there is.</summary>
    public async Task ReadToEndAsync()
    {
        await OpenAsync();
        foreach (ShardReader shard in _shards)
        {
            while (await shard.ReadAsync(PageMax) != true && !cluster.Findings.Any)
            {
                await calls.PauseAsync(1 + (long)random.Exponential(PauseMeanUs / 100));
            }
        }
    }
}
