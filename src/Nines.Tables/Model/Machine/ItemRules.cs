using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Items of a data group: reads and writes of one item each, checked against the group's own registration of the table. A plain
/// put or delete touches nothing but the registration and the item's place: the old item is read only when somebody asked for it.
/// </summary>
internal static class ItemRules
{
    // Both key parts at their limits with every byte escaped, and some room.
    private const int KeyBytesMax = 8192;
    private const ItemFlags WriteFlags = ItemFlags.Condition | ItemFlags.ReturnItemOnFailure | ItemFlags.Measure | ItemFlags.Update;
    private const ItemFlags ReadFlags = ItemFlags.Measure | ItemFlags.Projection;

    public static void Write(
        TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes, IOrderedState state, ByteBuffer answer)
    {
        if (!ItemWrite.TryRead(kind, ref command, bytes, out ItemWrite write) || write.Key.Length > KeyBytesMax)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TableRegistration.StateOf(write.TableId, state) != RegistrationState.Live)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + write.Key.Length];
        PlaceOf(write.TableId, write.Key, place);
        if (write.IsBlind)
        {
            if (kind == TableCommandKind.PutItem)
            {
                state.Put(place, write.Item.Span);
            }
            else
            {
                state.Delete(place);
            }

            TableAnswer.BeginItem(answer, null, hasItem: false);
            return;
        }

        WriteOver(write, place, state, answer);
    }

    public static void Get(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        ulong tableId = query.Fixed64();
        var flags = (ItemFlags)query.Byte();
        ReadOnlySpan<byte> key = query.Blob();
        ProjectionPlan? projection = (flags & ItemFlags.Projection) != 0 ? ExpressionCodec.DecodeProjection(ref query) : null;
        if (!query.IsComplete || key.Length > KeyBytesMax || (flags & ~ReadFlags) != 0)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (TableRegistration.StateOf(tableId, state) != RegistrationState.Live)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        Span<byte> place = stackalloc byte[Keyspace.ItemPrefixLength + key.Length];
        PlaceOf(tableId, key, place);
        bool found = state.TryGet(place, out ReadOnlyMemory<byte> stored);
        if (flags == ItemFlags.None || !found)
        {
            TableAnswer.BeginItem(answer, (flags & ItemFlags.Measure) != 0 ? (0, 0) : null, found);
            answer.Raw(stored.Span);
            return;
        }

        if (!ItemCodec.TryDecode(stored, out Item item))
        {
            TableAnswer.Write(answer, AnswerStatus.Damaged);
            return;
        }

        TableAnswer.BeginItem(answer, (flags & ItemFlags.Measure) != 0 ? (ItemSize.Of(item), 0) : null, hasItem: true);
        if (projection is null)
        {
            answer.Raw(stored.Span);
        }
        else
        {
            ItemCodec.Encode(projection.Apply(item), answer);
        }
    }

    /// <summary>A write that depends on the item as it is, or answers with it.</summary>
    private static void WriteOver(in ItemWrite write, ReadOnlySpan<byte> place, IOrderedState state, ByteBuffer answer)
    {
        Item? old = null;
        if (state.TryGet(place, out ReadOnlyMemory<byte> stored))
        {
            if (!ItemCodec.TryDecode(stored, out old))
            {
                TableAnswer.Write(answer, AnswerStatus.Damaged);
                return;
            }
        }

        if (write.Condition is not null && !write.Condition.Evaluate(old ?? Item.Empty))
        {
            TableAnswer.Write(answer, TableError.ConditionalCheckFailed(write.ReturnsItemOnFailure ? old : null));
            return;
        }

        UpdateResult result = write.Result(old);
        if (result.Fault != UpdateFault.None)
        {
            TableAnswer.Write(answer, result.Fault.ToError());
            return;
        }

        Item? updated = result.Item;
        if (updated is not null)
        {
            var encoded = new ByteBuffer(Math.Max(256, write.Item.Length + stored.Length));
            ItemCodec.Encode(updated, encoded);
            state.Put(place, encoded.Written);
        }
        else if (old is not null)
        {
            state.Delete(place);
        }

        (long, long)? sizes = write.IsMeasured
            ? (old is null ? 0 : ItemSize.Of(old), updated is null ? 0 : ItemSize.Of(updated))
            : null;
        Item? returned = write.Returned(old, updated);
        TableAnswer.BeginItem(answer, sizes, returned is not null);
        if (returned is not null)
        {
            ItemCodec.Encode(returned, answer);
        }
    }

    private static void PlaceOf(ulong tableId, ReadOnlySpan<byte> key, Span<byte> place)
    {
        Keyspace.ItemPrefix(tableId, place);
        key.CopyTo(place[Keyspace.ItemPrefixLength..]);
    }

    /// <summary>A write as it stands in the log.</summary>
    private readonly ref struct ItemWrite
    {
        private readonly TableCommandKind _kind;
        private readonly ItemFlags _flags;
        private readonly ReturnValues _returns;
        private readonly UpdateProgram? _update;
        private readonly Item? _given;

        private ItemWrite(TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes)
        {
            _kind = kind;
            TableId = command.Fixed64();
            _flags = (ItemFlags)command.Byte();
            _returns = (ReturnValues)command.Byte();
            Key = command.Blob();
            Condition = (_flags & ItemFlags.Condition) != 0 ? ExpressionCodec.DecodeCondition(ref command) : null;
            _update = (_flags & ItemFlags.Update) != 0 ? ExpressionCodec.DecodeUpdate(ref command) : null;
            Item = command.Failed ? default : bytes[command.Offset..];
            _given = Item.IsEmpty || IsBlind ? null : ItemCodec.DecodeItem(ref command);
        }

        public ulong TableId { get; }

        public ReadOnlySpan<byte> Key { get; }

        public Condition? Condition { get; }

        /// <summary>Put: the encoded item. Update: the encoded key. Delete: empty.</summary>
        public ReadOnlyMemory<byte> Item { get; }

        public bool ReturnsItemOnFailure => (_flags & ItemFlags.ReturnItemOnFailure) != 0;

        public bool IsMeasured => (_flags & ItemFlags.Measure) != 0;

        /// <summary>The old item does not matter.</summary>
        public bool IsBlind => _kind != TableCommandKind.UpdateItem && _returns == ReturnValues.None && Condition is null && !IsMeasured;

        public static bool TryRead(
            TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes, out ItemWrite write)
        {
            write = new ItemWrite(kind, ref command, bytes);
            return !command.Failed
                && (write._given is null || command.Left == 0)
                && (write._flags & ~WriteFlags) == 0
                && write._returns <= ReturnValues.UpdatedNew
                && (kind == TableCommandKind.UpdateItem || write._update is null)
                && write.Item.IsEmpty == (kind == TableCommandKind.DeleteItem);
        }

        /// <summary>The item after the write; null when there is none.</summary>
        public UpdateResult Result(Item? old)
        {
            if (_kind == TableCommandKind.DeleteItem)
            {
                return default;
            }

            return _kind == TableCommandKind.PutItem ? new UpdateResult(_given, UpdateFault.None)
                : _update is null ? new UpdateResult(old ?? _given, UpdateFault.None)
                : _update.Apply(old ?? _given!);
        }

        /// <summary>The attributes to answer with; null for none.</summary>
        public Item? Returned(Item? old, Item? updated)
        {
            Item? returned = _returns switch
            {
                ReturnValues.None => null,
                ReturnValues.AllOld => old,
                ReturnValues.AllNew => updated,
                ReturnValues.UpdatedOld => old is null ? null : _update?.Updated.Apply(old),
                ReturnValues.UpdatedNew => updated is null ? null : _update?.Updated.Apply(updated),
            };

            // Updated attributes that do not exist are no attributes at all.
            return returned is { Count: 0 } && _returns is ReturnValues.UpdatedOld or ReturnValues.UpdatedNew ? null : returned;
        }
    }
}
