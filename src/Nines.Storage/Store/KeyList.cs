using System.Runtime.InteropServices;

namespace Nines.Storage.Store;

/// <summary>
/// The keys of a memtable in order: a skip list (Pugh, "Skip lists: a probabilistic alternative to balanced trees", 1990) over the
/// memtable's words. One writer, any number of readers without locks: a node is filled before the link to it is published, and none is ever
/// taken out. With each key goes one word, the head of its versions.
/// <code>
/// node: head | key length | height | next[0] … next[height-1] | key, in whole words
/// </code>
/// </summary>
internal sealed class KeyList
{
    private const int MaxHeight = 12;

    private const int HeadWord = 0;
    private const int KeyLengthWord = 1;
    private const int HeightWord = 2;
    private const int NextWord = 3;

    /// <summary>Kinds of keys, and sources of keys of one kind, that are told apart: powers of two.</summary>
    private const int Kinds = 4;
    private const int Sources = 8;

    /// <summary>A finger further away than so many levels is no help.</summary>
    private const int MaxClimb = 3;

    private readonly WordArena _words;
    private readonly int _first;
    private readonly int[] _fingers = new int[Kinds * Sources * MaxHeight];
    private int _height = 1;
    private uint _random = 0x9E3779B9;

    public KeyList(WordArena words)
    {
        _words = words;
        _first = words.Allocate(NextWord + MaxHeight);
        Array.Fill(_fingers, _first);
    }

    /// <summary>The next node in order; 0 at the end.</summary>
    public int Next(int node) => Next(node, 0);

    public ReadOnlySpan<byte> Key(int node)
    {
        Span<int> words = _words.Node(node);
        return MemoryMarshal.AsBytes(words[(NextWord + words[HeightWord])..])[..words[KeyLengthWord]];
    }

    public int Head(int node) => Volatile.Read(ref _words.Word(node, HeadWord));

    public void SetHead(int node, int head) => Volatile.Write(ref _words.Word(node, HeadWord), head);

    /// <summary>The first node whose key is at or after the given one; 0 for none.</summary>
    public int FindFirst(ReadOnlySpan<byte> key) => FindAtOrAfter(key, default);

    /// <summary>The last node with a smaller key; 0 for none.</summary>
    public int FindBefore(ReadOnlySpan<byte> key)
    {
        Span<int> before = stackalloc int[MaxHeight];
        FindAtOrAfter(key, before);
        return before[0] == _first ? 0 : before[0];
    }

    public int FindLast()
    {
        int node = _first;
        for (int level = Volatile.Read(ref _height) - 1; level >= 0; level--)
        {
            for (int next = Next(node, level); next != 0; next = Next(node, level))
            {
                node = next;
            }
        }

        return node == _first ? 0 : node;
    }

    /// <summary>A node for a key that has none. Writer only.</summary>
    public int Add(ReadOnlySpan<byte> key, int head)
    {
        // Keys that come in order, as the ids of requests do, find their place beside the one before.
        Span<int> before = Finger(key);
        if (!TryFindFrom(before, key))
        {
            FindAtOrAfter(key, before);
        }

        int height = DrawHeight();
        for (int level = _height; level < height; level++)
        {
            before[level] = _first;
        }

        int node = _words.Allocate(NextWord + height + WordsOf(key.Length));
        Span<int> words = _words.Node(node);
        words[HeadWord] = head;
        words[KeyLengthWord] = key.Length;
        words[HeightWord] = height;
        key.CopyTo(MemoryMarshal.AsBytes(words[(NextWord + height)..]));
        for (int level = 0; level < height; level++)
        {
            words[NextWord + level] = Next(before[level], level);
            Volatile.Write(ref _words.Word(before[level], NextWord + level), node);
            before[level] = node;
        }

        Volatile.Write(ref _height, Math.Max(_height, height));
        return node;
    }

    /// <summary>
    /// The place of the last key that began and ended alike: it was of the same kind, and when it is an id, drawn by the same node
    /// (the platform puts its number there).
    /// </summary>
    private Span<int> Finger(ReadOnlySpan<byte> key)
    {
        int finger = key.IsEmpty ? 0 : ((key[0] & (Kinds - 1)) * Sources) + (key[^1] & (Sources - 1));
        return _fingers.AsSpan(finger * MaxHeight, MaxHeight);
    }

    /// <summary>
    /// Turns the last nodes before an earlier place into those before this key, when it lies a little further on. False: it does not, and
    /// nothing was changed.
    /// </summary>
    private bool TryFindFrom(Span<int> before, ReadOnlySpan<byte> key)
    {
        if (before[0] == _first || Key(before[0]).SequenceCompareTo(key) >= 0)
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
        int node = _first;
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
