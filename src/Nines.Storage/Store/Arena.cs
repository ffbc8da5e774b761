using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// Append-only memory in large arrays, so that a memtable of a million entries is a hundred objects to the collector.
/// One writer appends; any number of readers follow references that the writer published. Nothing is ever moved or
/// overwritten, so memory handed out stays valid as long as somebody holds it.
/// Chunks start small, because an idle group should cost nothing, and double up to a bound.
/// </summary>
internal sealed class ByteArena
{
    private const int FirstChunkBytes = 4 << 10;
    private const int MaxChunkBytes = 256 << 10;

    private byte[][] _chunks = [];
    private int _used;

    /// <summary>Memory held, the unused rest of the last chunk included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes room for the given number of bytes; the writer fills it before it publishes the place.</summary>
    public Span<byte> Allocate(int length, out int chunk, out int offset)
    {
        if (_chunks.Length == 0 || _chunks[^1].Length - _used < length)
        {
            AddChunk(length);
        }

        chunk = _chunks.Length - 1;
        offset = _used;
        _used += length;
        return _chunks[chunk].AsSpan(offset, length);
    }

    public ReadOnlyMemory<byte> Memory(int chunk, int offset, int length) =>
        Volatile.Read(ref _chunks)[chunk].AsMemory(offset, length);

    private void AddChunk(int atLeast)
    {
        int wanted = _chunks.Length == 0 ? FirstChunkBytes : Math.Min(_chunks[^1].Length * 2, MaxChunkBytes);
        byte[] chunk = GC.AllocateUninitializedArray<byte>(Math.Max(wanted, atLeast));
        byte[][] chunks = [.. _chunks, chunk];
        Volatile.Write(ref _chunks, chunks);
        _used = 0;
        Bytes += chunk.Length;
    }
}

/// <summary>
/// The arena of the skip list's nodes: 32-bit words, so that links can be read and written atomically. A reference is the
/// number of a chunk and of a word in it; 0 is "no node". A node larger than a chunk gets one of its own.
/// </summary>
internal sealed class WordArena
{
    private const int IndexBits = 16;
    private const int MaxChunkWords = 1 << IndexBits;
    private const int FirstChunkWords = 1 << 9;

    private int[][] _chunks = [new int[FirstChunkWords]];
    private int _used = 1;

    public long Bytes { get; private set; } = FirstChunkWords * sizeof(int);

    /// <summary>Takes zeroed words.</summary>
    public int Allocate(int words)
    {
        if (_chunks[^1].Length - _used < words)
        {
            int[] chunk = new int[Math.Max(words, Math.Min(_chunks[^1].Length * 2, MaxChunkWords))];
            Invariant.Assert(_chunks.Length < int.MaxValue >> IndexBits);
            int[][] chunks = [.. _chunks, chunk];
            Volatile.Write(ref _chunks, chunks);
            _used = 0;
            Bytes += (long)chunk.Length * sizeof(int);
        }

        int reference = ((_chunks.Length - 1) << IndexBits) | _used;
        _used += words;
        return reference;
    }

    public Span<int> Node(int reference) =>
        Volatile.Read(ref _chunks)[reference >> IndexBits].AsSpan(reference & (MaxChunkWords - 1));

    public ref int Word(int reference, int word) =>
        ref Volatile.Read(ref _chunks)[reference >> IndexBits][(reference & (MaxChunkWords - 1)) + word];
}
