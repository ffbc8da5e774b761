using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// Sorted entries in one piece of a table file: what is read, checked and cached together. Also the form of a table's index.
/// The bytes that all keys of the block share are stored once; an array of offsets at the end allows binary search and walks in
/// both directions.
/// <code>
/// prefix: blob | entry … entry | offset of each entry: u32 … | number of entries: u32
/// entry:  suffix length: varint | value length + 1, or 0 for a deletion: varint | suffix | value
/// </code>
/// Immutable; the layout is checked once, when the block is parsed, so that reading it needs no checks of its own.
/// </summary>
internal sealed class Block
{
    private readonly byte[] _bytes;
    private readonly int _prefixOffset;
    private readonly int _prefixLength;
    private readonly int _offsetsAt;

    private Block(byte[] bytes, int prefixOffset, int prefixLength, int offsetsAt, int count)
    {
        _bytes = bytes;
        _prefixOffset = prefixOffset;
        _prefixLength = prefixLength;
        _offsetsAt = offsetsAt;
        Count = count;
    }

    /// <summary>At least one.</summary>
    public int Count { get; }

    public ReadOnlySpan<byte> Prefix => _bytes.AsSpan(_prefixOffset, _prefixLength);

    /// <summary>Null when the bytes are not a block with rising keys.</summary>
    public static Block? Parse(byte[] bytes)
    {
        if (bytes.Length < sizeof(uint))
        {
            return null;
        }

        uint count = ReadU32(bytes, bytes.Length - sizeof(uint));
        if (count == 0 || count > (bytes.Length - sizeof(uint)) / sizeof(uint))
        {
            return null;
        }

        int offsetsAt = bytes.Length - sizeof(uint) - ((int)count * sizeof(uint));
        var reader = new ByteReader(bytes.AsSpan(0, offsetsAt));
        int prefixLength = reader.Blob().Length;
        if (reader.Failed)
        {
            return null;
        }

        var block = new Block(bytes, reader.Offset - prefixLength, prefixLength, offsetsAt, (int)count);
        return block.IsWellFormed(reader.Offset) ? block : null;
    }

    public BlockEntry Entry(int number)
    {
        int at = (int)ReadU32(_bytes, _offsetsAt + (number * sizeof(uint)));
        var reader = new ByteReader(_bytes.AsSpan(at, _offsetsAt - at));
        int suffixLength = (int)reader.Varint();
        int valueLength = (int)reader.Varint() - 1;
        int suffixAt = at + reader.Offset;
        return new BlockEntry(suffixAt, suffixLength, suffixAt + suffixLength, valueLength);
    }

    public ReadOnlySpan<byte> Suffix(in BlockEntry entry) => _bytes.AsSpan(entry.SuffixAt, entry.SuffixLength);

    public ReadOnlyMemory<byte> Value(in BlockEntry entry) =>
        entry.IsTombstone ? default : _bytes.AsMemory(entry.ValueAt, entry.ValueLength);

    public ReadOnlySpan<byte> ValueSpan(in BlockEntry entry) =>
        entry.IsTombstone ? default : _bytes.AsSpan(entry.ValueAt, entry.ValueLength);

    /// <summary>The number of the first entry at or after the key; <see cref="Count"/> for none.</summary>
    public int LowerBound(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> prefix = Prefix;
        int common = Math.Min(prefix.Length, key.Length);
        int order = prefix[..common].SequenceCompareTo(key[..common]);
        if (order != 0 || key.Length < prefix.Length)
        {
            return order < 0 ? Count : 0;
        }

        ReadOnlySpan<byte> suffix = key[common..];
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            if (Suffix(Entry(middle)).SequenceCompareTo(suffix) < 0)
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

    public bool KeyEquals(in BlockEntry entry, ReadOnlySpan<byte> key) =>
        key.Length == _prefixLength + entry.SuffixLength
        && key[_prefixLength..].SequenceEqual(Suffix(entry))
        && key[.._prefixLength].SequenceEqual(Prefix);

    public byte[] KeyOf(int number) => [.. Prefix, .. Suffix(Entry(number))];

    /// <summary>The entries fill the room between prefix and offsets exactly, one behind the other, with rising keys.</summary>
    private bool IsWellFormed(int at)
    {
        ReadOnlySpan<byte> previous = default;
        for (int i = 0; i < Count; i++)
        {
            if (ReadU32(_bytes, _offsetsAt + (i * sizeof(uint))) != (uint)at)
            {
                return false;
            }

            var reader = new ByteReader(_bytes.AsSpan(at, _offsetsAt - at));
            ulong suffixLength = reader.Varint();
            ulong valueLength = reader.Varint();
            ulong left = (ulong)reader.Left;
            if (reader.Failed || suffixLength > left || (valueLength > 0 && valueLength - 1 > left - suffixLength))
            {
                return false;
            }

            int suffixAt = at + reader.Offset;
            ReadOnlySpan<byte> suffix = _bytes.AsSpan(suffixAt, (int)suffixLength);
            if (i > 0 && previous.SequenceCompareTo(suffix) >= 0)
            {
                return false;
            }

            previous = suffix;
            at = suffixAt + (int)suffixLength + (valueLength == 0 ? 0 : (int)valueLength - 1);
        }

        return at == _offsetsAt;
    }

    private static uint ReadU32(byte[] bytes, int at) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at, sizeof(uint)));
}

/// <summary>Where an entry of a block lies.</summary>
internal readonly record struct BlockEntry(int SuffixAt, int SuffixLength, int ValueAt, int ValueLength)
{
    public bool IsTombstone => ValueLength < 0;
}

/// <summary>Collects entries with rising keys into a block.</summary>
internal sealed class BlockBuilder
{
    private readonly ByteBuffer _keys = new(4096);
    private readonly ByteBuffer _values = new(16384);
    private readonly List<(int KeyLength, int ValueLength)> _entries = [];

    public int Count => _entries.Count;

    /// <summary>The finished size, before the common prefix is taken out.</summary>
    public int Bytes => _keys.Length + _values.Length + (_entries.Count * (sizeof(uint) + 3)) + sizeof(uint);

    public ReadOnlySpan<byte> LastKey => _keys.Written[^_entries[^1].KeyLength..];

    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone)
    {
        Invariant.Assert(_entries.Count == 0 || LastKey.SequenceCompareTo(key) < 0);
        _keys.Raw(key);
        _values.Raw(value);
        _entries.Add((key.Length, isTombstone ? -1 : value.Length));
    }

    /// <summary>Writes the block and starts the next one.</summary>
    public void Finish(ByteBuffer output)
    {
        int start = output.Length;
        ReadOnlySpan<byte> keys = _keys.Written;

        // Keys rise, so what the first and the last share is shared by all between.
        int shared = keys[.._entries[0].KeyLength].CommonPrefixLength(LastKey);
        output.Blob(keys[..shared]);
        Span<uint> offsets = new uint[_entries.Count];
        int keyAt = 0;
        int valueAt = 0;
        for (int i = 0; i < _entries.Count; i++)
        {
            (int keyLength, int valueLength) = _entries[i];
            offsets[i] = (uint)(output.Length - start);
            output.Count(keyLength - shared);
            output.Count(valueLength + 1);
            output.Raw(keys.Slice(keyAt + shared, keyLength - shared));
            keyAt += keyLength;
            if (valueLength > 0)
            {
                output.Raw(_values.Written.Slice(valueAt, valueLength));
                valueAt += valueLength;
            }
        }

        foreach (uint offset in offsets)
        {
            output.Fixed32(offset);
        }

        output.Fixed32((uint)_entries.Count);
        Clear();
    }

    private void Clear()
    {
        _keys.Clear();
        _values.Clear();
        _entries.Clear();
    }
}
