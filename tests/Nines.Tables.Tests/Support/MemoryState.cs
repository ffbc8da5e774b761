using Nines.Kernel;

namespace Nines.Tables.Tests.Support;

/// <summary>An ordered map in memory, for one group.</summary>
public sealed class MemoryState : IOrderedState
{
    private sealed class UnsignedBytes : IComparer<byte[]>
    {
        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }

    private readonly SortedList<byte[], byte[]> _entries = new(new UnsignedBytes());
    private readonly SortedList<byte[], LogIndex> _written = new(new UnsignedBytes());

    public int Count => _entries.Count;

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        bool found = _entries.TryGetValue(key.ToArray(), out byte[]? bytes);
        value = bytes;
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
        var found = new List<KeyValuePair<byte[], byte[]>>();
        for (int i = FirstAtOrBehind(from); i < _entries.Count; i++)
        {
            if (!to.IsEmpty && _entries.Keys[i].AsSpan().SequenceCompareTo(to) >= 0)
            {
                break;
            }

            found.Add(new(_entries.Keys[i], _entries.Values[i]));
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
            if (_entries.Keys[middle].AsSpan().SequenceCompareTo(key) < 0)
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
