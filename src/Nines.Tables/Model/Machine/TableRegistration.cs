using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>What a data group thinks of a table id. The numbers are stored: append only.</summary>
public enum RegistrationState : byte
{
    /// <summary>No registration: nothing is known.</summary>
    None = 0,

    /// <summary>Takes items.</summary>
    Live = 1,

    /// <summary>Takes no more items; some are still to be deleted.</summary>
    Dropping = 2,

    /// <summary>
    /// Everything is deleted. Kept for good, a few bytes a table: a registration that was delayed on its way must not bring a
    /// deleted table back to life. Ids are never used again.
    /// </summary>
    Dropped = 3,
}

/// <summary>
/// Registrations of table ids in a data group, and the dropping of tables. A write is checked against the registration of its own
/// group, which is part of the same ordered state, never against somebody's cache of the catalogue.
/// <code>
///   version 1 | state [ | partition key: name, type | has sort key [ | sort key: name, type ] ]     keys while live
/// </code>
/// </summary>
public static class TableRegistration
{
    private const byte Version = 1;

    /// <summary>The state of a table id in this group.</summary>
    public static RegistrationState StateOf(ulong tableId, IOrderedReader state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Span<byte> key = stackalloc byte[Keyspace.RegistrationKeyLength];
        Keyspace.RegistrationKey(tableId, key);
        if (!state.TryGet(key, out ReadOnlyMemory<byte> value) || value.Length < 2 || value.Span[0] != Version)
        {
            return RegistrationState.None;
        }

        return (RegistrationState)value.Span[1];
    }

    internal static void EncodeKeys(ByteBuffer to, TableSchema schema)
    {
        EncodeKey(to, schema.Hash);
        to.Byte(schema.Range is null ? (byte)0 : (byte)1);
        if (schema.Range is { } range)
        {
            EncodeKey(to, range);
        }
    }

    internal static void Register(ref ByteReader command, ReadOnlyMemory<byte> bytes, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        int keysFrom = command.Offset;
        SkipKey(ref command);
        byte hasRange = command.Byte();
        if (hasRange == 1)
        {
            SkipKey(ref command);
        }

        if (!command.IsComplete || hasRange > 1)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        RegistrationState known = StateOf(tableId, state);
        if (known == RegistrationState.None)
        {
            Store(tableId, RegistrationState.Live, bytes.Span[keysFrom..], state);
        }

        TableAnswer.Write(answer, known is RegistrationState.None or RegistrationState.Live ? AnswerStatus.Done : AnswerStatus.UnknownTable);
    }

    /// <summary>Deletes a bounded number of items; the answer says whether more are left.</summary>
    internal static void Drop(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        if (!command.IsComplete || tableId == ulong.MaxValue)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (StateOf(tableId, state) == RegistrationState.Dropped)
        {
            TableAnswer.WriteMore(answer, false);
            return;
        }

        List<byte[]> keys = NextItems(tableId, state);
        foreach (byte[] key in keys)
        {
            state.Delete(key);
        }

        bool more = keys.Count == TableCommand.DropItemsMax;
        Store(tableId, more ? RegistrationState.Dropping : RegistrationState.Dropped, default, state);
        TableAnswer.WriteMore(answer, more);
    }

    private static List<byte[]> NextItems(ulong tableId, IOrderedState state)
    {
        Span<byte> from = stackalloc byte[Keyspace.ItemPrefixLength];
        Span<byte> to = stackalloc byte[Keyspace.ItemPrefixLength];
        Keyspace.ItemPrefix(tableId, from);
        Keyspace.ItemPrefixEnd(tableId, to);
        var keys = new List<byte[]>();
        using IOrderedCursor cursor = state.Range(from, to);
        while (keys.Count < TableCommand.DropItemsMax && cursor.MoveNext())
        {
            keys.Add(cursor.Key.ToArray());
        }

        return keys;
    }

    private static void Store(ulong tableId, RegistrationState registration, ReadOnlySpan<byte> keys, IOrderedState state)
    {
        Span<byte> key = stackalloc byte[Keyspace.RegistrationKeyLength];
        Keyspace.RegistrationKey(tableId, key);
        var value = new byte[2 + keys.Length];
        value[0] = Version;
        value[1] = (byte)registration;
        keys.CopyTo(value.AsSpan(2));
        state.Put(key, value);
    }

    private static void EncodeKey(ByteBuffer to, KeyAttribute key)
    {
        to.Text(key.Name);
        to.Byte((byte)key.Type);
    }

    private static void SkipKey(ref ByteReader reader)
    {
        _ = reader.Blob();
        if (!KeyEncoding.IsKeyType((AttributeType)reader.Byte()))
        {
            reader.Fail();
        }
    }
}
