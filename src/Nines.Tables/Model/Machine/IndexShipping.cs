using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// How changes get from the group of an item to the groups of its global index entries.
/// <para>
/// A group that takes changes in keeps, for each group they come from, the number of the last one. It skips what is at or below that, so a
/// batch may come twice, late, or from two nodes at once. This is right because a batch has every change that the source still keeps for
/// the target up to the batch's last number, in their order, and because the source deletes only what all targets have taken in: what a
/// batch lacks is below the target's mark.
/// </para>
/// </summary>
internal static class IndexShipping
{
    /// <summary>ReadOutbox: what waits to be sent behind a number, without what concerns tables or indexes that are gone.</summary>
    public static void Read(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        OutboxNumber after = OutboxNumber.Read(ref query);
        long bytesMax = query.Count();
        if (!query.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        (long waiting, long waitingBytes) = Outbox.SizeOf(state);
        var shapes = new Dictionary<ulong, TableShape?>();
        var entries = new List<(OutboxNumber, OutboxEntry)>();
        long bytes = 0;
        bool more = false;
        using IOrderedCursor cursor = Outbox.Behind(state, after);
        while (!more && cursor.MoveNext())
        {
            if (OutboxEntry.TryDecode(cursor.Value) is not { } entry)
            {
                TableAnswer.Write(answer, AnswerStatus.Damaged);
                return;
            }

            more = entries.Count > 0 && (bytes + cursor.Value.Length > bytesMax || entries.Count == TableCommand.TrimEntriesMax);
            if (!more)
            {
                bytes += cursor.Value.Length;
                entries.Add((Outbox.NumberIn(cursor.Key), entry with { Edits = Needed(entry, shapes, state) }));
            }
        }

        new OutboxPage(waiting, waitingBytes, more, entries).Encode(answer);
    }

    /// <summary>ApplyIndexEdits: takes changes of another group in, all of the batch or none.</summary>
    public static void Apply(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        if (IndexBatch.TryDecode(ref command) is not { } batch)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        byte[] markKey = MarkKey(batch.Source);
        OutboxNumber mark = MarkOf(markKey, state);
        var shapes = new Dictionary<ulong, (RegistrationState State, TableShape? Shape)>();
        var edits = new List<(ulong TableId, IndexEdit Edit)>();
        foreach ((OutboxNumber number, OutboxEntry entry) in batch.Entries)
        {
            if (number <= mark)
            {
                continue;
            }

            mark = number;
            foreach (IndexEdit edit in entry.Edits)
            {
                switch (Place(entry.TableId, edit, shapes, state))
                {
                    case Reception.Behind:
                        TableAnswer.Write(answer, AnswerStatus.UnknownTable);
                        answer.Fixed64(entry.TableId);
                        return;
                    case Reception.Taken:
                        edits.Add((entry.TableId, edit));
                        break;
                    default:
                        break;
                }
            }
        }

        foreach ((ulong tableId, IndexEdit edit) in edits)
        {
            ItemWriter.Apply(tableId, edit, state);
        }

        var value = new ByteBuffer(OutboxNumber.Length);
        mark.Write(value);
        state.Put(markKey, value.Written);
        TableAnswer.Write(answer, AnswerStatus.Done);
        answer.Byte(0);
    }

    /// <summary>TrimOutbox: every target has taken in what is at or below a number.</summary>
    public static void Trim(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        OutboxNumber upTo = OutboxNumber.Read(ref command);
        if (!command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        TableAnswer.WriteMore(answer, Outbox.Trim(state, upTo, TableCommand.TrimEntriesMax));
    }

    /// <summary>ReadShape: what this group knows of a table, to be told to a group that knows less.</summary>
    public static void ReadShape(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        ulong tableId = query.Fixed64();
        if (!query.IsComplete)
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

        TableAnswer.Write(answer, AnswerStatus.Done);
        registration.Shape.Encode(answer);
    }

    private enum Reception
    {
        /// <summary>The index is kept here.</summary>
        Taken,

        /// <summary>The table or the index is gone.</summary>
        Needless,

        /// <summary>This group has yet to be told of the table or the index.</summary>
        Behind,
    }

    private static Reception Place(
        ulong tableId, in IndexEdit edit, Dictionary<ulong, (RegistrationState State, TableShape? Shape)> known, IOrderedReader state)
    {
        if (!known.TryGetValue(tableId, out (RegistrationState State, TableShape? Shape) table))
        {
            Registration registration = Registration.Of(tableId, state);
            table = (registration.State, registration.IsLive ? registration.Shape : null);
            known[tableId] = table;
        }

        return table.Shape is not { } shape ? (table.State == RegistrationState.None ? Reception.Behind : Reception.Needless)
            : shape.IndexOf(edit.IndexId) is not null ? Reception.Taken
            : shape.Revision >= IndexShape.RevisionOf(edit.IndexId) ? Reception.Needless
            : Reception.Behind;
    }

    private static IReadOnlyList<IndexEdit> Needed(OutboxEntry entry, Dictionary<ulong, TableShape?> known, IOrderedReader state)
    {
        if (!known.TryGetValue(entry.TableId, out TableShape? shape))
        {
            Registration registration = Registration.Of(entry.TableId, state);
            shape = registration.IsLive ? registration.Shape : null;
            known[entry.TableId] = shape;
        }

        // A group that made an entry for an index knew of the index: it can only have lost it since.
        return shape is null ? [] : [.. entry.Edits.Where(e => shape.IndexOf(e.IndexId) is not null)];
    }

    private static byte[] MarkKey(GroupId source)
    {
        byte[] key = new byte[5];
        key[0] = Keyspace.InboxMark;
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), source.Value);
        return key;
    }

    private static OutboxNumber MarkOf(byte[] key, IOrderedReader state)
    {
        if (!state.TryGet(key, out ReadOnlyMemory<byte> value))
        {
            return OutboxNumber.None;
        }

        var reader = new ByteReader(value);
        var mark = OutboxNumber.Read(ref reader);
        Invariant.Assert(reader.IsComplete);
        return mark;
    }
}
