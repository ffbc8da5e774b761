using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Throughput;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines.Throughput;

/// <summary>
/// What a table and each of its global indexes have left on this node. Local indexes draw on the table. A request is let in while there is
/// anything, pays the least it can cost at once, and the rest when that is known. Any thread may call.
/// </summary>
internal sealed class TableThroughput
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly int _nodes;
    private Meter[] _meters;

    public TableThroughput(TableDescription row, TimeProvider time, int nodes)
    {
        _time = time;
        _began = time.GetTimestamp();
        _nodes = nodes;
        TableId = row.Id;
        _meters = MetersOf(row, []);
    }

    public ulong TableId { get; }

    private long NowMs => (long)_time.GetElapsedTime(_began).TotalMilliseconds;

    /// <summary>The table's meter comes first, under the id zero; then those of its global indexes.</summary>
    private record struct Meter(ulong IndexId, TokenBucket Reads, TokenBucket Writes);

    /// <summary>Takes over the rates of a row.</summary>
    public void Update(TableDescription row)
    {
        lock (_lock)
        {
            _meters = MetersOf(row, _meters);
        }
    }

    /// <summary>Why a read of the table, or of a global index, is not let in now; null: it is.</summary>
    /// <param name="indexId">Zero for the table and its local indexes.</param>
    public TableError? CheckRead(ulong indexId)
    {
        lock (_lock)
        {
            return PlaceOf(indexId) is var at and >= 0 && !_meters[at].Reads.At(NowMs).IsOpen
                ? TableError.ThroughputExceeded(ofIndexes: indexId != 0)
                : null;
        }
    }

    /// <summary>
    /// Why a write is not let in now; null: it is. Which indexes it would change is not known before, so that any of them which
    /// has nothing left keeps it out.
    /// </summary>
    public TableError? CheckWrite()
    {
        lock (_lock)
        {
            long now = NowMs;
            for (int i = 0; i < _meters.Length; i++)
            {
                if (!_meters[i].Writes.At(now).IsOpen)
                {
                    return TableError.ThroughputExceeded(ofIndexes: i > 0);
                }
            }

            return null;
        }
    }

    /// <summary>Lets a read in, which pays this much at once, or says why not.</summary>
    public TableError? BeginRead(ulong indexId, decimal least)
    {
        lock (_lock)
        {
            TableError? exceeded = CheckRead(indexId);
            if (exceeded is null)
            {
                TakeRead(indexId, least);
            }

            return exceeded;
        }
    }

    /// <summary>Lets a write in, which pays this much at once, or says why not.</summary>
    public TableError? BeginWrite(decimal least)
    {
        lock (_lock)
        {
            TableError? exceeded = CheckWrite();
            if (exceeded is null)
            {
                TakeWrite(0, least);
            }

            return exceeded;
        }
    }

    /// <summary>Units were read. An index that this node does not know of yet costs nothing.</summary>
    public void TakeRead(ulong indexId, decimal units)
    {
        lock (_lock)
        {
            if (PlaceOf(indexId) is var at and >= 0)
            {
                _meters[at].Reads = _meters[at].Reads.At(NowMs).Take(Share(units));
            }
        }
    }

    /// <summary>Units were written.</summary>
    public void TakeWrite(ulong indexId, decimal units)
    {
        lock (_lock)
        {
            if (PlaceOf(indexId) is var at and >= 0)
            {
                _meters[at].Writes = _meters[at].Writes.At(NowMs).Take(Share(units));
            }
        }
    }

    /// <summary>What a write cost in indexes. <paramref name="times"/> is 2 in a transaction.</summary>
    public void TakeIndexWrites(TableSchema schema, IReadOnlyList<IndexCost> costs, int times = 1)
    {
        for (int i = 0; i < costs.Count; i++)
        {
            bool isLocal = schema.Shape.IndexOf(costs[i].IndexId) is { IsGlobal: false };
            TakeWrite(isLocal ? 0 : costs[i].IndexId, times * costs[i].Units);
        }
    }

    /// <summary>A unit consumed here is one for every node that shares the rate: the same as a bucket that fills with this node's share.</summary>
    private long Share(decimal units) => (long)(units * TokenBucket.Unit) * _nodes;

    private int PlaceOf(ulong indexId)
    {
        int at = 0;
        while (at < _meters.Length && _meters[at].IndexId != indexId)
        {
            at++;
        }

        return at < _meters.Length ? at : -1;
    }

    private Meter[] MetersOf(TableDescription row, Meter[] known)
    {
        long now = NowMs;
        var meters = new List<Meter> { MeterOf(0, new CapacityUnits(row.ReadCapacityUnits, row.WriteCapacityUnits)) };
        foreach (TableIndex index in row.Indexes)
        {
            if (index.Shape.IsGlobal && index.Status != IndexStatus.Deleting)
            {
                meters.Add(MeterOf(index.Shape.Id, index.Units));
            }
        }

        return [.. meters];

        Meter MeterOf(ulong id, CapacityUnits units)
        {
            int at = Array.FindIndex(known, meter => meter.IndexId == id);
            return at < 0
                ? new Meter(id, TokenBucket.New(units.Read, now), TokenBucket.New(units.Write, now))
                : new Meter(id, known[at].Reads.WithRate(units.Read, now), known[at].Writes.WithRate(units.Write, now));
        }
    }
}
