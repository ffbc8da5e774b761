using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// Writes one table: entries with rising keys in, a file with blocks, filter, index and footer out. Writes each block as it
/// fills; nothing is durable before <see cref="Finish"/> and <see cref="Sync"/>.
/// </summary>
internal sealed class TableWriter : IDisposable
{
    private readonly IDisk _disk;
    private readonly string _path;
    private readonly long _number;
    private readonly StoreOptions _options;
    private readonly BlockBuilder _block = new();
    private readonly BlockBuilder _index = new();
    private readonly ByteBuffer _bytes = new(16 << 10);
    private readonly ByteBuffer _handle = new(32);
    private readonly List<ulong> _hashes = [];
    private IDiskFile? _file;
    private byte[]? _smallest;
    private byte[] _largest = [];
    private long _tombstones;

    public TableWriter(IDisk disk, string directory, long number, StoreOptions options)
    {
        _disk = disk;
        _number = number;
        _options = options;
        _path = $"{directory}/{TableFormat.Name(number)}";
        _file = disk.Open(_path, DiskOpen.Create);
    }

    /// <summary>Bytes in the file so far.</summary>
    public long Length { get; private set; }

    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone)
    {
        _smallest ??= key.ToArray();
        _block.Add(key, value, isTombstone);
        _hashes.Add(KeyHash.Of(key));
        _tombstones += isTombstone ? 1 : 0;
        if (_block.Bytes >= _options.BlockBytes)
        {
            WriteBlock();
        }
    }

    /// <summary>Writes everything behind the blocks.</summary>
    public TableMeta Finish()
    {
        if (_block.Count > 0)
        {
            WriteBlock();
        }

        Invariant.Assert(_smallest is not null);
        BloomFilter.Build(_hashes, _options.FilterBitsPerKey, _bytes);
        BlockHandle filter = WriteBytes();
        _index.Finish(_bytes);
        BlockHandle index = WriteBytes();
        new TableFooter
        {
            Identity = _number, Entries = _hashes.Count, Tombstones = _tombstones, Filter = filter, Index = index,
        }.Write(_bytes, Length);
        uint footerChecksum = TableFooter.ChecksumOf(_bytes.Written, _number, Length);
        WriteBytes();
        return new TableMeta
        {
            Number = _number,
            Identity = _number,
            Length = Length,
            Entries = _hashes.Count,
            Tombstones = _tombstones,
            FooterChecksum = footerChecksum,
            Smallest = _smallest,
            Largest = _largest,
        };
    }

    public void Sync() => _file!.Sync();

    /// <summary>Hands the open file over to a reader.</summary>
    public TableReader ToReader(TableMeta meta, BlockCache cache)
    {
        // The handle that wrote is closed and a reading one opened, so that no later bug can write to a table.
        Dispose();
        return new TableReader(meta, _path, _disk.Open(_path, DiskOpen.Read), cache);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private void WriteBlock()
    {
        _largest = _block.LastKey.ToArray();
        _block.Finish(_bytes);
        BlockHandle handle = WriteBytes();
        _handle.Clear();
        TableFormat.WriteHandle(_handle, handle);
        _index.Add(_largest, _handle.Written, isTombstone: false);
    }

    private BlockHandle WriteBytes()
    {
        var handle = new BlockHandle(Length, _bytes.Length, TableFormat.Checksum(_number, Length, _bytes.Written));
        _file!.Write(Length, _bytes.Written);
        Length += _bytes.Length;
        _bytes.Clear();
        return handle;
    }
}
