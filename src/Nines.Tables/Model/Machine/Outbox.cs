using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// The number of an entry of an outbox: the log index of the command that made it, and its place in that command. Numbers of a group
/// only ever rise, so they are also the marks of how far another group has taken them in.
/// </summary>
public readonly record struct OutboxNumber(LogIndex Position, int Number) : IComparable<OutboxNumber>
{
    /// <summary>Bytes of a number.</summary>
    public const int Length = 10;

    /// <summary>Below every entry.</summary>
    public static readonly OutboxNumber None;

    /// <summary>Appends the number, so that the order of bytes is that of numbers.</summary>
    public void Write(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        Span<byte> bytes = to.GetSpan(Length);
        BinaryPrimitives.WriteInt64BigEndian(bytes, Position.Value);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[8..], (ushort)Number);
        to.Advance(Length);
    }

    /// <summary>Reads a number that other fields follow.</summary>
    public static OutboxNumber Read(ref ByteReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(Length);
        if (reader.Failed)
        {
            return None;
        }

        long position = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (position < 0)
        {
            reader.Fail();
            return None;
        }

        return new OutboxNumber(new LogIndex(position), BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]));
    }

    /// <inheritdoc/>
    public int CompareTo(OutboxNumber other) => Position != other.Position ? Position.CompareTo(other.Position) : Number.CompareTo(other.Number);

    /// <summary>In the order of the log.</summary>
    public static bool operator <=(OutboxNumber a, OutboxNumber b) => a.CompareTo(b) <= 0;

    /// <summary>In the order of the log.</summary>
    public static bool operator >=(OutboxNumber a, OutboxNumber b) => a.CompareTo(b) >= 0;

    /// <summary>In the order of the log.</summary>
    public static bool operator <(OutboxNumber a, OutboxNumber b) => a.CompareTo(b) < 0;

    /// <summary>In the order of the log.</summary>
    public static bool operator >(OutboxNumber a, OutboxNumber b) => a.CompareTo(b) > 0;
}

/// <summary>
/// What a group has still to send. Its size is counted beside it, under the key that all entries begin with, so that a write can tell
/// at the cost of one lookup whether there is room.
/// </summary>
internal static class Outbox
{
    /// <summary>So many entries wait at most; writes that would add to them are refused then.</summary>
    public const long EntriesMax = 65_536;

    /// <summary>So many bytes of entries wait at most.</summary>
    public const long BytesMax = 128L << 20;

    /// <summary>What the edits of one entry weigh at most, unless it has but one.</summary>
    public const int EntryBytesMax = 256 << 10;

    private const int SizeLength = 16;

    private static ReadOnlySpan<byte> SizeKey => [Keyspace.Outbox];

    /// <summary>Entries, and their bytes, that wait.</summary>
    public static (long Entries, long Bytes) SizeOf(IOrderedReader state) =>
        state.TryGet(SizeKey, out ReadOnlyMemory<byte> value) && value.Length == SizeLength
            ? (BinaryPrimitives.ReadInt64LittleEndian(value.Span), BinaryPrimitives.ReadInt64LittleEndian(value.Span[8..]))
            : default;

    /// <summary>The error of a write that would have to wait for others to be sent; null: there is room.</summary>
    public static TableError? CheckRoom(IOrderedReader state)
    {
        (long entries, long bytes) = SizeOf(state);
        return entries < EntriesMax && bytes < BytesMax
            ? null
            : TableError.Throttling(
                "The request was not done: too many changes wait to be taken into global secondary indexes. It may be sent again at any time.");
    }

    /// <summary>Whether so much waits that what is in no hurry had better wait too.</summary>
    public static bool IsBusy(IOrderedReader state)
    {
        (long entries, long bytes) = SizeOf(state);
        return entries >= EntriesMax / 4 || bytes >= BytesMax / 4;
    }

    /// <summary>Adds an entry, which has a higher number than all before it.</summary>
    public static void Add(IOrderedState state, LogIndex position, int number, ReadOnlySpan<byte> entry)
    {
        state.Put(Keyspace.OfOutbox(position, number), entry);
        (long entries, long bytes) = SizeOf(state);
        StoreSize(state, entries + 1, bytes + entry.Length);
    }

    /// <summary>The entries behind a number.</summary>
    public static IOrderedCursor Behind(IOrderedReader state, OutboxNumber number)
    {
        // The least key behind a number's is its own with a zero byte.
        byte[] from = number == OutboxNumber.None ? [Keyspace.Outbox, 0] : [.. Keyspace.OfOutbox(number.Position, number.Number), 0];
        return state.Range(from, [Keyspace.Outbox + 1]);
    }

    /// <summary>The number in an entry's key.</summary>
    public static OutboxNumber NumberIn(ReadOnlySpan<byte> key) => new(
        new LogIndex(BinaryPrimitives.ReadInt64BigEndian(key[1..])), BinaryPrimitives.ReadUInt16BigEndian(key[9..]));

    /// <summary>Deletes entries up to a number, that too, at most so many; true: there are more of them.</summary>
    public static bool Trim(IOrderedState state, OutboxNumber upTo, int entriesMax)
    {
        var keys = new List<byte[]>();
        (long entries, long bytes) = SizeOf(state);
        bool more = false;
        using (IOrderedCursor cursor = Behind(state, OutboxNumber.None))
        {
            while (!more && cursor.MoveNext() && NumberIn(cursor.Key) <= upTo)
            {
                more = keys.Count == entriesMax;
                if (!more)
                {
                    keys.Add(cursor.Key.ToArray());
                    bytes -= cursor.Value.Length;
                }
            }
        }

        foreach (byte[] key in keys)
        {
            state.Delete(key);
        }

        if (keys.Count > 0)
        {
            StoreSize(state, entries - keys.Count, bytes);
        }

        return more;
    }

    private static void StoreSize(IOrderedState state, long entries, long bytes)
    {
        Span<byte> value = stackalloc byte[SizeLength];
        BinaryPrimitives.WriteInt64LittleEndian(value, entries);
        BinaryPrimitives.WriteInt64LittleEndian(value[8..], bytes);
        if (entries == 0)
        {
            state.Delete(SizeKey);
        }
        else
        {
            state.Put(SizeKey, value);
        }
    }
}
