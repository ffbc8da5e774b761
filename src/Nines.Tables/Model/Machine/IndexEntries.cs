using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>One entry of an index that is written or goes away.</summary>
/// <param name="IndexId">The index.</param>
/// <param name="Place">Where in the index: slot, partition, sort key, item key.</param>
/// <param name="Item">The encoded attributes that the index has; empty: the entry goes away.</param>
public readonly record struct IndexEdit(ulong IndexId, byte[] Place, ReadOnlyMemory<byte> Item);

/// <summary>
/// What stands in an index for an item. An index is sparse: an item without one of the index's key attributes, or with one of another
/// type, is not in it. An entry ends with the key of its item, so that items with equal index keys have an entry each.
/// </summary>
internal static class IndexEntries
{
    /// <summary>The edits that take an index from the item as it was to the item as it is; null: it is or was not there.</summary>
    public static void Add(
        List<IndexEdit> edits, ulong tableId, TableShape shape, IndexShape index, ReadOnlySpan<byte> itemKey, Item? old, Item? updated)
    {
        byte[]? before = old is null ? null : PlaceOf(tableId, index, itemKey, old);
        byte[]? after = updated is null ? null : PlaceOf(tableId, index, itemKey, updated);
        bool isSamePlace = before is not null && after is not null && before.AsSpan().SequenceEqual(after);
        if (before is not null && !isSamePlace)
        {
            edits.Add(new IndexEdit(index.Id, before, default));
        }

        if (after is null)
        {
            return;
        }

        Item shown = Project(shape, index, updated!);
        if (!isSamePlace || !shown.Equals(Project(shape, index, old!)))
        {
            var encoded = new ByteBuffer(256);
            ItemCodec.Encode(shown, encoded);
            edits.Add(new IndexEdit(index.Id, after, encoded.ToArray()));
        }
    }

    /// <summary>Where in an index the item's entry is; null: the item is not in it.</summary>
    public static byte[]? PlaceOf(ulong tableId, IndexShape index, ReadOnlySpan<byte> itemKey, Item item)
    {
        AttributeValue? hash = KeyOf(index.Hash, item, isHash: true);
        AttributeValue? range = index.Range is { } key ? KeyOf(key, item, isHash: false) : null;
        if (hash is null || (index.Range is not null && range is null))
        {
            return null;
        }

        (int slot, byte[] partition) = SlotAndPartition(tableId, index, hash);
        var place = new ByteBuffer(128);
        Keyspace.SlotPrefix(index.IsGlobal ? slot : Keyspace.SlotOf(itemKey), place.GetSpan(Keyspace.SlotPrefixLength));
        place.Advance(Keyspace.SlotPrefixLength);
        place.Raw(partition);
        if (range is not null)
        {
            KeyEncoding.Partition(range, place);
        }

        place.Raw(itemKey);
        return place.ToArray();
    }

    /// <summary>
    /// The slot of a partition of an index, and its partition part. The entries of a global index are where their own partition hashes to;
    /// those of a local one are with their item, whose partition key is theirs, so that the slot is the item's.
    /// </summary>
    public static (int Slot, byte[] Partition) SlotAndPartition(ulong tableId, IndexShape index, AttributeValue hash)
    {
        Span<byte> owner = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(owner, index.IsGlobal ? index.Id : tableId);
        var partition = new ByteBuffer(64);
        partition.Raw(owner);
        KeyEncoding.Partition(hash, partition);
        return (Slots.Of(partition.Written), partition.Written[owner.Length..].ToArray());
    }

    /// <summary>The attributes of an item that an index has.</summary>
    public static Item Project(TableShape shape, IndexShape index, Item item)
    {
        if (index.Projection == ProjectionKind.All)
        {
            return item;
        }

        var shown = new ItemBuilder(4 + index.Included.Count);
        ReadOnlySpan<string> names = item.Names;
        for (int i = 0; i < names.Length; i++)
        {
            if (IsKey(names[i], shape.Hash, shape.Range) || IsKey(names[i], index.Hash, index.Range) || index.Included.Contains(names[i]))
            {
                shown.Add(names[i], item.Values[i]);
            }
        }

        return shown.Build();
    }

    private static bool IsKey(string name, KeyAttribute hash, KeyAttribute? range) => name == hash.Name || name == range?.Name;

    private static AttributeValue? KeyOf(KeyAttribute key, Item item, bool isHash)
    {
        AttributeValue? value = item[key.Name];
        return IndexRules.IsKey(key, value, isHash) ? value : null;
    }
}
