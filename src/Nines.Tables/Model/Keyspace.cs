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
///   item key = slot, 2 bytes big-endian | partition part | sort part
/// </code>
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
    public static void ItemPrefix(ulong tableId, Span<byte> destination)
    {
        destination[0] = Item;
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], tableId);
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
