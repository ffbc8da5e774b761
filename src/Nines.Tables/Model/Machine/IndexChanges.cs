using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// What becomes of a table's global indexes in the catalogue. An index that is added is CREATING until it is filled, one that goes is
/// DELETING until its entries are deleted; a change of capacity is done at once, and the answer still shows what was before.
/// </summary>
internal static class IndexChanges
{
    private const string Invalid = "One or more parameter values were invalid: ";
    private const string Exceeded = "Subscriber limit exceeded: ";
    private const string InUse = "Attempt to change a resource which is still in use: ";

    /// <summary>An index of CreateTable as it is stored at first. A local one is whole from the first item on.</summary>
    public static TableIndex Numbered(TableIndex index, LogIndex command, int ordinal) => index with
    {
        Shape = index.Shape with { Id = IndexShape.IdOf(command, ordinal) },
        Status = index.Shape.IsGlobal ? IndexStatus.Creating : IndexStatus.Active,
    };

    /// <summary>The indexes of a table that was just created: there is nothing to fill in.</summary>
    public static IReadOnlyList<TableIndex> AllActive(IReadOnlyList<TableIndex> indexes) =>
        indexes.Count == 0 ? indexes : [.. indexes.Select(static i => i with { Status = IndexStatus.Active })];

    /// <summary>Adds to an update what it does to indexes; false: the update is refused.</summary>
    public static bool TryApply(
        TableDescription row,
        TableUpdate update,
        LogIndex position,
        long nowMs,
        ref (TableDescription Changed, TableDescription Shown) applied,
        out TableError? error)
    {
        error = CheckBilling(row, update) ?? CheckOnline(row, update);
        if (error is not null)
        {
            return false;
        }

        var change = new Change(row, applied.Changed, position, nowMs, update);
        foreach (IndexChange one in update.Indexes)
        {
            error = change.Take(one);
            if (error is not null)
            {
                return false;
            }
        }

        if (update.Billing == BillingMode.PayPerRequest && row.Billing != BillingMode.PayPerRequest)
        {
            change.ClearUnits();
        }

        applied = (change.Changed(), change.Shown(applied.Shown));
        return true;
    }

    /// <summary>
    /// SettleIndex: an index that is filled becomes ACTIVE, one whose entries are deleted goes from the row. Does nothing for an index
    /// of another id or state, so that whoever carries an index on may do so twice, late, or beside others.
    /// </summary>
    public static void Settle(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        string name = command.Text();
        ulong indexId = command.Varint();
        byte isRemoval = command.Byte();
        if (!command.IsComplete || isRemoval > 1)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        TableAnswer.Write(answer, AnswerStatus.Done);
        IndexStatus from = isRemoval == 1 ? IndexStatus.Deleting : IndexStatus.Creating;
        if (CatalogueRules.Find(name, state) is not { Status: TableStatus.Active } row || row.Id != tableId
            || row.Indexes.FirstOrDefault(i => i.Shape.Id == indexId && i.Status == from) is not { } index)
        {
            return;
        }

        CatalogueRules.Store(isRemoval == 1 ? Without(row, index) : row with { Indexes = With(row.Indexes, index, index with { Status = IndexStatus.Active }) }, state);
    }

    /// <summary>The row without an index, and without the definitions of attributes that no key uses any more.</summary>
    private static TableDescription Without(TableDescription row, TableIndex index)
    {
        TableIndex[] left = [.. row.Indexes.Where(i => i.Shape.Id != index.Shape.Id)];
        var used = new HashSet<string>(StringComparer.Ordinal) { row.Hash.Name, row.Range?.Name ?? row.Hash.Name };
        foreach (TableIndex other in left)
        {
            used.Add(other.Shape.Hash.Name);
            used.Add(other.Shape.Range?.Name ?? other.Shape.Hash.Name);
        }

        // The order of what is left of a table without indexes is kept in another way.
        IReadOnlyList<KeyAttribute> attributes = [.. row.Attributes.Where(a => used.Contains(a.Name))];
        return left.Length == 0
            ? row with { Indexes = [], Attributes = [], RangeDefinedFirst = row.Range is { } range && attributes[0] == range }
            : row with { Indexes = left, Attributes = attributes };
    }

    private static IReadOnlyList<TableIndex> With(IReadOnlyList<TableIndex> indexes, TableIndex old, TableIndex updated) =>
        [.. indexes.Select(i => ReferenceEquals(i, old) ? updated : i)];

    private static TableError? CheckBilling(TableDescription row, TableUpdate update)
    {
        if (update.Billing != BillingMode.Provisioned || row.Billing == BillingMode.Provisioned)
        {
            return null;
        }

        string[] left = [.. row.Indexes
            .Where(i => i.Shape.IsGlobal && i.Status != IndexStatus.Deleting && !update.Indexes.Any(c => c.Name == i.Shape.Name))
            .Select(static i => i.Shape.Name)];
        return left.Length == 0
            ? null
            : TableError.Validation($"{Invalid}ProvisionedThroughput must be specified for index: {string.Join(",", left)}");
    }

    /// <summary>One index comes or goes at a time. One that is coming may be given up.</summary>
    private static TableError? CheckOnline(TableDescription row, TableUpdate update)
    {
        IndexChange[] online = [.. update.Indexes.Where(static c => !c.IsUpdate)];
        bool isOther = online.Length == 1 && row.Indexes.Any(
            i => i.IsPending && !(online[0].IsRemoval && i.Shape.Name == online[0].Name));
        return online.Length > 1 || isOther
            ? TableError.LimitExceeded(Exceeded + "Only 1 online index can be created or deleted simultaneously per table")
            : null;
    }

    /// <summary>An update while it is applied, change by change.</summary>
    private sealed class Change(TableDescription row, TableDescription updated, LogIndex position, long nowMs, TableUpdate update)
    {
        private readonly List<TableIndex> _changed = [.. row.Indexes];
        private readonly List<TableIndex> _shown = [.. row.Indexes];
        private IReadOnlyList<KeyAttribute> _attributes = row.Attributes;
        private bool _isStructural;

        private bool IsPerRequest => updated.Billing == BillingMode.PayPerRequest;

        public TableError? Take(IndexChange one)
        {
            int at = _changed.FindIndex(i => i.Shape.Name == one.Name);
            if (one.Added is { } added)
            {
                return at >= 0 ? TableError.Validation("Attempting to create an index which already exists") : Add(one, added);
            }

            if (at < 0)
            {
                return TableError.ResourceNotFound($"Requested resource not found: Index {one.Name} for table {row.Name}");
            }

            if (!_changed[at].Shape.IsGlobal)
            {
                return TableError.Validation(
                    $"Cannot {(one.IsRemoval ? "delete" : "update")} an index that is not a GlobalSecondaryIndex: {one.Name}");
            }

            if (_changed[at].Status == IndexStatus.Deleting)
            {
                return TableError.ResourceInUse($"{InUse}Index is being deleted.  Table: {row.Name} Index: {one.Name}");
            }

            return one.IsRemoval ? Remove(at) : SetUnits(at, one);
        }

        public void ClearUnits()
        {
            for (int i = 0; i < _changed.Count; i++)
            {
                _changed[i] = _changed[i] with { Units = default };
                _shown[i] = _shown[i] with { Units = default };
            }
        }

        private ulong Revision => _isStructural ? (ulong)position.Value : row.Revision;

        public TableDescription Changed() => updated with
        {
            Indexes = _changed,
            Attributes = _changed.Count == 0 ? [] : _attributes,
            Revision = Revision,
        };

        /// <summary>What the answer has is also what the node that asked carries on.</summary>
        public TableDescription Shown(TableDescription shown) => shown with
        {
            Indexes = _shown,
            Attributes = _shown.Count == 0 ? [] : _attributes,
            Revision = Revision,
        };

        private TableError? Add(IndexChange one, IndexShape added)
        {
            TableError? error = CheckAdded(one, added);
            if (error is not null)
            {
                return error;
            }

            var index = new TableIndex(added with { Id = IndexShape.IdOf(position, 0) })
            {
                Status = IndexStatus.Creating,
                Units = one.Units ?? default,
            };
            _changed.Add(index);
            _shown.Add(index);
            KeyAttribute[] keys = added.Range is { } range ? [added.Hash, range] : [added.Hash];
            _attributes = [.. _attributes, .. update.Attributes.Where(a => keys.Contains(a) && !_attributes.Contains(a)).Distinct()];
            _isStructural = true;
            return null;
        }

        private TableError? CheckAdded(IndexChange one, IndexShape added)
        {
            if (_changed.Count(static i => i.Shape.IsGlobal) >= TableIndex.GlobalMax)
            {
                return TableError.LimitExceeded($"{Exceeded}GlobalSecondaryIndex count exceeds the per-table limit of {TableIndex.GlobalMax}");
            }

            if (IsPerRequest && one.Units is not null)
            {
                return TableError.Validation(
                    $"{Invalid}ProvisionedThroughput should not be specified for index: {one.Name} when BillingMode is PAY_PER_REQUEST");
            }

            if (!IsPerRequest && one.Units is null)
            {
                return TableError.Validation($"{Invalid}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {one.Name}");
            }

            if (_changed.Sum(static i => i.Shape.Included.Count) + added.Included.Count > TableIndex.IncludedMax)
            {
                return TableError.LimitExceeded($"{Exceeded}Number of NonKeyAttributes in all indexes exceeds the per-table limit of {TableIndex.IncludedMax}");
            }

            return CheckType(added.Hash, "HASH") ?? (added.Range is { } range ? CheckType(range, "RANGE") : null);
        }

        private TableError? CheckType(KeyAttribute key, string keyType)
        {
            KeyAttribute known = _attributes.FirstOrDefault(a => a.Name == key.Name);
            return known == default || known.Type == key.Type ? null : TableError.Validation(
                Invalid + "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
                + $"Existing schema: Schema:[SchemaElement: key{{{known.Name}:{known.Type.Code()}:{keyType}}}] "
                + $"New schema: Schema:[SchemaElement: key{{{key.Name}:{key.Type.Code()}:{keyType}}}]");
        }

        private TableError? Remove(int at)
        {
            _changed[at] = _changed[at] with { Status = IndexStatus.Deleting };
            _shown[at] = _changed[at];
            _isStructural = true;
            return null;
        }

        private TableError? SetUnits(int at, IndexChange one)
        {
            if (IsPerRequest || one.Units is not { } units)
            {
                return TableError.Validation(
                    $"{Invalid}The only Updates for index: {one.Name} when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput");
            }

            TableIndex index = _changed[at];
            TableDescription asTable = row with
            {
                ReadCapacityUnits = index.Units.Read,
                WriteCapacityUnits = index.Units.Write,
                Throughput = index.Throughput,
            };
            TableError? error = TableUpdates.CheckThroughput(asTable, units, nowMs);
            bool increased = units.Read > index.Units.Read || units.Write > index.Units.Write;
            _changed[at] = index with
            {
                Units = units,
                Throughput = index.Throughput.Add(increased, TableUpdates.IsDecrease(asTable, units), nowMs),
            };
            _shown[at] = index with { Status = index.Status == IndexStatus.Creating ? IndexStatus.Creating : IndexStatus.Updating };
            return error;
        }
    }
}
