using Nines.Kernel;

namespace Nines.Tables.Model;

/// <summary>
/// The place of an item inside its table: the slot of its partition, then the partition part and the sort part of
/// <see cref="Values.KeyEncoding"/>. All items of a partition are neighbours, in the order of their sort keys, and all partitions of a slot are.
/// </summary>
public readonly ref struct ItemKey(int slot, ReadOnlySpan<byte> parts)
{
    private readonly ReadOnlySpan<byte> _parts = parts;

    /// <summary>Appends the key as a blob.</summary>
    public void Write(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Count(Keyspace.SlotPrefixLength + _parts.Length);
        Keyspace.SlotPrefix(slot, to.GetSpan(Keyspace.SlotPrefixLength));
        to.Advance(Keyspace.SlotPrefixLength);
        to.Raw(_parts);
    }
}
