using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;

namespace Nines.Simulation.Tables;

/// <content>Appends to lists, and readings of one or several.</content>
internal sealed partial class TableWorkload
{
    private async Task AppendToSeveralAsync()
    {
        string[] lists = [.. Lists.Where(_ => _random.Chance(0.5))];
        if (lists.Length == 0)
        {
            return;
        }

        TableOperation operation = NewOperation($"appends to {string.Join(" ", lists)}", lists);
        _history.Add(Writing(operation, isTransaction: true, [.. lists.Select(static list => $"{TableRequests.Lists}/{list}")]));
        TransactWriteRequest request = TableRequests.Append(lists, operation.Number, $"t{operation.Number}");
        await SendAsync(operation, request);
    }

    private async Task AppendToOneAsync()
    {
        string list = _random.Pick(Lists);
        TableOperation operation = NewOperation($"appends to and reads {list}", [list]);
        _history.Add(Writing(operation, isTransaction: false, [$"{TableRequests.Lists}/{list}"]));
        ItemRequest request = TableRequests.Append(list, operation.Number);
        ItemResult? result = await SendAsync(operation, request);
        if (operation.IsDone)
        {
            operation.Reads.Add(list, TableRequests.Values(TableRequests.Decode(result!.Value.Item)));
        }
    }

    private async Task ReadSeveralAsync()
    {
        string[] lists = [.. Lists.Where(_ => _random.Chance(0.6))];
        if (lists.Length == 0)
        {
            return;
        }

        TableOperation operation = NewOperation($"reads {string.Join(" ", lists)}", []);
        TransactGetRequest request = TableRequests.Get(TableRequests.Lists, lists);
        CallEnd<TransactGetResult> end = await _calls.SendAsync(
            _calls.AnyNode(), Timeout, engine => engine.TransactGetAsync(request, Call()));
        if (end.Result is { Error: null } read)
        {
            for (int i = 0; i < lists.Length; i++)
            {
                operation.Reads.Add(lists[i], TableRequests.Values(TableRequests.Decode(read.Items[i])));
            }

            Ended(operation, OperationEnd.Done);
            _history.Add(operation);
        }
    }

    private async Task ReadOneAsync()
    {
        string list = _random.Pick(Lists);
        TableOperation operation = NewOperation($"reads {list}", []);
        ItemRequest request = TableRequests.Get(TableRequests.Lists, list);
        CallEnd<ItemResult> end = await _calls.SendAsync(
            _calls.AnyNode(), Timeout, engine => engine.ItemAsync(request, Call()));
        if (end.Result is { Error: null } read)
        {
            operation.Reads.Add(list, TableRequests.Values(TableRequests.Decode(read.Item)));
            Ended(operation, OperationEnd.Done);
            _history.Add(operation);
        }
    }
}
