using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>Everything there is, read when all is quiet.</summary>
internal sealed class TableFinalReads(TableWorkload workload, TableCalls calls, Func<IReadOnlyList<StreamReader>> streams)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>All items of a table, by id.</summary>
    public async Task<SortedDictionary<string, Item>> ScanAsync(string table)
    {
        var items = new SortedDictionary<string, Item>(StringComparer.Ordinal);
        foreach (Item item in await ScanAsync(TableRequests.Scan(table)))
        {
            items.Add(item["id"]!.ToString()!, item);
        }

        return items;
    }

    /// <summary>All items that a scan gives, over all its pages.</summary>
    public async Task<List<Item>> ScanAsync(ScanRequest request)
    {
        var items = new List<Item>();
        do
        {
            PageResult page = await workload.InsistAsync(
                engine => engine.ScanAsync(request, workload.Call(timeout: Timeout)), static result => result.Error is null);
            items.AddRange(page.Items.Select(static encoded => TableRequests.Decode(encoded)!));
            request = request with { StartKey = page.LastKey };
        }
        while (request.StartKey is not null);
        return items;
    }

    /// <summary>All records of all streams.</summary>
    public async Task<IReadOnlyList<StreamReader>> ReadStreamsAsync()
    {
        IReadOnlyList<StreamReader> all = streams();
        foreach (StreamReader stream in all)
        {
            await stream.ReadToEndAsync();
        }

        return all;
    }

    /// <summary>Long enough for leaders to take over what coordinators left.</summary>
    public Task SettleAsync() => calls.PauseAsync(10_000_000);
}
