using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>Reads a page of items of one group, for Query and Scan.</summary>
internal static class PageRules
{
    public static void Read(ref ByteReader reader, IOrderedReader state, ByteBuffer answer)
    {
        if (PageQuery.TryDecode(ref reader) is not { } query || query.TableId == ulong.MaxValue)
        {
            TableAnswer.Write(answer, AnswerStatus.Malformed);
            return;
        }

        if (!Registration.Of(query.TableId, state).IsLive)
        {
            TableAnswer.Write(answer, AnswerStatus.UnknownTable);
            return;
        }

        byte[] from = new byte[Keyspace.ItemPrefixLength + query.From.Length];
        Keyspace.ItemPrefix(query.TableId, from);
        query.From.Span.CopyTo(from.AsSpan(Keyspace.ItemPrefixLength));
        byte[] to = new byte[Keyspace.ItemPrefixLength + query.To.Length];
        if (query.To.IsEmpty)
        {
            Keyspace.ItemPrefixEnd(query.TableId, to);
        }
        else
        {
            Keyspace.ItemPrefix(query.TableId, to);
            query.To.Span.CopyTo(to.AsSpan(Keyspace.ItemPrefixLength));
        }

        if (from.AsSpan().SequenceCompareTo(to) >= 0)
        {
            PageAnswer.Write(answer, default);
            return;
        }

        using IOrderedCursor cursor = state.Range(from, to, (query.Flags & PageFlags.Reverse) != 0);
        if (!new Page(query).TryFill(cursor, answer))
        {
            TableAnswer.Write(answer, AnswerStatus.Damaged);
        }
    }

    private sealed class Page(PageQuery query)
    {
        private readonly bool _returnsItems = (query.Flags & PageFlags.CountOnly) == 0;
        private readonly bool _isPlain = query.Filter is null && query.Projection is null;
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

            bool isReturned = query.Filter?.Evaluate(item) ?? true;
            Count(ItemSize.Of(item), isReturned);
            if (isReturned && _returnsItems)
            {
                Add(stored, item);
            }

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

        private void Count(long size, bool isReturned) => _totals = new PageTotals(
            _totals.Scanned + 1, _totals.Returned + (isReturned ? 1 : 0), _totals.Bytes + size);

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
