using System.Buffers.Binary;
using System.Text;
using Nines.Kernel;

namespace Nines.Tables.Model;

/// <summary>
/// Where the machine keeps what, inside its own keyspace (docs/formats/tables.md has the drawing).
/// <code>
///   01 | name, UTF-8                                 catalogue row            control group
///   02 | table id, 8 bytes big-endian                registration             data groups
///   03 | table id, 8 bytes big-endian | item key     item                     data groups
///   04 | table id | index id | index place           index entry              data groups
///   05 | log index | number in the command           change for an index of another group, not yet sent
///   06 | second | table id | item key                an item with a time to live
///   07 | table id | stream id | log index | number   stream record
///   08 | table id | item key                         lock of a transaction
///   09 | attempt, 16 bytes                           a transaction's part in this group
///   0A | token, 16 bytes [| attempt]                 a transaction that was decided
///   0B | source group, 4 bytes                       how far changes of that group were taken in
///   0C | token | attempt                             a decision that not every group has been told of
///   0D | attempt                                     mark that a transaction's part in this group has ended
///   10 | table id | index id                         how far an index was filled
///   item key    = slot, 2 bytes big-endian | partition part | sort part
///   index place = slot | partition part | sort part, self-delimiting | item key
/// </code>
/// Numbers in keys are big-endian, 8 bytes, those in a command 2.
/// The items of one table in one group are therefore one contiguous range, those of a slot a range in it, and those of a partition
/// a range in that.
/// </summary>
public static class Keyspace
{
    /// <summary>The first byte of catalogue rows.</summary>
    public const byte CatalogueRow = 1;

    /// <summary>The first byte of registrations.</summary>
    public const byte Registration = 2;

    /// <summary>The first byte of items.</summary>
    public const byte Item = 3;

    /// <summary>The first byte of index entries.</summary>
    public const byte IndexEntry = 4;

    /// <summary>The first byte of changes that are to be sent to other groups.</summary>
    public const byte Outbox = 5;

    /// <summary>The first byte of the queue of items that expire.</summary>
    public const byte Expiry = 6;

    /// <summary>The first byte of stream records.</summary>
    public const byte StreamRecord = 7;

    /// <summary>The first byte of locks.</summary>
    public const byte Lock = 8;

    /// <summary>The first byte of a transaction's part in a group.</summary>
    public const byte TransactionPart = 9;

    /// <summary>The first byte of decided transactions.</summary>
    public const byte TransactionDecision = 10;

    /// <summary>The first byte of marks of how far another group's changes were taken in.</summary>
    public const byte InboxMark = 11;

    /// <summary>The first byte of decisions that not every group has been told of.</summary>
    public const byte UnfinishedTransaction = 12;

    /// <summary>The first byte of marks that a transaction's part in a group has ended.</summary>
    public const byte EndedTransaction = 13;

    /// <summary>The first byte of how far an index that was added is filled.</summary>
    public const byte IndexFill = 16;

    /// <summary>Bytes before the encoded item key.</summary>
    public const int ItemPrefixLength = 9;

    /// <summary>Bytes of the slot that an item key begins with.</summary>
    public const int SlotPrefixLength = 2;

    /// <summary>The length of a registration's key.</summary>
    public const int RegistrationKeyLength = 9;

    /// <summary>The catalogue row of a name.</summary>
    public static byte[] CatalogueKey(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var key = new byte[1 + Encoding.UTF8.GetByteCount(name)];
        key[0] = CatalogueRow;
        Encoding.UTF8.GetBytes(name, key.AsSpan(1));
        return key;
    }

    /// <summary>Writes a registration's key into the first nine bytes of the destination.</summary>
    public static void RegistrationKey(ulong tableId, Span<byte> destination)
    {
        destination[0] = Registration;
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], tableId);
    }

    /// <summary>Writes what all item keys of a table begin with into the first nine bytes of the destination.</summary>
    public static void ItemPrefix(ulong tableId, Span<byte> destination) => TablePrefix(Item, tableId, destination);

    /// <summary>Writes one of the first bytes that are followed by a table's id, and the id, into the first nine bytes of the destination.</summary>
    public static void TablePrefix(byte range, ulong tableId, Span<byte> destination)
    {
        destination[0] = range;
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], tableId);
    }

    /// <summary>The key of an item, or of its lock.</summary>
    public static byte[] OfItem(byte range, ulong tableId, ReadOnlySpan<byte> itemKey)
    {
        var key = new byte[ItemPrefixLength + itemKey.Length];
        TablePrefix(range, tableId, key);
        itemKey.CopyTo(key.AsSpan(ItemPrefixLength));
        return key;
    }

    /// <summary>The key of an index entry.</summary>
    public static byte[] OfIndexEntry(ulong tableId, ulong indexId, ReadOnlySpan<byte> place)
    {
        var key = new byte[ItemPrefixLength + 8 + place.Length];
        TablePrefix(IndexEntry, tableId, key);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(ItemPrefixLength), indexId);
        place.CopyTo(key.AsSpan(ItemPrefixLength + 8));
        return key;
    }

    /// <summary>The key of how far an index is filled.</summary>
    public static byte[] OfIndexFill(ulong tableId, ulong indexId)
    {
        var key = new byte[ItemPrefixLength + 8];
        TablePrefix(IndexFill, tableId, key);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(ItemPrefixLength), indexId);
        return key;
    }

    /// <summary>The key of the n-th change of a command that is to be sent.</summary>
    public static byte[] OfOutbox(LogIndex position, int number)
    {
        var key = new byte[1 + 8 + 2];
        key[0] = Outbox;
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), position.Value);
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(9), (ushort)number);
        return key;
    }

    /// <summary>The key of the n-th record of a command in a stream.</summary>
    public static byte[] OfStreamRecord(ulong tableId, ulong streamId, LogIndex position, int number)
    {
        var key = new byte[ItemPrefixLength + 8 + 8 + 2];
        TablePrefix(StreamRecord, tableId, key);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(ItemPrefixLength), streamId);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(ItemPrefixLength + 8), position.Value);
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(ItemPrefixLength + 16), (ushort)number);
        return key;
    }

    /// <summary>The key of an item in the queue of those that expire.</summary>
    public static byte[] OfExpiry(long second, ulong tableId, ReadOnlySpan<byte> itemKey)
    {
        var key = new byte[1 + 8 + 8 + itemKey.Length];
        key[0] = Expiry;
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), second);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(9), tableId);
        itemKey.CopyTo(key.AsSpan(17));
        return key;
    }

    /// <summary>Writes what all item keys of a slot begin with into the first two bytes of the destination.</summary>
    public static void SlotPrefix(int slot, Span<byte> destination) =>
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)slot);

    /// <summary>The slot that an item key begins with.</summary>
    public static int SlotOf(ReadOnlySpan<byte> itemKey) => BinaryPrimitives.ReadUInt16BigEndian(itemKey);

    /// <summary>The first key behind every item of a table.</summary>
    public static void ItemPrefixEnd(ulong tableId, Span<byte> destination)
    {
        Invariant.Assert(tableId < ulong.MaxValue);
        ItemPrefix(tableId + 1, destination);
    }
}
