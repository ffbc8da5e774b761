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
/// The newest writes: keys in order, each with its versions behind it, newest first. A hash index leads to a key's node at once, so only
/// new keys are searched for in the list, and the ids of requests, which are looked for with each command and hardly ever found, cost one
/// look at the index. One writer, any number of readers without locks: a version is filled before the link to it is published, and
/// a reader skips versions with a sequence above its own.
/// <para>
/// A sequence is the log index, counted from the memtable's start, and below it the number of cursors that the command had opened
/// before the write. So a cursor inside a command sees the writes before it and none after it, on every replica alike, whatever
/// lies in memory and what on disk. Sequences mean something inside one memtable only and are never stored.
/// </para>
/// <code>
/// version: older version or 0 | value's chunk | value's offset | value length or -1 | sequence low | sequence high
/// </code>
/// </summary>
internal sealed class Memtable
{
    private const int OrdinalBits = 32;

    /// <summary>The sequence of a reader that sees all writes.</summary>
    public const ulong Everything = ulong.MaxValue;

    private const int Tombstone = -1;

    private const int OlderWord = 0;
    private const int ChunkWord = 1;
    private const int OffsetWord = 2;
    private const int ValueLengthWord = 3;
    private const int SequenceWord = 4;
    private const int VersionWords = 6;

    private readonly WordArena _words = new();
    private readonly ByteArena _values = new();
    private readonly KeyIndex _index = new();
    private readonly KeyList _keys;
    private readonly LogIndex _start;
    private long _applied;

    /// <param name="start">The index up to which older sources hold everything.</param>
    public Memtable(LogIndex start)
    {
        _start = start;
        _applied = start.Value;
        _keys = new KeyList(_words);
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
            node = _keys.Add(key, version);
            _index.Add(hash, node);
            return node;
        }

        words[OlderWord] = _keys.Head(node);
        _keys.SetHead(node, version);
        return node;
    }

    /// <summary>Takes back the latest write of this node's key, which was never published. Writer only.</summary>
    public void TakeBack(int node)
    {
        // A key without any version stays in its place, where nobody sees it.
        _keys.SetHead(node, _words.Word(_keys.Head(node), OlderWord));
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

    /// <summary>Whether a reader at the sequence sees a write of the key that is behind an index, be it a deletion.</summary>
    public bool IsWrittenBehind(ReadOnlySpan<byte> key, ulong sequence, LogIndex since)
    {
        int node = Find(key, KeyHash.Of(key));
        int version = node == 0 ? 0 : VersionAt(node, sequence);
        return version != 0 && (since < _start || SequenceOf(version) > LastSequence(since));
    }

    /// <summary>The next key's node in order; 0 at the end.</summary>
    public int Next(int node) => _keys.Next(node);

    public ReadOnlySpan<byte> Key(int node) => _keys.Key(node);

    /// <summary>The newest version that a reader at the sequence sees; 0 for none.</summary>
    public int VersionAt(int node, ulong sequence)
    {
        int version = _keys.Head(node);
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

    /// <summary>The first node whose key is at or after the given one; 0 for none.</summary>
    public int FindFirst(ReadOnlySpan<byte> key) => _keys.FindFirst(key);

    /// <summary>The last node with a smaller key; 0 for none.</summary>
    public int FindBefore(ReadOnlySpan<byte> key) => _keys.FindBefore(key);

    public int FindLast() => _keys.FindLast();

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

    private ulong SequenceOf(int version)
    {
        Span<int> words = _words.Node(version);
        return (uint)words[SequenceWord] | ((ulong)(uint)words[SequenceWord + 1] << 32);
    }
}
