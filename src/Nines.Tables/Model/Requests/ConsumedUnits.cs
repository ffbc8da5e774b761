namespace Nines.Tables.Model.Requests;

/// <summary>The capacity that was consumed in an index.</summary>
public readonly record struct IndexUnits(string Name, bool IsGlobal, decimal Units);

/// <summary>The capacity that was consumed in a table and its indexes.</summary>
public readonly record struct TableUnits(string TableName, decimal Units, IReadOnlyList<IndexUnits> IndexUnits)
{
    /// <summary>This and another of the same table, index by index.</summary>
    public TableUnits Add(TableUnits other) => this with
    {
        Units = Units + other.Units,
        IndexUnits = other.IndexUnits.Count == 0 ? IndexUnits :
        [
            .. IndexUnits.Concat(other.IndexUnits).GroupBy(static u => (u.Name, u.IsGlobal)).Select(
                static u => new IndexUnits(u.Key.Name, u.Key.IsGlobal, u.Sum(static one => one.Units))),
        ],
    };
}
