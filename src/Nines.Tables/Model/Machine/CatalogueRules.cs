using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// The table catalogue, kept by the control group.
/// <code>
///              CreateTable             ActivateTable             DeleteTable             ForgetTable
///   (no row) --------------> CREATING --------------> ACTIVE --------------> DELETING --------------> (no row)
///                                                     |    ^
///                           UpdateTable of the stream |    | SettleTable (TableReshaping)
///                                                     v    |
///                                                    UPDATING
/// </code>
/// ActivateTable and ForgetTable carry the table's id and do nothing for a row of another id or state, so that whoever carries a
/// table on may do so twice, late, or beside others.
/// </summary>
internal static class CatalogueRules
{
    private const int PendingMax = 64;

    public static void Create(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        TableDescription? wanted = TableDescription.TryDecode(ref command);
        if (wanted is null || !command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (state.TryGet(Keyspace.CatalogueKey(wanted.Name), out ReadOnlyMemory<byte> known))
        {
            // A row that this build cannot read is a table all the same: of a later version, or damaged. It is not written over.
            if (TableDescription.TryDecode(known.Span) is null)
            {
                TableAnswer.Write(answer, AnswerStatus.Damaged);
                return;
            }

            TableAnswer.Write(answer, TableError.ResourceInUse("Table already exists: " + wanted.Name));
            return;
        }

        if (IsFull(state))
        {
            TableAnswer.Write(answer, TableError.LimitExceeded(
                $"Subscriber limit exceeded: There is a limit of {TableDescription.MaxTables} tables per subscriber"));
            return;
        }

        LogIndex position = context.Position;
        TableDescription row = wanted with
        {
            Id = (ulong)context.Position.Value,
            CreatedMs = Math.Max(0, context.TimeMs),
            Status = TableStatus.Creating,
            Streams = StreamOf(wanted, context),
            TimeToLive = null,
            Revision = 0,
            Indexes = [.. wanted.Indexes.Select((index, i) => IndexChanges.Numbered(index, position, i))],
        };
        Store(row, state);
        TableAnswer.Write(answer, row);
    }

    private static TableStreams StreamOf(TableDescription wanted, in CommandContext context) =>
        wanted.Streams.Current is { } stream
            ? TableStreams.None.TryBegin(context.Position, stream.View, Math.Max(0, context.TimeMs)) ?? TableStreams.None
            : TableStreams.None;

    public static void Activate(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        if (TryRead(ref command, state, answer, out TableDescription? row) && row.Status == TableStatus.Creating)
        {
            Store(row with { Status = TableStatus.Active, Indexes = IndexChanges.AllActive(row.Indexes) }, state);
        }
    }

    public static void Forget(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        if (TryRead(ref command, state, answer, out TableDescription? row) && row.Status == TableStatus.Deleting)
        {
            state.Delete(Keyspace.CatalogueKey(row.Name));
        }
    }

    public static void Delete(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        string name = command.Text();
        if (!command.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        TableDescription? row = Find(name, state);
        if (row is null)
        {
            TableAnswer.Write(answer, NotFound(name));
            return;
        }

        if (row.Status is TableStatus.Creating or TableStatus.Updating)
        {
            string what = row.Status == TableStatus.Creating ? "created" : "updated";
            TableAnswer.Write(answer, TableError.ResourceInUse(
                $"Attempt to change a resource which is still in use: Table is being {what}: {name}"));
            return;
        }

        if (row.DeletionProtection)
        {
            TableAnswer.Write(answer, TableError.Validation(
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."));
            return;
        }

        if (row.HasPendingIndex)
        {
            TableAnswer.Write(answer, TableError.ResourceInUse(
                "Attempt to change a resource which is still in use: Cannot delete table while indexes are being created, updated, or deleted."));
            return;
        }

        TableDescription deleting = row with { Status = TableStatus.Deleting };
        Store(deleting, state);
        TableAnswer.Write(answer, deleting);
    }

    public static void Describe(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        string name = query.Text();
        if (!query.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
        }
        else if (Find(name, state) is { } row)
        {
            TableAnswer.Write(answer, row);
        }
        else
        {
            TableAnswer.Write(answer, NotFound(name));
        }
    }

    public static void List(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        string after = query.Text();
        long limit = query.Count();
        if (!query.IsComplete || limit > TableDescription.MaxTables)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        // The least key behind a name is the name with a zero byte.
        byte[] from = after.Length == 0 ? [Keyspace.CatalogueRow] : [.. Keyspace.CatalogueKey(after), 0];
        using IOrderedCursor cursor = state.Range(from, [Keyspace.CatalogueRow + 1]);
        var names = new List<byte[]>();
        bool more = false;
        while (!more && cursor.MoveNext())
        {
            more = names.Count == limit;
            if (!more)
            {
                names.Add(cursor.Key[1..].ToArray());
            }
        }

        TableAnswer.WriteMore(answer, more);
        answer.Count(names.Count);
        foreach (byte[] name in names)
        {
            answer.Blob(name);
        }
    }

    public static void Pending(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        if (!query.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        var rows = new List<TableDescription>();
        using IOrderedCursor cursor = state.Range([Keyspace.CatalogueRow], [Keyspace.CatalogueRow + 1]);
        while (rows.Count < PendingMax && cursor.MoveNext())
        {
            if (TableDescription.TryDecode(cursor.Value.Span) is { IsPending: true } row)
            {
                rows.Add(row);
            }
        }

        TableAnswer.Write(answer, AnswerStatus.Done);
        answer.Count(rows.Count);
        foreach (TableDescription row in rows)
        {
            row.Encode(answer);
        }
    }

    public static TableError NotFound(string name) =>
        TableError.ResourceNotFound($"Requested resource not found: Table: {name} not found");

    public static bool TryRead(
        ref ByteReader command,
        IOrderedState state,
        ByteBuffer answer,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TableDescription? row)
    {
        ulong tableId = command.Fixed64();
        string name = command.Text();
        row = command.IsComplete ? Find(name, state) : null;
        TableAnswer.Write(answer, command.IsComplete ? AnswerStatus.Done : AnswerStatus.Malformed);
        return row is not null && row.Id == tableId;
    }

    public static TableDescription? Find(string name, IOrderedReader state) =>
        state.TryGet(Keyspace.CatalogueKey(name), out ReadOnlyMemory<byte> value) ? TableDescription.TryDecode(value.Span) : null;

    public static void Store(TableDescription row, IOrderedState state)
    {
        var value = new ByteBuffer(128);
        row.Encode(value);
        state.Put(Keyspace.CatalogueKey(row.Name), value.Written);
    }

    private static bool IsFull(IOrderedState state)
    {
        int count = 0;
        using IOrderedCursor cursor = state.Range([Keyspace.CatalogueRow], [Keyspace.CatalogueRow + 1]);
        while (count < TableDescription.MaxTables && cursor.MoveNext())
        {
            count++;
        }

        return count == TableDescription.MaxTables;
    }
}
