using System.Collections.Concurrent;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Engines.Throughput;

/// <summary>
/// Holds tables to their provisioned throughput, as far as they are used through this node (docs/decisions/0013). Knows the tables that the
/// node's catalogue knows; those that are paid per request are not held to anything.
/// </summary>
/// <param name="time">The clock that capacity comes with.</param>
/// <param name="nodes">How many nodes share what is provisioned, this one included.</param>
internal sealed class ProvisionedThroughput(TimeProvider time, int nodes)
{
    private readonly ConcurrentDictionary<string, TableThroughput> _tables = new(StringComparer.Ordinal);

    /// <summary>What a table has left; null: it is not held to anything.</summary>
    public TableThroughput? Of(TableSchema schema) =>
        _tables.TryGetValue(schema.Name, out TableThroughput? table) && table.TableId == schema.Id ? table : null;

    /// <summary>The catalogue has the row of a table: rates hold from now on.</summary>
    public void Learn(TableDescription row)
    {
        if (row.Billing == BillingMode.PayPerRequest)
        {
            Forget(row.Name);
        }
        else if (_tables.TryGetValue(row.Name, out TableThroughput? known) && known.TableId == row.Id)
        {
            known.Update(row);
        }
        else
        {
            Add(row);
        }
    }

    /// <summary>The table is gone.</summary>
    public void Forget(string name) => _tables.TryRemove(name, out _);

    private void Add(TableDescription row)
    {
        // Tables that were deleted through other nodes make room when there are too many, as in the catalogue.
        if (_tables.Count >= 2 * TableDescription.MaxTables)
        {
            _tables.Clear();
        }

        // Several requests may find the table at once; the first one's buckets are everybody's.
        TableThroughput added = _tables.GetOrAdd(row.Name, static (_, made) => made, new TableThroughput(row, time, nodes));
        if (added.TableId < row.Id)
        {
            _tables.TryUpdate(row.Name, new TableThroughput(row, time, nodes), added);
        }
    }
}
