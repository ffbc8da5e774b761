using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Items that expire. The queue is in the order of their seconds and only says where to look: whether an item is deleted follows from the
/// item as it is, the table's shape and the group's agreed time, so that all replicas delete the same. Until then an item is read as any
/// other.
/// </summary>
internal static class ExpiryRules
{
    /// <summary>The most items one command fills in or deletes, and about the most bytes of them it looks at.</summary>
    private const int ItemsMax = 64;
    private const int BytesMax = 1 << 20;

    private const int DueMax = 1 << 16;
    private const int QueuePrefixLength = 1 + 8 + 8;

    /// <summary>
    /// DynamoDB deletes nothing whose time was more than five years ago: a mistaken unit or a zero must not cost the data.
    /// </summary>
    private const long OldestSeconds = 5L * 365 * 24 * 60 * 60;

    public static void Fill(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        ulong revision = command.Varint();
        ReadOnlySpan<byte> from = command.Blob();
        if (!command.IsComplete || tableId == ulong.MaxValue || from.Length > ItemWrite.KeyBytesMax + 1)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration registration = Registration.Of(tableId, state);
        if (!registration.IsLive || registration.Shape is not { } shape || shape.Revision < revision)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        List<(byte[] Key, ReadOnlyMemory<byte> Item)> found = shape.ExpiryAttribute is null ? [] : ItemsFrom(tableId, from, state);
        var writer = new ItemWriter(context, state);
        foreach ((byte[] key, ReadOnlyMemory<byte> stored) in found)
        {
            // An item that cannot be read says no time. It stays, and who reads it is told.
            if (ItemCodec.TryDecode(stored, out Item item))
            {
                writer.FillExpiry(tableId, shape, key, item);
            }
        }

        bool isAll = found.Count < ItemsMax && found.Sum(static f => (long)f.Item.Length) < BytesMax;
        ExpiryCommand.WriteFilled(answer, isAll ? [] : [.. found[^1].Key, 0]);
    }

    public static void Expire(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        if (!command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        long now = (Math.Max(0, context.TimeMs) + (Planted.Is(PlantedBug.ExpiredTooEarly) ? 999 : 0)) / 1000;
        List<byte[]> due = DueAt(now, state);
        var writer = new ItemWriter(context, state) { IsByService = true };
        int removed = 0;
        long bytes = 0;
        int at = 0;
        for (; at < due.Count && bytes < BytesMax; at++)
        {
            removed += TryExpire(due[at], now, state, ref writer, ref bytes) ? 1 : 0;
        }

        // Entries of locked items stay. When there is nothing else, the next sweep is soon enough.
        bool more = removed > 0 && (at < due.Count || due.Count == ItemsMax);
        ExpiryCommand.WriteExpired(answer, more, writer.HasOutbox);
    }

    public static void Due(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        long now = query.Count();
        long limit = query.Count();
        if (!query.IsComplete || limit > DueMax)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        long count = 0;
        using IOrderedCursor cursor = QueueUntil(now, state);
        while (count < limit && cursor.MoveNext())
        {
            count++;
        }

        TableAnswer.Write(answer, AnswerStatus.Done);
        answer.Count(count);
    }

    /// <summary>True: the entry is gone, and with it the item when its time has really come. False: a transaction holds the item.</summary>
    private static bool TryExpire(byte[] entry, long now, IOrderedState state, ref ItemWriter writer, ref long bytes)
    {
        long second = BinaryPrimitives.ReadInt64BigEndian(entry.AsSpan(1));
        ulong tableId = BinaryPrimitives.ReadUInt64BigEndian(entry.AsSpan(9));
        ReadOnlySpan<byte> key = entry.AsSpan(QueuePrefixLength);
        Registration registration = Registration.Of(tableId, state);
        if (registration.Locks > 0 && ItemLock.Find(tableId, key, state) is not null)
        {
            return false;
        }

        string? attribute = registration.IsLive ? registration.Shape.ExpiryAttribute : null;
        _ = ItemRules.TryFind(tableId, key, state, out Item? item);
        if (attribute is not null && item is not null && ItemWriter.ExpiryOf(item, attribute) == second && second >= now - OldestSeconds)
        {
            writer.Write(tableId, registration, key, item, null);
            bytes += ItemSize.Of(item);
        }
        else
        {
            // The item is gone, cannot be read, says another time or none, or is to be kept; or the table has no time to live any more.
            state.Delete(entry);
        }

        return true;
    }

    private static List<byte[]> DueAt(long now, IOrderedReader state)
    {
        var due = new List<byte[]>();
        using IOrderedCursor cursor = QueueUntil(now, state);
        while (due.Count < ItemsMax && cursor.MoveNext())
        {
            due.Add(cursor.Key.ToArray());
        }

        return due;
    }

    /// <summary>The entries whose second is over.</summary>
    private static IOrderedCursor QueueUntil(long now, IOrderedReader state) =>
        state.Range([Keyspace.Expiry], Keyspace.OfExpiry(now, 0, []));

    private static List<(byte[] Key, ReadOnlyMemory<byte> Item)> ItemsFrom(ulong tableId, ReadOnlySpan<byte> from, IOrderedReader state)
    {
        var found = new List<(byte[], ReadOnlyMemory<byte>)>();
        Span<byte> end = stackalloc byte[Keyspace.ItemPrefixLength];
        Keyspace.ItemPrefixEnd(tableId, end);
        long bytes = 0;
        using IOrderedCursor cursor = state.Range(Keyspace.OfItem(Keyspace.Item, tableId, from), end);
        while (found.Count < ItemsMax && bytes < BytesMax && cursor.MoveNext())
        {
            found.Add((cursor.Key[Keyspace.ItemPrefixLength..].ToArray(), cursor.Value));
            bytes += cursor.Value.Length;
        }

        return found;
    }
}
