using Nines.Tables.Engines;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>
/// Reads a shard as a client does: an iterator, a page, the next iterator, each through any node. It goes back now and then, and must
/// be given the same again.
/// </summary>
internal sealed class ShardReader(SimulatedCluster cluster, TableWorkload workload, TableCalls calls, StreamName stream, string shardId)
{
    private const string Name = "streams";

    private ShardIterator? _iterator;
    private int _at;

    public ShardLog Log { get; } = new(shardId);

    /// <summary>Reads a page; null when there was no answer. Otherwise whether that was all there is.</summary>
    public async Task<bool?> ReadAsync(int limit)
    {
        if (_iterator is null && !await OpenAsync())
        {
            return null;
        }

        long asked = cluster.World.NowUs;
        var request = new GetRecordsRequest(_iterator!, limit);
        CallEnd<RecordsResult> end = await calls.SendAsync(
            calls.AnyNode(), workload.Timeout, engine => engine.GetRecordsAsync(request, workload.Call()));
        if (end.Result is not { } page || IsRefused(page.Error))
        {
            return null;
        }

        foreach (PlacedRecord record in page.Records)
        {
            Take(record);
        }

        if (page.Next is null)
        {
            cluster.Findings.Add('H', Name, $"{stream.TableName} {shardId} ended, and its stream is on");
        }

        _iterator = page.Next;
        bool isAll = page.Records.Count < limit && page.Records.Sum(static record => (long)record.Record.Length) < StreamQuery.BytesMax / 2;
        if (isAll)
        {
            Log.Ends.Add((asked, _at));
        }

        return isAll;
    }

    /// <summary>Reads again from an older place.</summary>
    public void GoBack(int records)
    {
        _at = Math.Max(0, _at - records);
        _iterator = null;
    }

    private async Task<bool> OpenAsync()
    {
        ShardIteratorRequest request = _at == 0
            ? new ShardIteratorRequest(stream, shardId, ShardIteratorType.TrimHorizon, default)
            : new ShardIteratorRequest(stream, shardId, ShardIteratorType.AfterSequenceNumber, Log.Entries[_at - 1].Place);
        CallEnd<ShardIteratorResult> end = await calls.SendAsync(
            calls.AnyNode(), workload.Timeout, engine => engine.GetShardIteratorAsync(request, workload.Call()));
        _iterator = end.Result is { } result && !IsRefused(result.Error) ? result.Iterator : null;
        return _iterator is not null;
    }

    /// <summary>A node whose clock is far ahead takes an iterator for expired; another is got. Everything else that is final is wrong.</summary>
    private bool IsRefused(TableError? error)
    {
        if (error is null)
        {
            return false;
        }

        bool mayExpire = cluster.WallSpreadMs + cluster.World.NowMs > ShardIterator.LifetimeMs;
        if (error == TableError.ExpiredIterator() && mayExpire)
        {
            _iterator = null;
        }
        else if (error.Status == 400)
        {
            cluster.Findings.Add('E', Name, $"{stream.TableName} {shardId}: {error.Type} {error.Message}");
        }

        return true;
    }

    private void Take(PlacedRecord placed)
    {
        if (_at < Log.Entries.Count)
        {
            if (!Log.Entries[_at].IsSameAs(placed))
            {
                cluster.Findings.Add('F', Name, $"{shardId} gave {placed.Place.Text} where it gave this before: {Log.Entries[_at]}");
            }
        }
        else if (StreamEntry.TryRead(stream.TableName, placed) is not { } entry)
        {
            cluster.Findings.Add('C', Name, $"{shardId} has what is no record at {placed.Place.Text}");
            return;
        }
        else
        {
            Log.Entries.Add(entry);
            if (entry.Record.TimeMs > cluster.LatestWallMs)
            {
                cluster.Findings.Add('F', Name, $"no clock ever was at {entry.Record.TimeMs}, the time of {entry}");
            }
        }

        _at++;
    }
}
