using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>Everything there is, read when all is quiet.</summary>
internal sealed class TableFinalReads(TableWorkload workload, TableCalls calls)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>All items of a table, by id.</summary>
    public async Task<SortedDictionary<string, Item>> ScanAsync(string table)
    {
        var items = new SortedDictionary<string, Item>(StringComparer.Ordinal);
        ScanRequest request = TableRequests.Scan(table);
        Item? last;
        do
        {
            PageResult page = await workload.InsistAsync(
                engine => engine.ScanAsync(request, workload.Call(timeout: Timeout)), static result => result.Error is null);
            foreach (ReadOnlyMemory<byte> encoded in page.Items)
            {
                Item item = TableRequests.Decode(encoded)!;
                items.Add(item["id"]!.ToString()!, item);
            }

            last = page.LastKey;
            request = request with { StartKey = last };
        }
        while (last is not null);
        return items;
    }

    /// <summary>Long enough for leaders to take over what coordinators left.</summary>
    public Task SettleAsync() => calls.PauseAsync(10_000_000);
}
