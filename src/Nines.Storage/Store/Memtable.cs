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
/// The newest writes. Its keys form a skip list (Pugh, "Skip lists: a probabilistic alternative to balanced trees", 1990), and each key
/// has its versions behind it, newest first. A hash index leads to the key's node at once, so only new keys are searched for in the list,
/// and the ids of requests, which are looked for with each command and hardly ever found, cost one look at the index.
/// One writer, any number of readers without locks: nodes and versions are filled before the link to them is published, and a
/// reader skips versions with a sequence above its own.
/// <para>
/// A sequence is the log index, counted from the memtable's start, and below it the number of cursors that the command had opened
/// before the write. So a cursor inside a command sees the writes before it and none after it, on every replica alike, whatever
/// lies in memory and what on disk. Sequences mean something inside one memtable only and are never stored.
/// </para>
/// <code>
/// node:    newest version or 0 | key length | height | next[0] … next[height-1] | key, in whole words
/// version: older version or 0 | value's chunk | value's offset | value length or -1 | sequence low | sequence high
/// </code>
/// </summary>
internal sealed class Memtable
{
    private const int MaxHeight = 12;
    private const int OrdinalBits = 32;

    /// <summary>The sequence of a reader that sees all writes.</summary>
    public const ulong Everything = ulong.MaxValue;

    private const int Tombstone = -1;

    private const int NewestWord = 0;
    private const int KeyLengthWord = 1;
    private const int HeightWord = 2;
    private const int NextWord = 3;

    private const int OlderWord = 0;
    private const int ChunkWord = 1;
    private const int OffsetWord = 2;
    private const int ValueLengthWord = 3;
    private const int SequenceWord = 4;
    private const int VersionWords = 6;

    /// <summary>A power of two.</summary>
    private const int Fingers = 4;

    /// <summary>A finger further away than so many levels is no help.</summary>
    private const int MaxClimb = 3;

    private readonly WordArena _words = new();
    private readonly ByteArena _values = new();
    private readonly KeyIndex _index = new();
    private readonly LogIndex _start;
    private readonly int _head;
    private readonly int[] _fingers = new int[Fingers * MaxHeight];
    private int _height = 1;
    private long _applied;
    private uint _random = 0x9E3779B9;

    /// <param name="start">The index up to which older sources hold everything.</param>
    public Memtable(LogIndex start)
    {
        _start = start;
        _applied = start.Value;
        _head = _words.Allocate(NextWord + MaxHeight);
        Array.Fill(_fingers, _head);
    }

    /// <summary>The newest index whose writes readers of this memtable see.</summary>
    public LogIndex Applied => new(Volatile.Read(ref _applied));

    /// <summary>Where a sealed memtable ends.</summary>
    public StorePoint End { get; set; }

    /// <summary>Versions of all keys.</summary>
    public int Count { get; private set; }

    public long Bytes => _words.Bytes + _values.Bytes + _index.Bytes;

    /// <summary>The sequence of an index's first writes.</summary>
    public ulong FirstSequence(LogIndex index) => checked((uint)(index - _start)) * (1UL << OrdinalBits);

    /// <summary>A reader at this sequence sees all of the index's writes and none of the next one's.</summary>
    public ulong LastSequence(LogIndex index) => FirstSequence(index) | ((1UL << OrdinalBits) - 1);

    /// <summary>Makes everything up to the index visible at once.</summary>
    public void Publish(LogIndex index) => Volatile.Write(ref _applied, index.Value);

    /// <summary>Adds a write that is newer than all others of its key. Writer only. The result is the key's node.</summary>
    public int Add(ulong sequence, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone)
    {
        value.CopyTo(_values.Allocate(value.Length, out int chunk, out int offset));
        int version = _words.Allocate(VersionWords);
        Span<int> words = _words.Node(version);
        words[ChunkWord] = chunk;
        words[OffsetWord] = offset;
        words[ValueLengthWord] = isTombstone ? Tombstone : value.Length;
        words[SequenceWord] = unchecked((int)sequence);
        words[SequenceWord + 1] = (int)(sequence >> 32);
        Count++;
        ulong hash = KeyHash.Of(key);
        int node = Find(key, hash);
        if (node == 0)
        {
            return AddNode(key, hash, version);
        }

        words[OlderWord] = Newest(node);
        Volatile.Write(ref _words.Word(node, NewestWord), version);
        return node;
    }

    /// <summary>Takes back the latest write of this node's key, which was never published. Writer only.</summary>
    public void TakeBack(int node)
    {
        // A key without any version stays in its place, where nobody sees it.
        Volatile.Write(ref _words.Word(node, NewestWord), _words.Word(Newest(node), OlderWord));
        Count--;
    }

    public Lookup TryGet(ReadOnlySpan<byte> key, ulong sequence, out ReadOnlyMemory<byte> value)
    {
        int node = Find(key, KeyHash.Of(key));
        int version = node == 0 ? 0 : VersionAt(node, sequence);
        if (version == 0)
        {
            value = default;
            return Lookup.Missing;
        }

        value = Value(version);
        return IsTombstone(version) ? Lookup.Deleted : Lookup.Found;
    }

    /// <summary>The key's next node in order; 0 at the end.</summary>
    public int Next(int node) => Next(node, 0);

    public ReadOnlySpan<byte> Key(int node) => KeyOf(_words.Node(node));

    /// <summary>The newest version that a reader at the sequence sees; 0 for none.</summary>
    public int VersionAt(int node, ulong sequence)
    {
        int version = Newest(node);
        while (version != 0 && SequenceOf(version) > sequence)
        {
            version = _words.Word(version, OlderWord);
        }

        return version;
    }

    public bool IsTombstone(int version) => _words.Word(version, ValueLengthWord) == Tombstone;

    public ReadOnlyMemory<byte> Value(int version)
    {
        Span<int> words = _words.Node(version);
        return words[ValueLengthWord] == Tombstone
            ? default
            : _values.Memory(words[ChunkWord], words[OffsetWord], words[ValueLengthWord]);
    }

    /// <summary>The first node whose key is at or after the given one.</summary>
    public int FindFirst(ReadOnlySpan<byte> key) => FindAtOrAfter(key, default);

    /// <summary>The last node with a smaller key; 0 for none.</summary>
    public int FindBefore(ReadOnlySpan<byte> key)
    {
        Span<int> before = stackalloc int[MaxHeight];
        FindAtOrAfter(key, before);
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

    /// <summary>The node of exactly this key; 0 for none.</summary>
    private int Find(ReadOnlySpan<byte> key, ulong hash)
    {
        KeyIndex.Candidates candidates = _index.Find(hash);
        int node = candidates.Next();
        while (node != 0 && !Key(node).SequenceEqual(key))
        {
            node = candidates.Next();
        }

        return node;
    }

    private int AddNode(ReadOnlySpan<byte> key, ulong hash, int version)
    {
        // Keys that come in order, as the ids of requests do, find their place beside the one before; each kind has a finger of its own.
        Span<int> before = _fingers.AsSpan((key.IsEmpty ? 0 : key[0] & (Fingers - 1)) * MaxHeight, MaxHeight);
        if (!TryFindFrom(before, key))
        {
            FindAtOrAfter(key, before);
        }

        int height = DrawHeight();
        for (int level = _height; level < height; level++)
        {
            before[level] = _head;
        }

        int node = _words.Allocate(NextWord + height + WordsOf(key.Length));
        Span<int> words = _words.Node(node);
        words[NewestWord] = version;
        words[KeyLengthWord] = key.Length;
        words[HeightWord] = height;
        key.CopyTo(MemoryMarshal.AsBytes(words[(NextWord + height)..]));
        for (int level = 0; level < height; level++)
        {
            words[NextWord + level] = Next(before[level], level);
            Volatile.Write(ref _words.Word(before[level], NextWord + level), node);
            before[level] = node;
        }

        _index.Add(hash, node);
        Volatile.Write(ref _height, Math.Max(_height, height));
        return node;
    }

    /// <summary>
    /// Turns the last nodes before an earlier place into those before this key, when it lies a little further on. False: it does not, and
    /// nothing was changed.
    /// </summary>
    private bool TryFindFrom(Span<int> before, ReadOnlySpan<byte> key)
    {
        if (before[0] == _head || Key(before[0]).SequenceCompareTo(key) >= 0)
        {
            return false;
        }

        // Each level is looked at: nodes of another kind may have come in between on some of them.
        int top = -1;
        int known = 0;
        for (int level = 0; level < _height; level++)
        {
            int next = Next(before[level], level);
            if (next == known)
            {
                continue;
            }

            if (!IsBefore(next, key))
            {
                known = next;
            }
            else if (level >= MaxClimb)
            {
                return false;
            }
            else
            {
                top = level;
            }
        }

        int node = before[Math.Max(top, 0)];
        for (int level = top; level >= 0; level--)
        {
            for (int next = Next(node, level); IsBefore(next, key); next = Next(node, level))
            {
                node = next;
            }

            before[level] = node;
        }

        return true;
    }

    private int FindAtOrAfter(ReadOnlySpan<byte> key, Span<int> before)
    {
        int node = _head;
        int known = 0;
        for (int level = Volatile.Read(ref _height) - 1; ; level--)
        {
            int next = Next(node, level);
            while (next != known && IsBefore(next, key))
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

    private bool IsBefore(int node, ReadOnlySpan<byte> key) => node != 0 && Key(node).SequenceCompareTo(key) < 0;

    private int Next(int node, int level) => Volatile.Read(ref _words.Word(node, NextWord + level));

    private int Newest(int node) => Volatile.Read(ref _words.Word(node, NewestWord));

    private ulong SequenceOf(int version)
    {
        Span<int> words = _words.Node(version);
        return (uint)words[SequenceWord] | ((ulong)(uint)words[SequenceWord + 1] << 32);
    }

    private static ReadOnlySpan<byte> KeyOf(Span<int> words) =>
        MemoryMarshal.AsBytes(words[(NextWord + words[HeightWord])..])[..words[KeyLengthWord]];

    private static int WordsOf(int bytes) => (bytes + sizeof(int) - 1) / sizeof(int);

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
