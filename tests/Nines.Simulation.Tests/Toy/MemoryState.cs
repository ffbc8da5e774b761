using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>An ordered state in memory, for tests of state machines without a store.</summary>
internal sealed class MemoryState : IOrderedState
{
    private readonly SortedDictionary<byte[], byte[]> _items = new(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        bool found = _items.TryGetValue(key.ToArray(), out byte[]? bytes);
        value = bytes;
        return found;
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _items[key.ToArray()] = value.ToArray();

    public void Delete(ReadOnlySpan<byte> key) => _items.Remove(key.ToArray());

    public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) => false;

    public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false)
    {
        byte[] low = from.ToArray();
        byte[] high = to.ToArray();
        List<KeyValuePair<byte[], byte[]>> items = [.. _items.Where(
            i => i.Key.AsSpan().SequenceCompareTo(low) >= 0 && (high.Length == 0 || i.Key.AsSpan().SequenceCompareTo(high) < 0))];
        if (reverse)
        {
            items.Reverse();
        }

        return new Cursor(items);
    }

    private sealed class Cursor(List<KeyValuePair<byte[], byte[]>> items) : IOrderedCursor
    {
        private int _at = -1;

        public ReadOnlySpan<byte> Key => items[_at].Key;

        public ReadOnlyMemory<byte> Value => items[_at].Value;

        public bool MoveNext() => ++_at < items.Count;

        public void Dispose()
        {
        }
    }
}
