using System.Runtime.InteropServices;
using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>What one source of a store knows of a key.</summary>
internal enum Lookup
{
    /// <summary>Nothing: ask the next older source.</summary>
    Missing,

    Found,

    /// <summary>It was deleted: older sources are not asked.</summary>
    Deleted,
}

/// <summary>
/// The newest writes, sorted: a skip list (Pugh, "Skip lists: a probabilistic alternative to balanced trees", 1990) over
/// arenas, ordered by key and then by sequence, newest first. One writer, any number of readers without locks: a node is
/// filled before the link to it is published, and a reader skips nodes with a sequence above its own.
/// A removed node (of an aborted transaction) keeps its links, so a reader that stands on it goes on unharmed.
/// <para>
/// A sequence is the log index, counted from the memtable's start, and below it the number of cursors that the command had opened
/// before the write. So a cursor inside a command sees the writes before it and none after it, on every replica alike, whatever
/// lies in memory and what on disk. Sequences mean something inside one memtable only and are never stored.
/// </para>
/// <para>
/// A node and its key lie side by side, so that a step of a search touches one place in memory. A filter of the keys answers most
/// searches for what is not here, above all for the ids of requests, which are looked for with each command and hardly ever found.
/// </para>
/// <code>
/// node: value's chunk | value's offset | key length | value length or -1 | sequence low | sequence high | height
///       | next[0] … next[height-1] | key, in whole words
/// </code>
/// </summary>
internal sealed class Memtable
{
    private const int MaxHeight = 12;
    private const int OrdinalBits = 32;

    /// <summary>The sequence of a reader that sees all writes.</summary>
    public const ulong Everything = ulong.MaxValue;

    private const int Tombstone = -1;

    private const int ChunkWord = 0;
    private const int OffsetWord = 1;
    private const int KeyLengthWord = 2;
    private const int ValueLengthWord = 3;
    private const int SequenceWord = 4;
    private const int HeightWord = 6;
    private const int NextWord = 7;

    private readonly WordArena _nodes = new();
    private readonly ByteArena _values = new();
    private readonly KeyFilter _filter = new();
    private readonly LogIndex _start;
    private readonly int _head;
    private int _height = 1;
    private long _applied;
    private uint _random = 0x9E3779B9;

    /// <param name="start">The index up to which older sources hold everything.</param>
    public Memtable(LogIndex start)
    {
        _start = start;
        _applied = start.Value;
        _head = _nodes.Allocate(NextWord + MaxHeight);
    }

    /// <summary>The newest index whose writes readers of this memtable see.</summary>
    public LogIndex Applied => new(Volatile.Read(ref _applied));

    /// <summary>Where a sealed memtable ends.</summary>
    public StorePoint End { get; set; }

    public int Count { get; private set; }

    public long Bytes => _nodes.Bytes + _values.Bytes + _filter.Bytes;

    /// <summary>The sequence of an index's first writes.</summary>
    public ulong FirstSequence(LogIndex index) => checked((uint)(index - _start)) * (1UL << OrdinalBits);

    /// <summary>A reader at this sequence sees all of the index's writes and none of the next one's.</summary>
    public ulong LastSequence(LogIndex index) => FirstSequence(index) | ((1UL << OrdinalBits) - 1);

    /// <summary>Makes everything up to the index visible at once.</summary>
    public void Publish(LogIndex index) => Volatile.Write(ref _applied, index.Value);

    /// <summary>Adds a write in front of all others with the same key and sequence. Writer only.</summary>
    public int Add(ulong sequence, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone)
    {
        Span<int> before = stackalloc int[MaxHeight];
        FindAtOrAfter(key, sequence, before);
        int height = DrawHeight();
        for (int level = _height; level < height; level++)
        {
            before[level] = _head;
        }

        value.CopyTo(_values.Allocate(value.Length, out int chunk, out int offset));
        int node = _nodes.Allocate(NextWord + height + WordsOf(key.Length));
        Span<int> words = _nodes.Node(node);
        words[ChunkWord] = chunk;
        words[OffsetWord] = offset;
        words[KeyLengthWord] = key.Length;
        words[ValueLengthWord] = isTombstone ? Tombstone : value.Length;
        words[SequenceWord] = unchecked((int)sequence);
        words[SequenceWord + 1] = (int)(sequence >> 32);
        words[HeightWord] = height;
        key.CopyTo(MemoryMarshal.AsBytes(words[(NextWord + height)..]));
        AddToFilter(key);
        for (int level = 0; level < height; level++)
        {
            words[NextWord + level] = Next(before[level], level);
            Volatile.Write(ref _nodes.Word(before[level], NextWord + level), node);
        }

        Volatile.Write(ref _height, Math.Max(_height, height));
        Count++;
        return node;
    }

    /// <summary>Takes back a write that was never published. Of several with the same key, the latest goes first. Writer only.</summary>
    public void Remove(int node)
    {
        Span<int> before = stackalloc int[MaxHeight];
        int found = FindAtOrAfter(Key(node), SequenceOf(node), before);
        Invariant.Assert(found == node);
        for (int level = _nodes.Word(node, HeightWord) - 1; level >= 0; level--)
        {
            Invariant.Assert(Next(before[level], level) == node);
            Volatile.Write(ref _nodes.Word(before[level], NextWord + level), Next(node, level));
        }

        Count--;
    }

    public Lookup TryGet(ReadOnlySpan<byte> key, ulong sequence, out ReadOnlyMemory<byte> value)
    {
        int node = _filter.MayContain(KeyHash.Of(key)) ? FindAtOrAfter(key, sequence, default) : 0;
        if (node == 0 || !Key(node).SequenceEqual(key))
        {
            value = default;
            return Lookup.Missing;
        }

        value = Value(node);
        return IsTombstone(node) ? Lookup.Deleted : Lookup.Found;
    }

    public int Next(int node, int level = 0) => Volatile.Read(ref _nodes.Word(node, NextWord + level));

    public ReadOnlySpan<byte> Key(int node) => KeyOf(_nodes.Node(node));

    public bool IsTombstone(int node) => _nodes.Word(node, ValueLengthWord) == Tombstone;

    public ReadOnlyMemory<byte> Value(int node)
    {
        Span<int> words = _nodes.Node(node);
        return words[ValueLengthWord] == Tombstone
            ? default
            : _values.Memory(words[ChunkWord], words[OffsetWord], words[ValueLengthWord]);
    }

    public ulong SequenceOf(int node)
    {
        Span<int> words = _nodes.Node(node);
        return (uint)words[SequenceWord] | ((ulong)(uint)words[SequenceWord + 1] << 32);
    }

    /// <summary>The first node whose key is at or after the given one, whatever its sequence.</summary>
    public int FindFirst(ReadOnlySpan<byte> key) => FindAtOrAfter(key, ulong.MaxValue, default);

    /// <summary>The newest version of exactly this key that a reader at the sequence sees; 0 for none.</summary>
    public int FindVisible(ReadOnlySpan<byte> key, ulong sequence)
    {
        int node = FindAtOrAfter(key, sequence, default);
        return node != 0 && Key(node).SequenceEqual(key) ? node : 0;
    }

    /// <summary>The last node with a smaller key; 0 for none.</summary>
    public int FindBefore(ReadOnlySpan<byte> key)
    {
        Span<int> before = stackalloc int[MaxHeight];
        FindAtOrAfter(key, ulong.MaxValue, before);
        return before[0] == _head ? 0 : before[0];
    }

    public int FindLast()
    {
        int node = _head;
        for (int level = Volatile.Read(ref _height) - 1; level >= 0; level--)
        {
            for (int next = Next(node, level); next != 0; next = Next(node, level))
            {
                node = next;
            }
        }

        return node == _head ? 0 : node;
    }

    private int FindAtOrAfter(ReadOnlySpan<byte> key, ulong sequence, Span<int> before)
    {
        int node = _head;
        int known = 0;
        for (int level = Volatile.Read(ref _height) - 1; ; level--)
        {
            int next = Next(node, level);
            while (next != 0 && next != known && IsBefore(next, key, sequence))
            {
                node = next;
                next = Next(node, level);
            }

            // A node found to lie at or after the place does so on the levels below as well.
            known = next;
            if (!before.IsEmpty)
            {
                before[level] = node;
            }

            if (level == 0)
            {
                return next;
            }
        }
    }

    private bool IsBefore(int node, ReadOnlySpan<byte> key, ulong sequence)
    {
        Span<int> words = _nodes.Node(node);
        int order = KeyOf(words).SequenceCompareTo(key);
        return order < 0 || (order == 0 && SequenceOf(node) > sequence);
    }

    private static ReadOnlySpan<byte> KeyOf(Span<int> words) =>
        MemoryMarshal.AsBytes(words[(NextWord + words[HeightWord])..])[..words[KeyLengthWord]];

    private static int WordsOf(int bytes) => (bytes + sizeof(int) - 1) / sizeof(int);

    /// <summary>Before the key is linked: whoever can find it there finds it in the filter as well.</summary>
    private void AddToFilter(ReadOnlySpan<byte> key)
    {
        if (_filter.IsFull)
        {
            _filter.Grow();
            for (int node = Next(_head); node != 0; node = Next(node))
            {
                _filter.Add(KeyHash.Of(Key(node)));
            }

            _filter.Publish();
        }

        _filter.Add(KeyHash.Of(key));
    }

    /// <summary>Each level holds a quarter of the one below. The heights shape speed only, never content.</summary>
    private int DrawHeight()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        int height = 1;
        for (uint bits = _random; height < MaxHeight && (bits & 3) == 0; bits >>= 2)
        {
            height++;
        }

        return height;
    }
}
