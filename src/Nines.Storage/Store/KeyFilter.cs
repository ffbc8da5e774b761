namespace Nines.Storage.Store;

/// <summary>
/// A Bloom filter that grows with its memtable: two probes into bits that are at least eight for each key, so one search in twenty for
/// an absent key goes on to the list. One writer, readers without locks: a reader uses the bits it finds, which hold all keys that
/// were published before it looked.
/// </summary>
internal sealed class KeyFilter
{
    private const int FirstWords = 32;
    private const int GrowthFactor = 4;
    private const int BitsPerKey = 8;
    private const int BitsPerWord = 64;

    private ulong[] _words = new ulong[FirstWords];
    private ulong[] _filling;
    private int _count;

    public KeyFilter()
    {
        _filling = _words;
    }

    public long Bytes => (long)_words.Length * sizeof(ulong);

    /// <summary>One more key would need more bits.</summary>
    public bool IsFull => (_count + 1) * BitsPerKey > _words.Length * BitsPerWord;

    /// <summary>Begins a larger filter, without any keys; readers go on with the old one until <see cref="Publish"/>.</summary>
    public void Grow()
    {
        _filling = new ulong[_words.Length * GrowthFactor];
        _count = 0;
    }

    public void Publish() => Volatile.Write(ref _words, _filling);

    public void Add(ulong hash)
    {
        ulong[] words = _filling;
        words[Place(hash, words)] |= Bits(hash);
        _count++;
    }

    public bool MayContain(ulong hash)
    {
        ulong[] words = Volatile.Read(ref _words);
        ulong bits = Bits(hash);
        return (Volatile.Read(ref words[Place(hash, words)]) & bits) == bits;
    }

    /// <summary>Both bits lie in one word: one place in memory for each search. The number of words is a power of two.</summary>
    private static int Place(ulong hash, ulong[] words) => (int)(hash >> 32) & (words.Length - 1);

    private static ulong Bits(ulong hash) => (1UL << (int)(hash & 63)) | (1UL << (int)((hash >> 6) & 63));
}
