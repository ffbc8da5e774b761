using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Items of a data group: reads and writes of one item each, checked against the group's own registration of the table. A plain
/// put or delete touches nothing but the registration and the item's place: the old item is read only when somebody asked for it, or
/// when something hangs on it.
/// </summary>
internal static class ItemRules
{
    private const ItemFlags ReadFlags = ItemFlags.Measure | ItemFlags.Projection | ItemFlags.AwaitLocks;

    public static void Write(
        in CommandContext context, TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes, IOrderedState state, ByteBuffer answer)
    {
        if (!ItemWrite.TryRead(kind, ref command, bytes, out ItemWrite write))
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration registration = Registration.Of(write.TableId, state);
        if (!registration.IsLive)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        if (registration.Locks > 0 && ItemLock.Find(write.TableId, write.Key.Span, state) is { } held)
        {
            TableAnswer.Write(answer, held, context.SessionMs);
            return;
        }

        if (write.IsBlind && registration.IsPlain)
        {
            WriteBlindly(write, state);
            TableAnswer.BeginItem(answer, null, hasItem: false);
            return;
        }

        var writer = new ItemWriter(context, state);
        WriteOver(write, registration, ref writer, state, answer);
    }

    public static void Get(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        ulong tableId = query.Fixed64();
        var flags = (ItemFlags)query.Byte();
        ReadOnlySpan<byte> key = query.Blob();
        ProjectionPlan? projection = (flags & ItemFlags.Projection) != 0 ? ExpressionCodec.DecodeProjection(ref query) : null;
        if (!query.IsComplete || key.Length > ItemWrite.KeyBytesMax || (flags & ~ReadFlags) != 0)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration registration = Registration.Of(tableId, state);
        if (!registration.IsLive)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        if ((flags & ItemFlags.AwaitLocks) != 0 && registration.Locks > 0 && ItemLock.Find(tableId, key, state) is { } held)
        {
            TableAnswer.Write(answer, held, nowMs: 0);
            return;
        }

        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + key.Length];
        PlaceOf(tableId, key, place);
        bool found = state.TryGet(place, out ReadOnlyMemory<byte> stored);
        bool isMeasured = (flags & ItemFlags.Measure) != 0;
        if (!found || (!isMeasured && projection is null))
        {
            TableAnswer.BeginItem(answer, isMeasured ? (0, 0) : null, found);
            answer.Raw(stored.Span);
            return;
        }

        if (!ItemCodec.TryDecode(stored, out Item item))
        {
            TableAnswer.Write(answer, AnswerStatus.Damaged);
            return;
        }

        TableAnswer.BeginItem(answer, isMeasured ? (ItemSize.Of(item), 0) : null, hasItem: true);
        if (projection is null)
        {
            answer.Raw(stored.Span);
        }
        else
        {
            ItemCodec.Encode(projection.Apply(item), answer);
        }
    }

    /// <summary>A put or delete that nothing depends on, into a table in which nothing hangs on items.</summary>
    public static void WriteBlindly(in ItemWrite write, IOrderedState state)
    {
        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + write.Key.Length];
        PlaceOf(write.TableId, write.Key.Span, place);
        if (write.IsPut)
        {
            state.Put(place, write.Item.Span);
        }
        else
        {
            state.Delete(place);
        }
    }

    /// <summary>The item at a key as it is; false when what is stored cannot be read.</summary>
    public static bool TryFind(ulong tableId, ReadOnlySpan<byte> key, IOrderedReader state, out Item? item)
    {
        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + key.Length];
        PlaceOf(tableId, key, place);
        item = null;
        return !state.TryGet(place, out ReadOnlyMemory<byte> stored) || ItemCodec.TryDecode(stored, out item);
    }

    /// <summary>A write that depends on the item as it is, or answers with it, or changes what hangs on it.</summary>
    private static void WriteOver(
        in ItemWrite write, in Registration registration, ref ItemWriter writer, IOrderedState state, ByteBuffer answer)
    {
        if (!TryFind(write.TableId, write.Key.Span, state, out Item? old))
        {
            TableAnswer.Write(answer, AnswerStatus.Damaged);
            return;
        }

        if (write.Evaluate(old, out Item? updated) is { } refused)
        {
            TableAnswer.Write(answer, refused);
            return;
        }

        TableShape? shape = registration.IsPlain ? null : registration.Shape;
        if (shape is not null && CheckIndexes(write, shape, old, updated, state) is { } unfit)
        {
            TableAnswer.Write(answer, unfit);
            return;
        }

        writer.Write(write.TableId, shape, write.Key.Span, old, updated);
        (long, long)? sizes = write.IsMeasured
            ? (old is null ? 0 : ItemSize.Of(old), updated is null ? 0 : ItemSize.Of(updated))
            : null;
        Item? returned = write.Returned(old, updated);
        List<IndexCost>? costs = write.IsMeasured && shape is not null ? IndexCosts.Of(write.TableId, shape, write.Key.Span, old, updated) : null;
        TableAnswer.BeginItem(answer, sizes, returned is not null, writer.HasOutbox, costs);
        if (returned is not null)
        {
            ItemCodec.Encode(returned, answer);
        }
    }

    /// <summary>That indexes can take the item, and that there is room to tell global ones of it.</summary>
    public static TableError? CheckIndexes(in ItemWrite write, TableShape shape, Item? old, Item? updated, IOrderedReader state)
    {
        if (shape.Indexes.Count == 0)
        {
            return null;
        }

        TableError? error = updated is null ? null
            : write.IsPut ? IndexRules.Check(shape, updated)
            : IndexRules.Check(shape, updated, old ?? Item.Empty);
        return error ?? (shape.Indexes.Any(static i => i.IsGlobal) ? Outbox.CheckRoom(state) : null);
    }

    private static void PlaceOf(ulong tableId, ReadOnlySpan<byte> key, Span<byte> place)
    {
        Keyspace.ItemPrefix(tableId, place);
        key.CopyTo(place[Keyspace.ItemPrefixLength..]);
    }
}
