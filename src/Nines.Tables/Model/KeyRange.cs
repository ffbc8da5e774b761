using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model;

/// <summary>A range of item keys of one table, slot first: from <see cref="From"/> up to, but without, <see cref="To"/>.</summary>
public readonly record struct KeyRange(byte[] From, byte[] To)
{
    /// <summary>All items of a partition that meet the condition on the sort key; null: no condition.</summary>
    /// <param name="partition">Slot and partition part.</param>
    /// <param name="sort">The condition.</param>
    public static KeyRange Of(ReadOnlySpan<byte> partition, KeyCondition? sort)
    {
        byte[] low = partition.ToArray();
        byte[] end = EndOfPrefix(low);
        if (sort is null)
        {
            return new KeyRange(low, end);
        }

        byte[] first = With(partition, sort.Values[0]);
        return sort.Comparator switch
        {
            KeyComparator.Equal => new KeyRange(first, Behind(first)),
            KeyComparator.Less => new KeyRange(low, first),
            KeyComparator.LessOrEqual => new KeyRange(low, Behind(first)),
            KeyComparator.Greater => new KeyRange(Behind(first), end),
            KeyComparator.GreaterOrEqual => new KeyRange(first, end),
            KeyComparator.Between => new KeyRange(first, Behind(With(partition, sort.Values[1]))),
            KeyComparator.BeginsWith => new KeyRange(first, EndOfPrefix(first)),
            KeyComparator.NotIndexable => new KeyRange(low, low),
        };
    }

    /// <summary>
    /// The same in an index, where a sort part ends by itself and the key of the item follows: entries of one sort key are all those
    /// that begin with its part, and no part begins with another.
    /// </summary>
    /// <param name="partition">Slot and partition part.</param>
    /// <param name="sort">The condition.</param>
    public static KeyRange OfIndex(ReadOnlySpan<byte> partition, KeyCondition? sort)
    {
        byte[] low = partition.ToArray();
        byte[] end = EndOfPrefix(low);
        if (sort is null)
        {
            return new KeyRange(low, end);
        }

        byte[] first = WithPart(partition, sort.Values[0]);
        return sort.Comparator switch
        {
            KeyComparator.Equal => new KeyRange(first, EndOfPrefix(first)),
            KeyComparator.Less => new KeyRange(low, first),
            KeyComparator.LessOrEqual => new KeyRange(low, EndOfPrefix(first)),
            KeyComparator.Greater => new KeyRange(EndOfPrefix(first), end),
            KeyComparator.GreaterOrEqual => new KeyRange(first, end),
            KeyComparator.Between => new KeyRange(first, EndOfPrefix(WithPart(partition, sort.Values[1]))),
            KeyComparator.BeginsWith => OfPrefix(first[..^KeyEncoding.TerminatorLength]),
            KeyComparator.NotIndexable => new KeyRange(low, low),
        };
    }

    /// <summary>All items of the slots from one up to, but without, another.</summary>
    public static KeyRange OfSlots(int from, int to)
    {
        byte[] first = new byte[Keyspace.SlotPrefixLength];
        byte[] behind = new byte[Keyspace.SlotPrefixLength];
        Keyspace.SlotPrefix(from, first);
        Keyspace.SlotPrefix(to, behind);
        return new KeyRange(first, behind);
    }

    /// <summary>What is left of the range behind a key, in the direction of reading.</summary>
    public KeyRange After(byte[] key, bool isReverse) =>
        isReverse
            ? key.AsSpan().SequenceCompareTo(To) < 0 ? this with { To = key } : this
            : key.AsSpan().SequenceCompareTo(From) >= 0 ? this with { From = Behind(key) } : this;

    /// <summary>The least key that is greater.</summary>
    private static byte[] Behind(byte[] key) => [.. key, 0];

    /// <summary>The least key that is greater than every key with the prefix. A slot is in front, so there is one.</summary>
    private static byte[] EndOfPrefix(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        Invariant.Assert(last >= 0);
        byte[] end = prefix[..(last + 1)].ToArray();
        end[last]++;
        return end;
    }

    private static KeyRange OfPrefix(byte[] prefix) => new(prefix, EndOfPrefix(prefix));

    private static byte[] WithPart(ReadOnlySpan<byte> partition, AttributeValue sort)
    {
        var key = new ByteBuffer(partition.Length + 64);
        key.Raw(partition);
        KeyEncoding.Partition(sort, key);
        return key.ToArray();
    }

    private static byte[] With(ReadOnlySpan<byte> partition, AttributeValue sort)
    {
        var key = new ByteBuffer(partition.Length + 64);
        key.Raw(partition);
        KeyEncoding.Sort(sort, key);
        return key.ToArray();
    }
}
