using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Fills an index that is added to a table with items, and deletes the entries of one that goes, a bounded number at a time. Both are
/// commands in the group's own order, after the shape that has, or no longer has, the index: writes meanwhile keep the index, or leave
/// it alone, by themselves.
/// </summary>
internal static class IndexFilling
{
    private const int FillItemsMax = 128;
    private const long FillBytesMax = 256 << 10;

    /// <summary>
    /// BackfillIndex: the index entries of the next items. How far it came is kept beside the items, so that several that carry an index
    /// on share the work. While much waits to be sent nothing is done, and the asker comes back.
    /// </summary>
    public static void Fill(in CommandContext context, ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        ulong indexId = command.Varint();
        if (!command.IsComplete || tableId == ulong.MaxValue)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration registration = Registration.Of(tableId, state);
        TableShape? shape = registration.IsLive ? registration.Shape : null;
        if (registration.State == RegistrationState.None || shape?.Revision < IndexShape.RevisionOf(indexId))
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        if (shape?.IndexOf(indexId) is not { } index)
        {
            // The table or the index is going again: there is nothing to fill.
            new FillAnswer(LogIndex.Zero, IsWaiting: false, IsFilled: true).Write(answer, hasWork: false);
            return;
        }

        byte[] key = Keyspace.OfIndexFill(tableId, indexId);
        var soFar = FillProgress.Of(key, state);
        if (soFar.IsFilled || Outbox.IsBusy(state))
        {
            new FillAnswer(soFar.Last, IsWaiting: !soFar.IsFilled, soFar.IsFilled).Write(answer, hasWork: true);
            return;
        }

        if (NextItems(tableId, soFar.Next, state, out byte[]? next) is not { } items)
        {
            TableAnswer.Write(answer, AnswerStatus.Damaged);
            return;
        }

        var writer = new ItemWriter(context, state);
        foreach ((byte[] itemKey, Item item) in items)
        {
            writer.Fill(tableId, shape, [index], itemKey, item);
        }

        var now = new FillProgress(writer.HasOutbox ? context.Position : soFar.Last, next);
        now.Store(key, state);
        new FillAnswer(now.Last, IsWaiting: false, now.IsFilled).Write(answer, writer.HasOutbox);
    }

    /// <summary>ClearIndex: deletes entries of an index that this group no longer keeps; the answer says whether more are left.</summary>
    public static void Clear(ref ByteReader command, IOrderedState state, ByteBuffer answer)
    {
        ulong tableId = command.Fixed64();
        ulong indexId = command.Varint();
        if (!command.IsComplete || indexId == ulong.MaxValue)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration registration = Registration.Of(tableId, state);
        if (registration.State == RegistrationState.None
            || (registration.IsLive && (registration.Shape.IndexOf(indexId) is not null || registration.Shape.Revision < IndexShape.RevisionOf(indexId))))
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        var keys = new List<byte[]>();
        using (IOrderedCursor cursor = state.Range(Keyspace.OfIndexEntry(tableId, indexId, []), Keyspace.OfIndexEntry(tableId, indexId + 1, [])))
        {
            while (keys.Count < TableCommand.DropItemsMax && cursor.MoveNext())
            {
                keys.Add(cursor.Key.ToArray());
            }
        }

        foreach (byte[] key in keys)
        {
            state.Delete(key);
        }

        bool more = keys.Count == TableCommand.DropItemsMax;
        if (!more)
        {
            state.Delete(Keyspace.OfIndexFill(tableId, indexId));
        }

        TableAnswer.WriteMore(answer, more);
    }

    /// <summary>The next items; null when one cannot be read.</summary>
    private static List<(byte[] Key, Item Item)>? NextItems(ulong tableId, byte[] from, IOrderedState state, out byte[]? next)
    {
        Span<byte> end = stackalloc byte[Keyspace.ItemPrefixLength];
        Keyspace.ItemPrefixEnd(tableId, end);
        using IOrderedCursor cursor = state.Range(Keyspace.OfItem(Keyspace.Item, tableId, from), end);
        var items = new List<(byte[], Item)>();
        long bytes = 0;
        next = null;
        while (cursor.MoveNext())
        {
            byte[] key = cursor.Key[Keyspace.ItemPrefixLength..].ToArray();
            if (items.Count == FillItemsMax || bytes >= FillBytesMax)
            {
                next = key;
                break;
            }

            // An item's values share the memory they are read from, which the state may need again.
            if (!ItemCodec.TryDecode(cursor.Value.ToArray(), out Item item))
            {
                return null;
            }

            items.Add((key, item));
            bytes += cursor.Value.Length;
        }

        return items;
    }

    /// <summary>
    /// How far an index is filled in this group.
    /// <code>
    ///   version 1 | log index of the last command that left something to send n | next item key blob; empty: all are filled in
    /// </code>
    /// </summary>
    private readonly record struct FillProgress(LogIndex Last, byte[]? NextKey)
    {
        private const byte Version = 1;

        public bool IsFilled => NextKey is null;

        public byte[] Next => NextKey ?? [];

        public static FillProgress Of(byte[] key, IOrderedReader state)
        {
            if (!state.TryGet(key, out ReadOnlyMemory<byte> value))
            {
                return new FillProgress(LogIndex.Zero, []);
            }

            var reader = new ByteReader(value);
            byte version = reader.Byte();
            var last = new LogIndex(reader.Count());
            byte[] next = reader.Blob().ToArray();
            Invariant.Assert(version == Version && reader.IsComplete);
            return new FillProgress(last, next.Length == 0 ? null : next);
        }

        public void Store(byte[] key, IOrderedState state)
        {
            var value = new ByteBuffer(64);
            value.Byte(Version);
            value.Count(Last.Value);
            value.Blob(NextKey);
            state.Put(key, value.Written);
        }
    }
}

/// <summary>
/// The answer to BackfillIndex.
/// <code>
///   00 | flags u8 (4 the leader has work to see to) | state u8 (0 more, 1 waiting, 2 filled) | log index n
/// </code>
/// </summary>
/// <param name="Last">The last command that left something to send.</param>
/// <param name="IsWaiting">Nothing was done: much waits to be sent.</param>
/// <param name="IsFilled">All items are filled in.</param>
public readonly record struct FillAnswer(LogIndex Last, bool IsWaiting, bool IsFilled)
{
    private const byte Waiting = 1;
    private const byte Filled = 2;

    /// <summary>Appends the answer.</summary>
    public void Write(ByteBuffer to, bool hasWork)
    {
        TableAnswer.BeginItem(to, null, hasItem: false, hasWork);
        to.Byte(IsFilled ? Filled : IsWaiting ? Waiting : (byte)0);
        to.Count(Last.Value);
    }

    /// <summary>Reads an answer; null when the bytes are none.</summary>
    public static FillAnswer? TryRead(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        _ = reader.Byte();
        byte now = reader.Byte();
        long last = reader.Count();
        return done && reader.IsComplete && now <= Filled ? new FillAnswer(new LogIndex(last), now == Waiting, now == Filled) : null;
    }
}
