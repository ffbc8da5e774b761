using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>One file of a snapshot.</summary>
public readonly record struct SnapshotFile(string Name, long Length);

/// <summary>
/// The store at its durable point, as files to be copied elsewhere: the manifest first, then the tables it names. They
/// cannot change, and stay until the snapshot is disposed, whatever is compacted meanwhile. Any thread may read.
/// </summary>
public sealed class StoreSnapshot : IDisposable
{
    private readonly Version _version;
    private readonly byte[] _manifest;
    private readonly TableReader[] _tables;
    private int _disposed;

    internal StoreSnapshot(Version version, long nextFile)
    {
        version.Acquire();
        _version = version;
        _manifest = Manifest.Of(version, nextFile).Encode();
        _tables = [.. version.Tables];
        Files =
        [
            new SnapshotFile(ManifestFile.Name, _manifest.Length),
            .. _tables.Select(t => new SnapshotFile(t.Meta.Name, t.Meta.Length)),
        ];
    }

    public StorePoint Point => _version.Point;

    public IReadOnlyList<SnapshotFile> Files { get; }

    public long Bytes => Files.Sum(f => f.Length);

    /// <summary>Copies bytes of a file. Gives fewer only at the file's end. The receiver checks them, not this call.</summary>
    public int Read(int file, long offset, Span<byte> destination)
    {
        Invariant.Assert(_disposed == 0);
        Invariant.Assert(offset >= 0);
        if (file > 0)
        {
            return _tables[file - 1].Read(offset, destination);
        }

        ReadOnlySpan<byte> rest = offset < _manifest.Length ? _manifest.AsSpan((int)offset) : default;
        int count = Math.Min(rest.Length, destination.Length);
        rest[..count].CopyTo(destination);
        return count;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _version.Release();
        }
    }
}

/// <summary>
/// Takes the files of a snapshot in any order, in pieces of any size, any piece any number of times, beside the store, which
/// goes on as it was until the whole has been checked. Belongs to the writer's thread.
/// </summary>
public sealed class SnapshotReceiver
{
    private readonly SortedStore _store;
    private readonly StoreFiles _files;
    private readonly IDiskFile?[] _open;
    private readonly long[] _numbers;

    internal SnapshotReceiver(SortedStore store, StoreFiles files, StorePoint point, IReadOnlyList<SnapshotFile> names)
    {
        _store = store;
        _files = files;
        Point = point;
        Files = [.. names];
        _open = new IDiskFile?[Files.Count];
        _numbers = [.. Files.Select(_ => files.Numbers.Take())];
    }

    public StorePoint Point { get; }

    public IReadOnlyList<SnapshotFile> Files { get; }

    /// <summary>False once it was finished, given up, or replaced by a newer one: then it takes nothing any more.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>False, and nothing done, when the piece lies outside the announced files or the receiver is closed.</summary>
    /// <exception cref="DiskException">The disk is full, or failed.</exception>
    public bool Write(int file, long offset, ReadOnlySpan<byte> bytes)
    {
        if (!IsOpen || file < 0 || file >= Files.Count || offset < 0 || offset > Files[file].Length - bytes.Length)
        {
            return false;
        }

        _open[file] ??= _files.Disk.Open(_files.Path(LocalName(file)), DiskOpen.Create);
        _open[file]!.Write(offset, bytes);
        return true;
    }

    /// <summary>
    /// The work that checks every block, makes the files durable and then switches the store to them in one atomic step. Until the
    /// store's <see cref="SortedStore.Complete"/> has been called for it, the store takes no writes.
    /// </summary>
    public IBackgroundWork Finish() => _store.FinishInstall(this);

    /// <summary>Gives up; what was received is deleted by later background work.</summary>
    public void Abandon() => _store.AbandonInstall(this);

    internal IReadOnlyList<string> LocalNames() => [.. Enumerable.Range(0, Files.Count).Select(LocalName)];

    internal string LocalName(int file) => TableFormat.Name(_numbers[file]);

    internal long LocalNumber(int file) => _numbers[file];

    /// <summary>What was received of a file, or null for nothing; the caller closes it.</summary>
    internal IDiskFile? Take(int file)
    {
        IDiskFile? open = _open[file];
        _open[file] = null;
        return open;
    }

    internal void StopTaking() => IsOpen = false;

    internal void CloseFiles()
    {
        for (int i = 0; i < _open.Length; i++)
        {
            Take(i)?.Dispose();
        }
    }
}
