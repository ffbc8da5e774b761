using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// Blocks, indexes and filters of all stores of a node, bounded by bytes; CLOCK decides what goes (Corbató, "A paging
/// experiment with the Multics system", 1968). There is no table to look things up in: a table reader keeps the entry of
/// each of its blocks itself, so that a hit is one load and one store, without a lock, a hash or an allocation.
/// Evicting empties the entry; whoever already holds the content keeps it.
/// </summary>
public sealed class BlockCache
{
    private const int MaxShards = 8;

    /// <summary>What a shard must at least hold: filter and index of a large table are single entries.</summary>
    private const long MinShardBytes = 16 << 20;

    private readonly Shard[] _shards;
    private int _next;
    private long _hits;
    private long _misses;

    public BlockCache(long capacityBytes)
    {
        Invariant.Assert(capacityBytes >= 0);
        CapacityBytes = capacityBytes;
        _shards = new Shard[Math.Clamp(capacityBytes / MinShardBytes, 1, MaxShards)];
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new Shard(capacityBytes / _shards.Length);
        }
    }

    public long CapacityBytes { get; }

    public long Bytes => _shards.Sum(s => s.Bytes);

    /// <summary>Counted without synchronization, because every read counts: some are missed under contention.</summary>
    public long Hits => Volatile.Read(ref _hits);

    /// <inheritdoc cref="Hits"/>
    public long Misses => Volatile.Read(ref _misses);

    internal CacheEntry<T> Add<T>(T content, int bytes)
        where T : class
    {
        _misses++;
        var entry = new CacheEntry<T>(content, bytes);
        uint shard = (uint)Interlocked.Increment(ref _next) % (uint)_shards.Length;
        _shards[shard].Add(entry);
        return entry;
    }

    /// <summary>The content, if the entry exists and has not been evicted; marks it as used.</summary>
    internal T? Get<T>(CacheEntry<T>? entry)
        where T : class
    {
        T? content = entry?.Content;
        if (content is not null)
        {
            entry!.WasUsed = true;
            _hits++;
        }

        return content;
    }

    private sealed class Shard(long capacity)
    {
        private readonly Lock _lock = new();
        private readonly List<CacheEntry> _ring = [];
        private int _hand;
        private long _bytes;

        public long Bytes => Volatile.Read(ref _bytes);

        public void Add(CacheEntry entry)
        {
            if (entry.Bytes > capacity)
            {
                // Too large to keep: the reader who asked has it, and the entry is born evicted.
                entry.Evict();
                return;
            }

            lock (_lock)
            {
                MakeRoom(entry.Bytes);
                _ring.Add(entry);
                Volatile.Write(ref _bytes, _bytes + entry.Bytes);
            }
        }

        /// <summary>Ends: a round clears every mark, so the next one finds a victim, until the ring is empty.</summary>
        private void MakeRoom(int wanted)
        {
            while (_ring.Count > 0 && _bytes + wanted > capacity)
            {
                if (_hand >= _ring.Count)
                {
                    _hand = 0;
                }

                CacheEntry entry = _ring[_hand];
                if (entry.WasUsed && !entry.IsEvicted)
                {
                    entry.WasUsed = false;
                    _hand++;
                    continue;
                }

                entry.Evict();
                _bytes -= entry.Bytes;
                _ring[_hand] = _ring[^1];
                _ring.RemoveAt(_ring.Count - 1);
            }
        }
    }
}

/// <summary>A place for something that can be read from disk again.</summary>
internal abstract class CacheEntry(int bytes)
{
    private volatile bool _wasUsed;

    /// <summary>Read since the hand of the clock last passed.</summary>
    public bool WasUsed
    {
        get => _wasUsed;
        set
        {
            // A store to a shared line only when it changes something.
            if (_wasUsed != value)
            {
                _wasUsed = value;
            }
        }
    }

    public int Bytes { get; } = bytes;

    public abstract bool IsEvicted { get; }

    /// <summary>Drops the content. Also called by a table that is gone, which leaves the empty entry to the clock.</summary>
    public abstract void Evict();
}

internal sealed class CacheEntry<T>(T content, int bytes) : CacheEntry(bytes)
    where T : class
{
    private T? _content = content;

    public T? Content => Volatile.Read(ref _content);

    public override bool IsEvicted => Content is null;

    public override void Evict() => Volatile.Write(ref _content, null);
}
