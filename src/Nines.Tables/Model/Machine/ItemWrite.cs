using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>A write of one item as it stands in the log, on its own or in a transaction.</summary>
internal readonly struct ItemWrite
{
    // Both key parts at their limits with every byte escaped, and some room.
    public const int KeyBytesMax = 8192;

    private const ItemFlags KnownFlags = ItemFlags.Condition | ItemFlags.ReturnItemOnFailure | ItemFlags.Measure | ItemFlags.Update;

    private readonly TableCommandKind _kind;
    private readonly ItemFlags _flags;
    private readonly ReturnValues _returns;
    private readonly Condition? _condition;
    private readonly UpdateProgram? _update;
    private readonly Item? _given;

    private ItemWrite(TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes)
    {
        _kind = kind;
        TableId = command.Fixed64();
        _flags = (ItemFlags)command.Byte();
        _returns = (ReturnValues)command.Byte();
        Key = command.BlobMemory();
        _condition = (_flags & ItemFlags.Condition) != 0 ? ExpressionCodec.DecodeCondition(ref command) : null;
        _update = (_flags & ItemFlags.Update) != 0 ? ExpressionCodec.DecodeUpdate(ref command) : null;
        Item = command.Failed ? default : bytes[command.Offset..];
        _given = Item.IsEmpty || IsBlind ? null : ItemCodec.DecodeItem(ref command);
    }

    public ulong TableId { get; }

    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>Put: the encoded item. Update: the encoded key. Delete and check: empty.</summary>
    public ReadOnlyMemory<byte> Item { get; }

    public bool IsPut => _kind == TableCommandKind.PutItem;

    /// <summary>Only a condition is looked at.</summary>
    public bool IsCheck => _kind == TableCommandKind.CheckItem;

    public bool IsMeasured => (_flags & ItemFlags.Measure) != 0;

    /// <summary>The old item does not matter, as long as nothing hangs on items of the table.</summary>
    public bool IsBlind => _kind is TableCommandKind.PutItem or TableCommandKind.DeleteItem
        && _returns == ReturnValues.None && _condition is null && !IsMeasured;

    /// <summary>Reads what follows the kind, to the end of the bytes, which the reader was made over.</summary>
    public static bool TryRead(TableCommandKind kind, ref ByteReader command, ReadOnlyMemory<byte> bytes, out ItemWrite write)
    {
        write = new ItemWrite(kind, ref command, bytes);
        return !command.Failed
            && (write._given is null || command.Left == 0)
            && (write._flags & ~KnownFlags) == 0
            && write._returns <= ReturnValues.UpdatedNew
            && write.Key.Length is > Keyspace.SlotPrefixLength and <= KeyBytesMax
            && (kind == TableCommandKind.UpdateItem || write._update is null)
            && (!write.IsCheck || write._condition is not null)
            && write.Item.IsEmpty == (kind is TableCommandKind.DeleteItem or TableCommandKind.CheckItem);
    }

    /// <summary>
    /// What the write does to an item: the item after it, null for none; or why it is not done. An item of a blind put is decoded only
    /// here, where it is needed after all.
    /// </summary>
    public TableError? Evaluate(Item? old, out Item? updated)
    {
        updated = null;
        if (_condition is not null && !_condition.Evaluate(old ?? Values.Item.Empty))
        {
            return TableError.ConditionalCheckFailed((_flags & ItemFlags.ReturnItemOnFailure) != 0 ? old : null);
        }

        UpdateResult result = Result(old);
        updated = result.Item;
        return result.Fault == UpdateFault.None ? null : result.Fault.ToError();
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

    private UpdateResult Result(Item? old)
    {
        switch (_kind)
        {
            case TableCommandKind.DeleteItem:
                return default;
            case TableCommandKind.CheckItem:
                return new UpdateResult(old, UpdateFault.None);
            case TableCommandKind.PutItem:
                return new UpdateResult(_given ?? (ItemCodec.TryDecode(Item, out Item given) ? given : null), UpdateFault.None);
            default:
                return _update is null ? new UpdateResult(old ?? _given, UpdateFault.None) : _update.Apply(old ?? _given!);
        }
    }
}
