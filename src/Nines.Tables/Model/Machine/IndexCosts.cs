using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>Write capacity units that an index consumed.</summary>
public readonly record struct IndexCost(ulong IndexId, long Units);

/// <summary>
/// What a write costs in each index, as DynamoDB counts: a unit per KB of an entry that is written or deleted, two entries when the entry
/// moves, nothing when the index does not change. Local indexes cost as global ones do.
/// </summary>
internal static class IndexCosts
{
    private const int UnitBytes = 1024;

    /// <summary>The costs of indexes that change, in their order.</summary>
    public static List<IndexCost> Of(ulong tableId, TableShape shape, ReadOnlySpan<byte> itemKey, Item? old, Item? updated)
    {
        var costs = new List<IndexCost>();
        foreach (IndexShape index in shape.Indexes)
        {
            long units = UnitsOf(tableId, shape, index, itemKey, old, updated);
            if (units > 0)
            {
                costs.Add(new IndexCost(index.Id, units));
            }
        }

        return costs;
    }

    private static long UnitsOf(
        ulong tableId, TableShape shape, IndexShape index, ReadOnlySpan<byte> itemKey, Item? old, Item? updated)
    {
        byte[]? before = old is null ? null : IndexEntries.PlaceOf(tableId, index, itemKey, old);
        byte[]? after = updated is null ? null : IndexEntries.PlaceOf(tableId, index, itemKey, updated);
        Item? was = before is null ? null : IndexEntries.Project(shape, index, old!);
        Item? becomes = after is null ? null : IndexEntries.Project(shape, index, updated!);
        bool isSamePlace = before is not null && after is not null && before.AsSpan().SequenceEqual(after);
        return !isSamePlace ? UnitsOf(was) + UnitsOf(becomes)
            : was!.Equals(becomes) ? 0
            : Math.Max(UnitsOf(was), UnitsOf(becomes));
    }

    private static long UnitsOf(Item? entry) => entry is null ? 0 : Math.Max(1, (ItemSize.Of(entry) + UnitBytes - 1) / UnitBytes);
}
