using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Writes items, and with each everything that hangs on it: entries of local indexes, what is to be sent to global ones, the stream record,
/// the place in the queue of what expires. All of it is part of the one step that the command is, so none is ever lost or left over.
/// One for each command: it numbers the changes of the command.
/// </summary>
internal ref struct ItemWriter(in CommandContext context, IOrderedState state)
{
    private readonly CommandContext _context = context;
    private int _number;

    /// <summary>Something is to be sent to other groups.</summary>
    public bool HasOutbox { get; private set; }

    /// <summary>The time of the command, milliseconds since 1970.</summary>
    public readonly long TimeMs => _context.TimeMs;

    /// <summary>Time to live deletes, not a client.</summary>
    public bool IsByService { get; init; }

    /// <summary>Takes an item from what it was to what it is to be; null: it is not there.</summary>
    public void Write(ulong tableId, in Registration registration, ReadOnlySpan<byte> itemKey, Item? old, Item? updated) =>
        Write(tableId, registration.IsPlain ? null : registration.Shape, itemKey, old, updated);

    /// <summary>The same, by who has read the shape already; null: nothing hangs on items.</summary>
    public void Write(ulong tableId, TableShape? shape, ReadOnlySpan<byte> itemKey, Item? old, Item? updated)
    {
        if (old is null && updated is null)
        {
            return;
        }

        byte[] place = Keyspace.OfItem(Keyspace.Item, tableId, itemKey);
        if (updated is null)
        {
            state.Delete(place);
        }
        else
        {
            state.Put(place, Encoded(updated));
        }

        if (shape is not null && !Equals(old, updated))
        {
            WriteIndexes(tableId, shape, shape.Indexes, itemKey, old, updated);
            WriteStream(tableId, shape, old, updated);
            WriteExpiry(tableId, shape, itemKey, old, updated);
            _number++;
        }
        else if (shape is not null && Planted.Is(PlantedBug.NoopStreamRecord))
        {
            WriteStream(tableId, shape, old, updated);
            _number++;
        }
    }

    /// <summary>Makes the entries of indexes that were added to a table which has the item already.</summary>
    public void Fill(ulong tableId, TableShape shape, IReadOnlyList<IndexShape> indexes, ReadOnlySpan<byte> itemKey, Item item)
    {
        WriteIndexes(tableId, shape, indexes, itemKey, null, item);
        _number++;
    }

    /// <summary>Puts an item that the table has already into the queue of what expires.</summary>
    public readonly void FillExpiry(ulong tableId, TableShape shape, ReadOnlySpan<byte> itemKey, Item item) =>
        WriteExpiry(tableId, shape, itemKey, null, item);

    private void WriteIndexes(
        ulong tableId, TableShape shape, IReadOnlyList<IndexShape> indexes, ReadOnlySpan<byte> itemKey, Item? old, Item? updated)
    {
        if (indexes.Count == 0)
        {
            return;
        }

        var here = new List<IndexEdit>();
        var elsewhere = new List<IndexEdit>();
        foreach (IndexShape index in indexes)
        {
            IndexEntries.Add(index.IsGlobal ? elsewhere : here, tableId, shape, index, itemKey, old, updated);
        }

        foreach (IndexEdit edit in here)
        {
            Apply(tableId, edit, state);
        }

        Send(tableId, elsewhere);
    }

    /// <summary>What is for other groups. Items may be large and indexes many: an entry that would be too large is several.</summary>
    private void Send(ulong tableId, List<IndexEdit> edits)
    {
        int from = 0;
        while (from < edits.Count)
        {
            int to = from;
            for (long bytes = 0; to < edits.Count && (to == from || bytes + edits[to].Item.Length <= Outbox.EntryBytesMax); to++)
            {
                bytes += edits[to].Item.Length;
            }

            var entry = new ByteBuffer(512);
            new OutboxEntry(Math.Max(0, _context.TimeMs), tableId, edits.GetRange(from, to - from)).Encode(entry);
            Outbox.Add(state, _context.Position, _number++, entry.Written);
            HasOutbox = true;
            from = to;
        }
    }

    /// <summary>Writes or deletes an entry of an index.</summary>
    public static void Apply(ulong tableId, in IndexEdit edit, IOrderedState state)
    {
        byte[] key = Keyspace.OfIndexEntry(tableId, edit.IndexId, edit.Place);
        if (edit.Item.IsEmpty)
        {
            state.Delete(key);
        }
        else
        {
            state.Put(key, edit.Item.Span);
        }
    }

    private readonly void WriteStream(ulong tableId, TableShape shape, Item? old, Item? updated)
    {
        if (shape.Stream is not { } stream)
        {
            return;
        }

        StreamEvent happened = old is null ? StreamEvent.Insert : updated is null ? StreamEvent.Remove : StreamEvent.Modify;
        bool showsNew = updated is not null && stream.View is StreamView.NewImage or StreamView.NewAndOldImages;
        bool showsOld = old is not null && stream.View is StreamView.OldImage or StreamView.NewAndOldImages;
        var record = new StreamRecord(happened, Math.Max(0, _context.TimeMs), Encoded(KeysOf(shape, updated ?? old!)))
        {
            IsByService = IsByService,
            NewImage = showsNew ? Encoded(updated!) : default,
            OldImage = showsOld ? Encoded(old!) : default,
        };
        var bytes = new ByteBuffer(512);
        record.Encode(bytes);
        state.Put(Keyspace.OfStreamRecord(tableId, stream.Id, _context.Position, _number), bytes.Written);
    }

    private readonly void WriteExpiry(ulong tableId, TableShape shape, ReadOnlySpan<byte> itemKey, Item? old, Item? updated)
    {
        if (shape.ExpiryAttribute is not { } attribute)
        {
            return;
        }

        long? before = old is null ? null : ExpiryOf(old, attribute);
        long? after = updated is null ? null : ExpiryOf(updated, attribute);
        if (before == after)
        {
            return;
        }

        if (before is { } was)
        {
            state.Delete(Keyspace.OfExpiry(was, tableId, itemKey));
        }

        if (after is { } becomes)
        {
            state.Put(Keyspace.OfExpiry(becomes, tableId, itemKey), []);
        }
    }

    /// <summary>The second at which an item expires; null: never, because it says none or nothing that is a number of seconds.</summary>
    public static long? ExpiryOf(Item item, string attribute) =>
        item[attribute] is NumberValue { Number: { IsNegative: false } number } ? number.TryTruncate() : null;

    /// <summary>The item's key; the door lets no item in without it, so one is missing only in commands of somebody else.</summary>
    private static Item KeysOf(TableShape shape, Item item)
    {
        var keys = new ItemBuilder(2);
        foreach (KeyAttribute? attribute in (ReadOnlySpan<KeyAttribute?>)[shape.Hash, shape.Range])
        {
            if (attribute is { } key && item[key.Name] is { } value)
            {
                keys.Add(key.Name, value);
            }
        }

        return keys.Build();
    }

    private static byte[] Encoded(Item item)
    {
        var encoded = new ByteBuffer(256);
        ItemCodec.Encode(item, encoded);
        return encoded.ToArray();
    }
}
