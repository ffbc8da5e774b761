using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// One immutable table file. Any thread reads. Nothing is read when it is opened; footer, index, filter and blocks come when
/// they are first asked for, each checked against the checksum its parent holds, and all but the footer live in the cache.
/// <para>
/// Counted by the versions that contain it; the last one to let go closes the file and empties its cache entries. A view that
/// somebody drops without disposing it never lets go: then the collector takes view, version and readers together,
/// and the file's own handle closes when it is finalized. So forgetting costs time, never correctness.
/// </para>
/// </summary>
internal sealed class TableReader(TableMeta meta, string path, IDiskFile file, BlockCache cache)
{
    private TableFooter? _footer;
    private CacheEntry<Block>? _index;
    private CacheEntry<BloomFilter>? _filter;
    private CacheEntry<Block>?[]? _blocks;
    private int _references;

    public TableMeta Meta => meta;

    public string Path => path;

    public void Acquire() => Interlocked.Increment(ref _references);

    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        Invariant.Assert(left >= 0);
        if (left == 0)
        {
            Close();
        }
    }

    public void Close()
    {
        file.Dispose();
        _index?.Evict();
        _filter?.Evict();
        foreach (CacheEntry<Block>? entry in _blocks ?? [])
        {
            entry?.Evict();
        }
    }

    public Lookup TryGet(ReadOnlySpan<byte> key, ulong hash, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (!Filter().MayContain(hash))
        {
            return Lookup.Missing;
        }

        Block index = Index();
        int number = index.LowerBound(key);
        if (number == index.Count)
        {
            return Lookup.Missing;
        }

        Block block = DataBlock(index, number, keep: true);
        int place = block.LowerBound(key);
        if (place == block.Count)
        {
            return Lookup.Missing;
        }

        BlockEntry entry = block.Entry(place);
        if (!block.KeyEquals(entry, key))
        {
            return Lookup.Missing;
        }

        value = block.Value(entry);
        return entry.IsTombstone ? Lookup.Deleted : Lookup.Found;
    }

    /// <summary>One entry per block: its last key and its handle.</summary>
    public Block Index() => cache.Get(_index) ?? LoadIndex();

    /// <summary>A data block.</summary>
    /// <param name="index">The table's index.</param>
    /// <param name="number">The block's place in the index.</param>
    /// <param name="keep">False for work that passes through everything once and should not push out what readers need.</param>
    public Block DataBlock(Block index, int number, bool keep)
    {
        CacheEntry<Block>?[] entries = _blocks ?? MakeEntries(index.Count);
        Block? block = cache.Get(Volatile.Read(ref entries[number]));
        if (block is not null)
        {
            return block;
        }

        BlockHandle handle = Handle(index, number);
        byte[] bytes = ReadChecked(handle);
        block = Block.Parse(bytes) ?? throw new DamagedException(path, handle.Offset, "not a block");
        if (keep)
        {
            Volatile.Write(ref entries[number], cache.Add(block, bytes.Length));
        }

        return block;
    }

    /// <summary>Raw bytes for a snapshot; whoever receives them checks them.</summary>
    public int Read(long offset, Span<byte> destination)
    {
        try
        {
            return file.Read(offset, destination);
        }
        catch (DiskException e)
        {
            throw new DamagedException(path, offset, "unreadable", e);
        }
    }

    /// <summary>Number of pieces that <see cref="Check"/> can check.</summary>
    public int Pieces() => Index().Count + 1;

    /// <summary>Reads one piece from the disk, not from the cache, and checks it. Piece 0 is everything but the data blocks.</summary>
    /// <returns>Bytes read.</returns>
    public long Check(int piece)
    {
        if (piece == 0)
        {
            TableFooter footer = ReadFooter();
            ReadFilter(footer);
            ReadIndex(footer);
            return TableFormat.FooterBytes + footer.Filter.Length + footer.Index.Length;
        }

        int number = piece - 1;
        Block index = Index();
        BlockHandle handle = Handle(index, number);
        Block? block = Block.Parse(ReadChecked(handle));
        if (block is null || !FitsIndex(index, number, block))
        {
            throw new DamagedException(path, handle.Offset, "not the block that index and manifest describe");
        }

        return handle.Length;
    }

    private bool FitsIndex(Block index, int number, Block block)
    {
        ReadOnlySpan<byte> first = block.KeyOf(0);
        ReadOnlySpan<byte> last = block.KeyOf(block.Count - 1);
        bool beginsRight = number == 0
            ? first.SequenceEqual(meta.Smallest)
            : first.SequenceCompareTo(index.KeyOf(number - 1)) > 0;
        return beginsRight
            && last.SequenceEqual(index.KeyOf(number))
            && (number < index.Count - 1 || last.SequenceEqual(meta.Largest));
    }

    private TableFooter Footer()
    {
        TableFooter? footer = Volatile.Read(ref _footer);
        if (footer is null)
        {
            footer = ReadFooter();
            Volatile.Write(ref _footer, footer);
        }

        return footer;
    }

    private BloomFilter Filter() => cache.Get(_filter) ?? LoadFilter();

    private BloomFilter LoadFilter()
    {
        TableFooter footer = Footer();
        BloomFilter filter = ReadFilter(footer);
        _filter = cache.Add(filter, footer.Filter.Length);
        return filter;
    }

    private Block LoadIndex()
    {
        TableFooter footer = Footer();
        Block index = ReadIndex(footer);
        _index = cache.Add(index, footer.Index.Length);
        return index;
    }

    private CacheEntry<Block>?[] MakeEntries(int count) =>
        Interlocked.CompareExchange(ref _blocks, new CacheEntry<Block>?[count], null) ?? _blocks;

    private TableFooter ReadFooter()
    {
        long offset = meta.Length - TableFormat.FooterBytes;
        Span<byte> bytes = stackalloc byte[TableFormat.FooterBytes];
        if (Read(offset, bytes) != bytes.Length || TableFooter.ChecksumOf(bytes, meta.Identity, offset) != meta.FooterChecksum)
        {
            throw new DamagedException(path, offset, "footer checksum");
        }

        TableFooter footer = TableFooter.Parse(bytes, meta.Identity, offset)
            ?? throw new DamagedException(path, offset, "not a footer");
        if (footer.Entries != meta.Entries || footer.Tombstones != meta.Tombstones)
        {
            throw new DamagedException(path, offset, "footer and manifest disagree");
        }

        return footer;
    }

    private BloomFilter ReadFilter(TableFooter footer) =>
        BloomFilter.Parse(ReadChecked(footer.Filter)) ?? throw new DamagedException(path, footer.Filter.Offset, "not a filter");

    private Block ReadIndex(TableFooter footer) =>
        Block.Parse(ReadChecked(footer.Index)) ?? throw new DamagedException(path, footer.Index.Offset, "not an index");

    private BlockHandle Handle(Block index, int number)
    {
        if (!TableFormat.TryReadHandle(index.ValueSpan(index.Entry(number)), out BlockHandle handle)
            || !TableFooter.LiesBefore(handle, meta.Length))
        {
            throw new DamagedException(path, Footer().Index.Offset, "not a block handle");
        }

        return handle;
    }

    private byte[] ReadChecked(in BlockHandle handle)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(handle.Length);
        if (Read(handle.Offset, bytes) != bytes.Length
            || TableFormat.Checksum(meta.Identity, handle.Offset, bytes) != handle.Checksum)
        {
            throw new DamagedException(path, handle.Offset, "block checksum");
        }

        return bytes;
    }
}
