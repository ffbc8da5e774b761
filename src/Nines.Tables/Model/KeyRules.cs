using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model;

/// <summary>
/// Checks an item or a key against a table's key schema, in DynamoDB's order and words, and encodes the key. The encoded partition
/// (table id and partition key) is what hashes to a group; the encoded key is the item's place inside it.
/// </summary>
public static class KeyRules
{
    /// <summary>The length of the table id at the front of a partition.</summary>
    public const int TableIdLength = 8;

    private const string Mismatch = "The provided key element does not match the schema";
    private const string Invalid = "One or more parameter values were invalid: ";

    /// <summary>Checks the key attributes of a whole item.</summary>
    public static TableError? CheckItem(TableSchema schema, Item item)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(item);
        return CheckAttribute(schema.Hash, item, isHash: true)
            ?? (schema.Range is { } range ? CheckAttribute(range, item, isHash: false) : null);
    }

    /// <summary>Checks a key: exactly the key attributes.</summary>
    public static TableError? CheckKey(TableSchema schema, Item key)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(key);
        int wanted = schema.Range is null ? 1 : 2;
        if (key.Count != wanted)
        {
            return TableError.Validation(Mismatch);
        }

        return CheckKeyPart(schema.Hash, key, isHash: true)
            ?? (schema.Range is { } range ? CheckKeyPart(range, key, isHash: false) : null);
    }

    /// <summary>Appends table id and partition key: the bytes whose hash slot decides the group. The item was checked before.</summary>
    public static void Partition(TableSchema schema, Item item, ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(to);
        Span<byte> id = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(id, schema.Id);
        to.Raw(id);
        KeyEncoding.Partition(item[schema.Hash.Name]!, to);
    }

    /// <summary>Appends what follows <see cref="Partition"/> in the item's key: the sort key, or nothing.</summary>
    public static void Sort(TableSchema schema, Item item, ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(item);
        if (schema.Range is { } range)
        {
            KeyEncoding.Sort(item[range.Name]!, to);
        }
    }

    /// <summary>The slot of a partition, and what the item keys in it begin with: the slot and the partition part.</summary>
    public static (int Slot, byte[] Prefix) SlotAndPartition(TableSchema schema, Item item)
    {
        var partition = new ByteBuffer(64);
        Partition(schema, item, partition);
        int slot = Slots.Of(partition.Written);
        byte[] prefix = new byte[Keyspace.SlotPrefixLength + partition.Length - TableIdLength];
        Keyspace.SlotPrefix(slot, prefix);
        partition.Written[TableIdLength..].CopyTo(prefix.AsSpan(Keyspace.SlotPrefixLength));
        return (slot, prefix);
    }

    /// <summary>The whole item key: slot, partition part, sort part. The item has valid key attributes.</summary>
    public static byte[] Place(TableSchema schema, Item item)
    {
        var place = new ByteBuffer(64);
        place.Raw(SlotAndPartition(schema, item).Prefix);
        Sort(schema, item, place);
        return place.ToArray();
    }

    /// <summary>Checks one attribute of a key.</summary>
    public static TableError? CheckKeyPart(KeyAttribute key, Item item, bool isHash)
    {
        ArgumentNullException.ThrowIfNull(item);
        AttributeValue? value = item[key.Name];
        if (value is null || value.Type != key.Type)
        {
            return TableError.Validation(Mismatch);
        }

        return IsEmpty(value) ? TableError.Validation(Invalid + EmptyKey(key)) : CheckSize(value, isHash);
    }

    private static TableError? CheckAttribute(KeyAttribute key, Item item, bool isHash)
    {
        AttributeValue? value = item[key.Name];
        if (value is null)
        {
            return TableError.Validation(Invalid + $"Missing the key {key.Name} in the item");
        }

        if (value.Type != key.Type)
        {
            return TableError.Validation(
                Invalid + $"Type mismatch for key {key.Name} expected: {key.Type.Code()} actual: {value.Type.Code()}");
        }

        return IsEmpty(value)
            ? TableError.Validation("One or more parameter values are not valid. " + EmptyKey(key))
            : CheckSize(value, isHash);
    }

    private static TableError? CheckSize(AttributeValue value, bool isHash)
    {
        int size = KeyEncoding.SizeOf(value);
        if (isHash && size > TableLimits.PartitionKeyBytesMax)
        {
            return TableError.Validation(Invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes");
        }

        return !isHash && size > TableLimits.SortKeyBytesMax
            ? TableError.Validation(Invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
            : null;
    }

    private static bool IsEmpty(AttributeValue value) => value.Type != AttributeType.Number && KeyEncoding.SizeOf(value) == 0;

    private static string EmptyKey(KeyAttribute key) =>
        $"The AttributeValue for a key attribute cannot contain an empty {(key.Type == AttributeType.String ? "string" : "binary")} value. Key: {key.Name}";
}
