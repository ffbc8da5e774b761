using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// What an item may hold in the attributes that indexes have as keys: nothing, or a value that can be a key. DynamoDB names the first index in
/// the order of names.
/// </summary>
public static class IndexRules
{
    private const string Invalid = "One or more parameter values were invalid: ";
    private const string NotValid = "One or more parameter values are not valid. ";

    /// <summary>Checks the item that a write is to leave; null: every index can take it.</summary>
    public static TableError? Check(TableShape shape, Item item) => Check(shape, item, null);

    /// <summary>Checks what an update changed: what the item had before an index was added stays as it is.</summary>
    /// <param name="shape">The table.</param>
    /// <param name="item">The item as it is to be.</param>
    /// <param name="updated">The item as it was, when it is updated; null when it is put whole.</param>
    public static TableError? Check(TableShape shape, Item item, Item? updated)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(item);
        string? name = null;
        TableError? first = null;
        foreach (IndexShape index in shape.Indexes)
        {
            if ((name is null || string.CompareOrdinal(index.Name, name) < 0) && Check(index, item, updated) is { } error)
            {
                first = error;
                name = index.Name;
            }
        }

        return first;
    }

    /// <summary>The error of an update that would set an index's key to a value of another type whatever the item is; null: it would not.</summary>
    public static TableError? CheckLiterals(TableShape shape, UpdateProgram update)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(update);
        if (shape.Indexes.Count == 0)
        {
            return null;
        }

        foreach (IndexShape index in shape.Indexes.OrderBy(static i => i.Name, StringComparer.Ordinal))
        {
            if ((CheckLiteral(index, index.Hash, update) ?? (index.Range is { } range ? CheckLiteral(index, range, update) : null)) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static TableError? CheckLiteral(IndexShape index, KeyAttribute key, UpdateProgram update)
    {
        foreach (UpdateAction action in update.Actions)
        {
            if (action is { Path.IsNested: false, Kind: UpdateKind.Set or UpdateKind.Add, Value: LiteralValue { Value: var value } }
                && action.Path.Root == key.Name && value.Type != key.Type)
            {
                return Mismatch(index, key, value);
            }
        }

        return null;
    }

    /// <summary>Whether a value can stand in an index.</summary>
    public static bool IsKey(KeyAttribute key, AttributeValue? value, bool isHash) =>
        value is not null && value.Type == key.Type
        && (value.Type == AttributeType.Number
            || (KeyEncoding.SizeOf(value) > 0 && KeyEncoding.SizeOf(value) <= SizeMax(isHash)));

    private static TableError? Check(IndexShape index, Item item, Item? updated) =>
        Check(index, index.Hash, isHash: true, item, updated)
        ?? (index.Range is { } range ? Check(index, range, isHash: false, item, updated) : null);

    private static TableError? Check(IndexShape index, KeyAttribute key, bool isHash, Item item, Item? updated)
    {
        AttributeValue? value = item[key.Name];
        if (value is null || IsKey(key, value, isHash) || (updated is not null && value.Equals(updated[key.Name])))
        {
            return null;
        }

        if (value.Type != key.Type)
        {
            return updated is null
                ? Mismatch(index, key, value)
                : TableError.Validation("The update expression attempted to update the secondary index key to unsupported type");
        }

        return KeyEncoding.SizeOf(value) == 0 ? Empty(index, key, isUpdate: updated is not null)
            : TableError.Validation(isHash
                ? Invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
                : Invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    }

    private static TableError Mismatch(IndexShape index, KeyAttribute key, AttributeValue value) => TableError.Validation(
        $"{Invalid}Type mismatch for Index Key {key.Name} Expected: {key.Type.Code()} Actual: {value.Type.Code()} IndexName: {index.Name}");

    private static TableError Empty(IndexShape index, KeyAttribute key, bool isUpdate)
    {
        string what = $"The AttributeValue for a key attribute cannot contain an empty {(key.Type == AttributeType.String ? "string" : "binary")} value.";
        return TableError.Validation(isUpdate
            ? $"{NotValid}The update expression attempted to update a secondary index key to a value that is not supported. {what}"
            : $"{NotValid}A value specified for a secondary index key is not supported. {what} IndexName: {index.Name}, IndexKey: {key.Name}");
    }

    private static int SizeMax(bool isHash) => isHash ? TableLimits.PartitionKeyBytesMax : TableLimits.SortKeyBytesMax;
}
