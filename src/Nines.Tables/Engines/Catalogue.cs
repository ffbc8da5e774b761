using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Engines.Throughput;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Engines;

/// <summary>
/// The schemas of active tables, by name, as far as this node has needed them. An entry may be old and is used all the same:
/// every item operation names the table's id, and the item's own group refuses ids that were dropped, upon which the entry is
/// corrected by a strong read of the control group. So items are served on while the control group is away. A table is never
/// called missing because it is missing here: only a strong read says so.
/// </summary>
/// <param name="replicated">Where the control group is.</param>
/// <param name="time">Tells how old entries are.</param>
/// <param name="throughput">Is told the rates of tables whenever they are read; null when nothing is held to them.</param>
internal sealed class Catalogue(IReplicated replicated, TimeProvider time, ProvisionedThroughput? throughput)
{
    private readonly TimeSpan _freshFor = throughput is null ? TimeSpan.FromSeconds(30) : RatesFreshFor;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Where tables are held to rates, a change of one that went through another node is to be known soon.</summary>
    private static readonly TimeSpan RatesFreshFor = TimeSpan.FromSeconds(1);

    private sealed record Entry(TableSchema Schema, long ReadAt);

    public readonly record struct Found(TableSchema? Schema, TableError? Error, Certificate Certificate);

    /// <summary>The schema when this node knows it and has no reason to ask.</summary>
    public TableSchema? Known(string name) =>
        _entries.TryGetValue(name, out Entry? entry) && time.GetElapsedTime(entry.ReadAt) < _freshFor ? entry.Schema : null;

    /// <summary>The schema from here, or from the control group.</summary>
    public async ValueTask<Found> FindAsync(string name, Deadline deadline)
    {
        if (!_entries.TryGetValue(name, out Entry? old))
        {
            return await ReadAsync(name, deadline);
        }

        // An entry past its time is read again without waiting for anybody; whatever comes of it, there is a schema to go on with.
        Answer answer = await DescribeAsync(name, Consistency.Eventual, deadline);
        TableDescription? row = answer.IsDone ? TableAnswer.TryReadRow(answer.Body.Span) : null;
        bool isNewer = row is { TakesItems: true }
            && (row.Id > old.Schema.Id || (row.Id == old.Schema.Id && row.Revision >= old.Schema.Shape.Revision));
        if (isNewer)
        {
            throughput?.Learn(row!);
        }

        TableSchema schema = isNewer ? row!.Schema : old.Schema;
        Remember(schema);
        return new Found(schema, null, Certificate.Refused);
    }

    /// <summary>The schema by a strong read of the control group, which also corrects what this node remembers.</summary>
    public async ValueTask<Found> ReadAsync(string name, Deadline deadline)
    {
        Answer answer = await DescribeAsync(name, Consistency.Strong, deadline);
        Certificate certificate = Certificate.Of(answer);
        if (Outcomes.ErrorOf(answer) is { } error)
        {
            return new Found(null, error, certificate);
        }

        TableDescription? row = TableAnswer.TryReadRow(answer.Body.Span);
        if (row is { TakesItems: true })
        {
            Remember(row.Schema);
            throughput?.Learn(row);
            return new Found(row.Schema, null, certificate);
        }

        Forget(name);
        return new Found(null, TableError.ResourceNotFound(), certificate with { Outcome = Outcome.NotDone });
    }

    public void Forget(string name)
    {
        _entries.TryRemove(name, out _);
        throughput?.Forget(name);
    }

    private ValueTask<Answer> DescribeAsync(string name, Consistency consistency, Deadline deadline)
    {
        var query = new ByteBuffer(64);
        TableCommand.DescribeTable(query, name);
        return replicated.ReadAsync(
            GroupId.Control, TablesMachine.MachineId, consistency, LogIndex.Zero, query.WrittenMemory, deadline.Left);
    }

    private void Remember(TableSchema schema)
    {
        // Names come from the catalogue, which is bounded; tables that were deleted meanwhile make room when it overflows.
        if (_entries.Count >= 2 * TableDescription.MaxTables)
        {
            _entries.Clear();
        }

        _entries[schema.Name] = new Entry(schema, time.GetTimestamp());
    }
}
