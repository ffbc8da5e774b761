using Nines.Kernel;

namespace Nines.Fuzz;

/// <summary>An ordered map in memory, for one group.</summary>
internal sealed class MemoryState : IOrderedState
{
    private static readonly Comparer<byte[]> Order = Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y));

    private readonly SortedList<byte[], byte[]> _entries = new(Order);
    private readonly SortedList<byte[], LogIndex> _written = new(Order);

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        int at = FirstAtOrBehind(key);
        bool found = at < _entries.Count && _entries.GetKeyAtIndex(at).AsSpan().SequenceEqual(key);
        value = found ? _entries.GetValueAtIndex(at) : default;
        return found;
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _entries[key.ToArray()] = value.ToArray();
        _written[key.ToArray()] = Position;
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        _entries.Remove(key.ToArray());
        _written[key.ToArray()] = Position;
    }

    /// <summary>The index of the command that is applied.</summary>
    public LogIndex Position { get; set; }

    public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) =>
        !_written.TryGetValue(key.ToArray(), out LogIndex written) || written <= since;

    public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false)
    {
        int first = FirstAtOrBehind(from);
        int end = to.IsEmpty ? _entries.Count : Math.Max(first, FirstAtOrBehind(to));
        var found = new List<KeyValuePair<byte[], byte[]>>();
        for (int i = first; i < end; i++)
        {
            found.Add(new(_entries.GetKeyAtIndex(i), _entries.GetValueAtIndex(i)));
        }

        if (reverse)
        {
            found.Reverse();
        }

        return new Cursor(found);
    }

    /// <summary>A checksum over all keys and values, which equal states share.</summary>
    public uint Hash()
    {
        uint crc = Crc32C.Start;
        foreach ((byte[] key, byte[] value) in _entries)
        {
            crc = Crc32C.Add(crc, BitConverter.GetBytes(key.Length));
            crc = Crc32C.Add(crc, key);
            crc = Crc32C.Add(crc, BitConverter.GetBytes(value.Length));
            crc = Crc32C.Add(crc, value);
        }

        return Crc32C.Finish(crc);
    }

    private int FirstAtOrBehind(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_entries.GetKeyAtIndex(middle).AsSpan().SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private sealed class Cursor(List<KeyValuePair<byte[], byte[]>> entries) : IOrderedCursor
    {
        private int _at = -1;

        public ReadOnlySpan<byte> Key => entries[_at].Key;

        public ReadOnlyMemory<byte> Value => entries[_at].Value;

        public bool MoveNext() => ++_at < entries.Count;

        public void Dispose()
        {
        }
    }
}
