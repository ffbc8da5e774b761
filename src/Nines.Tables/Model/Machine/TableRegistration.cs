using Nines.Kernel;
using Nines.Tables.Model.Catalogue;

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
/// </summary>
internal static class TableRegistration
{
    /// <summary>What a table has beside its registration, each a range of keys that begins with the table's id.</summary>
    private static ReadOnlySpan<byte> Ranges => [Keyspace.Item, Keyspace.IndexEntry, Keyspace.StreamRecord, Keyspace.Lock, Keyspace.IndexFill];

    /// <summary>
    /// From now on items are written under the shape. One of an older revision than is known changes nothing: it was delayed.
    /// </summary>
    public static void Register(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        TableShape? shape = TableShape.TryDecode(ref command);
        if (shape is null || !command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration known = Registration.Of(tableId, state);
        if (known.State == RegistrationState.None || (known.IsLive && known.Shape.Revision < shape.Revision))
        {
            Registration.Store(tableId, shape, known.Locks, state);
        }

        TableAnswer.Write(
            answer, known.State is RegistrationState.None or RegistrationState.Live ? AnswerStatus.Done : AnswerStatus.UnknownTable);
    }

    /// <summary>Deletes a bounded number of entries; the answer says whether more are left.</summary>
    public static void Drop(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        if (!command.IsComplete || tableId == ulong.MaxValue)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (Registration.Of(tableId, state).State == RegistrationState.Dropped)
        {
            TableAnswer.WriteMore(answer, false);
            return;
        }

        var keys = new List<byte[]>();
        foreach (byte range in Ranges)
        {
            AddKeys(keys, range, tableId, state);
        }

        foreach (byte[] key in keys)
        {
            state.Delete(key);
        }

        bool more = keys.Count == TableCommand.DropItemsMax;
        Registration.Store(tableId, more ? RegistrationState.Dropping : RegistrationState.Dropped, state);
        TableAnswer.WriteMore(answer, more);
    }

    private static void AddKeys(List<byte[]> keys, byte range, ulong tableId, IOrderedState state)
    {
        Span<byte> from = stackalloc byte[Keyspace.ItemPrefixLength];
        Span<byte> to = stackalloc byte[Keyspace.ItemPrefixLength];
        Keyspace.TablePrefix(range, tableId, from);
        Keyspace.TablePrefix(range, tableId + 1, to);
        using IOrderedCursor cursor = state.Range(from, to);
        while (keys.Count < TableCommand.DropItemsMax && cursor.MoveNext())
        {
            keys.Add(cursor.Key.ToArray());
        }
    }
}
