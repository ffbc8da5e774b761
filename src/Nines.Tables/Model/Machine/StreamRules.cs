using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// Reads streams. A shard is what one data group has of a stream; the records of an item are all in the shard of its group, in the order of
/// the group's log. Records past their 24 hours are passed over: compactions drop them when they like.
/// </summary>
internal static class StreamRules
{
    private const int ListMax = 100;

    public static void Read(ref ByteReader reader, IOrderedReader state, ByteBuffer answer)
    {
        if (StreamQuery.TryDecode(ref reader) is not { } query)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (!TryOpen(query.TableId, query.StreamId, state, out bool isClosed))
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        var records = new List<PlacedRecord>();
        StreamPlace? first = FirstAlive(query.TableId, query.StreamId, query.From, query.OldestMs, state);
        StreamPlace next = first ?? query.From;
        int bytes = 0;
        bool isFull = false;
        using IOrderedCursor cursor = From(query.TableId, query.StreamId, next, state);
        while (first is not null && !isFull && cursor.MoveNext())
        {
            isFull = records.Count == query.LimitRecords || (records.Count > 0 && bytes + cursor.Value.Length > query.LimitBytes);
            if (!isFull)
            {
                StreamPlace place = PlaceOf(cursor.Key);
                records.Add(new PlacedRecord(place, cursor.Value));
                bytes += cursor.Value.Length;
                next = place.Next;
            }
        }

        StreamAnswer.WriteRecords(answer, isFull ? ShardState.More : isClosed ? ShardState.Ended : ShardState.CaughtUp, next, records);
    }

    public static void Shard(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        ulong tableId = query.Fixed64();
        ulong streamId = query.Varint();
        long oldest = query.Count();
        if (!query.IsComplete)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (!TryOpen(tableId, streamId, state, out bool isClosed))
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        StreamPlace? first = FirstAlive(tableId, streamId, StreamPlace.Start, oldest, state);
        StreamPlace? last = first is null ? null : Last(tableId, streamId, state);
        StreamAnswer.WriteShard(answer, isClosed, first is { } begin && last is { } end ? (begin, end) : null);
    }

    public static void List(ref ByteReader query, IOrderedReader state, ByteBuffer answer)
    {
        string only = query.Text();
        string afterTable = query.Text();
        string afterLabel = query.Text();
        long limit = query.Count();
        long now = query.Count();
        if (!query.IsComplete || limit is < 1 or > ListMax)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        var found = new List<ListedStream>();
        byte[] from = only.Length > 0 ? Keyspace.CatalogueKey(only) : Keyspace.CatalogueKey(afterTable);
        byte[] to = only.Length > 0 ? [.. from, 0] : [Keyspace.CatalogueRow + 1];
        using IOrderedCursor cursor = state.Range(from, to);
        while (found.Count <= limit && cursor.MoveNext())
        {
            if (TableDescription.TryDecode(cursor.Value.Span) is { Status: not TableStatus.Deleting } row)
            {
                found.AddRange(row.Streams.All
                    .Where(stream => stream.IsReadableAt(now) && IsBehind(row.Name, stream.Label, afterTable, afterLabel))
                    .Select(stream => new ListedStream(row.Name, stream.CreatedMs)));
            }
        }

        StreamAnswer.WriteList(answer, found.Count > limit, [.. found.Take((int)limit)]);
    }

    private static bool IsBehind(string table, string label, string afterTable, string afterLabel)
    {
        int order = string.CompareOrdinal(table, afterTable);
        return order > 0 || (order == 0 && string.CompareOrdinal(label, afterLabel) > 0);
    }

    /// <summary>
    /// False: the table is dropped here. A group that was never told of the table has no records of it yet. No record comes any more once a
    /// later shape without the stream is registered: shapes never go back.
    /// </summary>
    private static bool TryOpen(ulong tableId, ulong streamId, IOrderedReader state, out bool isClosed)
    {
        Registration registration = Registration.Of(tableId, state);
        isClosed = false;
        if (registration.IsLive)
        {
            TableShape shape = registration.Shape;
            isClosed = shape.Revision > streamId && shape.Stream?.Id != streamId;
        }

        return registration.State is RegistrationState.Live or RegistrationState.None && tableId != ulong.MaxValue && streamId != ulong.MaxValue;
    }

    /// <summary>
    /// The first record from a place on that is not past its time; null when there is none. A group's time never goes back, so the records
    /// are in the order of their times and the place is found by halving.
    /// </summary>
    private static StreamPlace? FirstAlive(ulong tableId, ulong streamId, StreamPlace from, long oldestMs, IOrderedReader state)
    {
        if (Find(tableId, streamId, from, state) is not { } first)
        {
            return null;
        }

        if (first.TimeMs >= oldestMs)
        {
            return first.Place;
        }

        StreamPlace? alive = null;
        long low = first.Place.Index;
        long high = Last(tableId, streamId, state)!.Value.Index;
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            (StreamPlace Place, long TimeMs) at = Find(tableId, streamId, new StreamPlace(middle, 0), state)!.Value;
            if (at.TimeMs >= oldestMs)
            {
                alive = at.Place;
                high = middle - 1;
            }
            else
            {
                low = at.Place.Index;
            }
        }

        return alive;
    }

    private static (StreamPlace Place, long TimeMs)? Find(ulong tableId, ulong streamId, StreamPlace from, IOrderedReader state)
    {
        using IOrderedCursor cursor = From(tableId, streamId, from, state);

        // A record that cannot be read is not passed over: who reads it is told.
        return cursor.MoveNext() ? (PlaceOf(cursor.Key), StreamRecord.TimeOf(cursor.Value.Span) ?? long.MaxValue) : null;
    }

    private static StreamPlace? Last(ulong tableId, ulong streamId, IOrderedReader state)
    {
        using IOrderedCursor cursor = state.Range(
            Keyspace.OfStreamRecord(tableId, streamId, LogIndex.Zero, 0), Keyspace.OfStreamRecord(tableId, streamId + 1, LogIndex.Zero, 0),
            reverse: true);
        return cursor.MoveNext() ? PlaceOf(cursor.Key) : null;
    }

    private static IOrderedCursor From(ulong tableId, ulong streamId, StreamPlace place, IOrderedReader state) => state.Range(
        Keyspace.OfStreamRecord(tableId, streamId, new LogIndex(place.Index), place.Number),
        Keyspace.OfStreamRecord(tableId, streamId + 1, LogIndex.Zero, 0));

    private static StreamPlace PlaceOf(ReadOnlySpan<byte> key) =>
        new(BinaryPrimitives.ReadInt64BigEndian(key[^10..]), BinaryPrimitives.ReadUInt16BigEndian(key[^2..]));
}
