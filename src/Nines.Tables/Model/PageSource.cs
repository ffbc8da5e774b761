using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model;

/// <summary>What a Query or Scan reads: a table, or one of its indexes.</summary>
/// <param name="Schema">The table.</param>
/// <param name="Index">The index; null: the table itself.</param>
public sealed record PageSource(TableSchema Schema, IndexShape? Index)
{
    /// <summary>The partition key that conditions are on.</summary>
    public KeyAttribute Hash => Index?.Hash ?? Schema.Hash;

    /// <summary>The sort key that conditions may be on.</summary>
    public KeyAttribute? Range => Index is null ? Schema.Range : Index.Range;

    /// <summary>The names of the attributes that conditions may be on, the partition key first.</summary>
    public string[] ConditionNames => Range is { } range ? [Hash.Name, range.Name] : [Hash.Name];

    /// <summary>The names of the attributes that say where a page ended: the table's keys, then those of the index.</summary>
    public string[] KeyNames => [.. TableKeyNames.Concat(ConditionNames).Distinct(StringComparer.Ordinal)];

    /// <summary>The names of the table's key attributes, the partition key first.</summary>
    public string[] TableKeyNames => Schema.Range is { } range ? [Schema.Hash.Name, range.Name] : [Schema.Hash.Name];

    /// <summary>Whether what is read has an attribute at all, when the item has it.</summary>
    public bool Shows(string attribute) => Index is null || Index.Shows(attribute) || Array.IndexOf(TableKeyNames, attribute) >= 0;

    /// <summary>
    /// The whole item has to be read from the table for each entry of a local index: something was asked for that the index lacks.
    /// </summary>
    public bool Fetches(PageRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Index is { IsGlobal: false } && Index.Projection != ProjectionKind.All && !request.CountOnly
            && (request.AllAttributes || request.Projection?.Paths.Any(p => !Shows(p.Root)) == true);
    }

    /// <summary>Slot and partition part of what meets a condition on the partition key.</summary>
    public (int Slot, byte[] Prefix) Partition(AttributeValue hash)
    {
        if (Index is null)
        {
            return KeyRules.SlotAndPartition(Schema, Item.Of((Schema.Hash.Name, hash)));
        }

        (int slot, byte[] partition) = IndexEntries.SlotAndPartition(Schema.Id, Index, hash);
        byte[] prefix = new byte[Keyspace.SlotPrefixLength + partition.Length];
        Keyspace.SlotPrefix(slot, prefix);
        partition.CopyTo(prefix, Keyspace.SlotPrefixLength);
        return (slot, prefix);
    }

    /// <summary>The place of something that was read, by its key attributes, which are valid.</summary>
    public byte[] PlaceOf(Item keys)
    {
        byte[] itemKey = KeyRules.Place(Schema, keys);
        return Index is null ? itemKey : IndexEntries.PlaceOf(Schema.Id, Index, itemKey, keys) ?? itemKey;
    }
}
