namespace Nines.Tables.Model.Requests;

/// <summary>The capacity that was consumed in an index.</summary>
public readonly record struct IndexUnits(string Name, bool IsGlobal, decimal Units);

/// <summary>The capacity that a batch consumed in a table and its indexes.</summary>
public readonly record struct TableUnits(string TableName, decimal Units, IReadOnlyList<IndexUnits> IndexUnits);
