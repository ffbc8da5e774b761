using System.Globalization;
using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;

namespace Nines.Simulation.Tables;

/// <content>
/// Changes of what indexes and a stream have to follow, and of what expires. What becomes of them is seen in the end. Things are of two
/// kinds: some change with each put, others are always the same, so that most writes of them change nothing.
/// </content>
internal sealed partial class TableWorkload
{
    private const double SameShare = 0.3;
    private const double ExpiringShare = 0.6;

    /// <summary>Everything ever begun that may have left a record in a stream, by number.</summary>
    public SortedDictionary<long, TableOperation> Writes { get; } = [];

    private Task ChangeThingAsync() => _random.Chance(SameShare) ? WriteSameAsync() : WriteAnotherAsync();

    private async Task WriteAnotherAsync()
    {
        string partition = $"p{_random.Below(4)}";
        string id = $"i{_random.Below(5)}";
        if (_random.Chance(0.2))
        {
            await DeleteThingAsync(partition, id);
            return;
        }

        bool areTwo = _random.Chance(0.2);
        TableOperation operation = NewWrite($"puts {partition} {id}", areTwo, [.. ThingRequests.Keys(areTwo ? ["p0", "p1"] : [partition], id)]);
        string? group = _random.Chance(0.2) ? null : $"g{_random.Below(6)}";
        string item = ThingRequests.Another(group, _random.Below(10), operation.Number, DrawExpiry());
        if (areTwo)
        {
            await SendAsync(operation, ThingRequests.PutBoth(id, item, $"t{operation.Number}"));
        }
        else
        {
            await SendAsync(operation, ThingRequests.Put(partition, id, item));
        }
    }

    /// <summary>Writes an item as it mostly is already, in each way there is.</summary>
    private async Task WriteSameAsync()
    {
        string partition = $"p{_random.Below(2)}";
        string id = $"s{_random.Below(2)}";
        int how = _random.Below(10);
        TableOperation operation = NewWrite($"writes {partition} {id} again", isTransaction: how < 2, []);
        if (how < 2)
        {
            await SendAsync(operation, ThingRequests.PutBoth(id, ThingRequests.Same, $"t{operation.Number}"));
        }
        else
        {
            await SendAsync(operation, how switch
            {
                2 => ThingRequests.Delete(partition, id),
                < 6 => ThingRequests.UpdateSame(partition, id),
                _ => ThingRequests.Put(partition, id, ThingRequests.Same),
            });
        }
    }

    private async Task DeleteThingAsync(string partition, string id)
    {
        TableOperation operation = NewWrite($"deletes {partition} {id}", isTransaction: false, []);
        ItemResult? result = await SendAsync(operation, ThingRequests.Delete(partition, id));
        if (operation.IsDone && TableRequests.Decode(result!.Value.Item) is { } removed)
        {
            operation.Removed = (ThingRequests.Key(removed), TableRequests.Number(removed, "v"));
        }
    }

    /// <summary>When a thing expires, as JSON of an attribute: mostly soon by some machine's clock, or so far away that it never comes.</summary>
    private string? DrawExpiry()
    {
        const long Far = 4_000_000_000;
        if (!_random.Chance(ExpiringShare))
        {
            return null;
        }

        long now = _random.Pick([.. _cluster.Hosts]).WallClockMs / 1000;
        long second = _random.Chance(0.2) ? Far : now + _random.Between(-1, 8);
        string number = second.ToString(CultureInfo.InvariantCulture);

        // A time that is not a number is none.
        return _random.Chance(0.1) ? $$"""{"S":"{{number}}"}""" : $$"""{"N":"{{number}}"}""";
    }

    /// <summary>Items expire from some moment on, with those that are there already.</summary>
    private async Task BeginExpiryAsync()
    {
        await _calls.PauseAsync(1 + (long)_random.Exponential(ExpiryDelayMeanUs));
        await SwitchExpiryAsync(isOn: true);
    }

    /// <summary>Switches time to live on or off, and waits until every group knows.</summary>
    public async Task SwitchExpiryAsync(bool isOn)
    {
        var id = new UInt128(_random.Next(), _random.Next());
        TimeToLiveRequest request = ThingRequests.Expiry(isOn);
        string already = isOn ? "already enabled" : "already disabled";
        await InsistAsync(
            engine => engine.UpdateTimeToLiveAsync(request, Call(id)),
            result => result.Error is null || result.Error.Message.Contains(already, StringComparison.Ordinal));
        Nines.Tables.Model.Catalogue.TimeToLiveStatus wanted = isOn
            ? Nines.Tables.Model.Catalogue.TimeToLiveStatus.Enabled
            : Nines.Tables.Model.Catalogue.TimeToLiveStatus.Disabled;
        await InsistAsync(
            engine => engine.DescribeTableAsync(TableRequests.Things, Call()), result => result.Table?.TimeToLive?.Status == wanted);
    }

    private TableOperation NewWrite(string what, bool isTransaction, IReadOnlyList<string> keys)
    {
        TableOperation operation = NewOperation(what, []);
        return Writing(operation, isTransaction, keys);
    }

    /// <summary>An operation that leaves a record for each of the keys when it is done.</summary>
    private TableOperation Writing(TableOperation operation, bool isTransaction, IReadOnlyList<string> keys)
    {
        operation.IsTransaction = isTransaction;
        operation.Keys = keys;
        Writes.Add(operation.Number, operation);
        return operation;
    }

    private Task<ItemResult?> SendAsync(TableOperation operation, ItemRequest request)
    {
        var id = new UInt128(_random.Next(), _random.Next());
        return SendAsync(operation, engine => engine.ItemAsync(request, Call(id)), static r => (r.Error, r.Certificate.Outcome));
    }

    private Task<TransactWriteResult?> SendAsync(TableOperation operation, TransactWriteRequest request) =>
        SendAsync(operation, engine => engine.TransactWriteAsync(request, Call()), static r => (r.Error, r.Certificate.Outcome));
}
