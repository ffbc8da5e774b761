using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>Reads a page of items of one group, for Query and Scan.</summary>
internal static class PageRules
{
    private const int ReadUnitBytes = 4096;

    public static void Read(ref ByteReader reader, IOrderedReader state, ByteBuffer answer)
    {
        if (PageQuery.TryDecode(ref reader) is not { } query || query.TableId == ulong.MaxValue)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        Registration registration = Registration.Of(query.TableId, state);
        TableShape? shape = registration.IsLive && query.IndexId != 0 ? registration.Shape : null;
        if (!registration.IsLive || (query.IndexId != 0 && shape!.IndexOf(query.IndexId) is null))
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        byte[] from = KeyOf(query, query.From.Span);
        byte[] to = query.To.IsEmpty ? EndOf(query) : KeyOf(query, query.To.Span);
        if (from.AsSpan().SequenceCompareTo(to) >= 0)
        {
            PageAnswer.Write(answer, default);
            return;
        }

        using IOrderedCursor cursor = state.Range(from, to, (query.Flags & PageFlags.Reverse) != 0);
        TableSchema? fetched = (query.Flags & PageFlags.Fetch) != 0 && shape is not null
            ? new TableSchema(query.TableId, "", shape.Hash, shape.Range)
            : null;
        if (!new Page(query, fetched, state).TryFill(cursor, answer))
        {
            TableAnswer.Write(answer, AnswerStatus.Damaged);
        }
    }

    private static byte[] KeyOf(PageQuery query, ReadOnlySpan<byte> place) => query.IndexId == 0
        ? Keyspace.OfItem(Keyspace.Item, query.TableId, place)
        : Keyspace.OfIndexEntry(query.TableId, query.IndexId, place);

    private static byte[] EndOf(PageQuery query) => query.IndexId == 0
        ? Keyspace.OfItem(Keyspace.Item, query.TableId + 1, [])
        : Keyspace.OfIndexEntry(query.TableId, query.IndexId + 1, []);

    /// <param name="query">What is asked for.</param>
    /// <param name="fetched">The table whose items are read for the entries of an index; null: entries are returned as they are.</param>
    /// <param name="state">Where those items are.</param>
    private sealed class Page(PageQuery query, TableSchema? fetched, IOrderedReader state)
    {
        private readonly bool _returnsItems = (query.Flags & PageFlags.CountOnly) == 0;
        private readonly bool _isPlain = query.Filter is null && query.Projection is null && fetched is null;
        private readonly ByteBuffer _items = new(4096);
        private PageTotals _totals;
        private ReadOnlyMemory<byte> _last;

        private bool IsFull =>
            (query.LimitItems > 0 && _totals.Scanned >= query.LimitItems) || _totals.Bytes >= query.LimitBytes;

        public bool TryFill(IOrderedCursor cursor, ByteBuffer answer)
        {
            while (!IsFull)
            {
                if (!cursor.MoveNext())
                {
                    PageAnswer.Write(answer, _totals, _items.Written);
                    return true;
                }

                if (!TryTake(cursor.Value))
                {
                    return false;
                }

                _last = cursor.Value;
            }

            if (!ItemCodec.TryDecode(_last, out Item last))
            {
                return false;
            }

            PageAnswer.Write(answer, _totals, _items.Written, KeyOf(last));
            return true;
        }

        private bool TryTake(ReadOnlyMemory<byte> stored)
        {
            if (_isPlain)
            {
                if (EncodedItemSize.Of(stored) is not { } size)
                {
                    return false;
                }

                Count(size, isReturned: true);
                if (_returnsItems)
                {
                    _items.Blob(stored.Span);
                }

                return true;
            }

            if (!ItemCodec.TryDecode(stored, out Item item))
            {
                return false;
            }

            long weight = ItemSize.Of(item);
            if (fetched is not null && !TryFetch(ref stored, ref item))
            {
                return false;
            }

            bool isReturned = query.Filter?.Evaluate(item) ?? true;
            Count(weight, isReturned);
            if (isReturned && _returnsItems)
            {
                Add(stored, item);
            }

            return true;
        }

        /// <summary>Goes from an entry to its item, which a local index always has at its side.</summary>
        private bool TryFetch(ref ReadOnlyMemory<byte> stored, ref Item item)
        {
            if (KeyRules.CheckItem(fetched!, item) is not null)
            {
                return false;
            }

            byte[] key = Keyspace.OfItem(Keyspace.Item, fetched!.Id, KeyRules.Place(fetched, item));
            if (!state.TryGet(key, out stored) || !ItemCodec.TryDecode(stored, out item))
            {
                return false;
            }

            long size = ItemSize.Of(item);
            long units = Math.Max(1, (size + ReadUnitBytes - 1) / ReadUnitBytes);
            _totals = _totals with { Bytes = _totals.Bytes + size, FetchedBytes = _totals.FetchedBytes + size, FetchedUnits = _totals.FetchedUnits + units };
            return true;
        }

        private void Add(ReadOnlyMemory<byte> stored, Item item)
        {
            if (query.Projection is null)
            {
                _items.Blob(stored.Span);
                return;
            }

            var projected = new ByteBuffer(Math.Max(64, stored.Length));
            ItemCodec.Encode(query.Projection.Apply(item), projected);
            _items.Blob(projected.Written);
        }

        private void Count(long size, bool isReturned) => _totals = _totals with
        {
            Scanned = _totals.Scanned + 1,
            Returned = _totals.Returned + (isReturned ? 1 : 0),
            Bytes = _totals.Bytes + size,
        };

        private Item KeyOf(Item item)
        {
            var key = new ItemBuilder(query.KeyNames.Count);
            foreach (string name in query.KeyNames)
            {
                if (item[name] is { } value)
                {
                    key.Add(name, value);
                }
            }

            return key.Build();
        }
    }
}
