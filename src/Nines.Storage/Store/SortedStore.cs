using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// The data of one replicated group: a log-structured merge tree whose write-ahead log is the group's own replicated log. Writes
/// go to a memtable, which a crash loses and the log gives back; flushed memtables become immutable table files; compactions
/// merge those. <see cref="Durable"/> says from where the log must be replayed, and moves in the same atomic step as the data.
/// <para>
/// Threads: everything belongs to the writer's thread (the reactor), except <see cref="View"/> and what it returns, and the
/// steps of background work. The writer's thread never waits and touches no disk except in <see cref="Open"/>.
/// </para>
/// </summary>
public sealed partial class SortedStore : IDisposable
{
    private readonly StoreFiles _files;
    private readonly WriteTransaction _transaction = new();
    private StoreState _state;

    private SortedStore(StoreFiles files, Version version)
    {
        _files = files;
        _state = new StoreState(new Memtable(version.Point.Position.Index), [], version);
        version.Release();
    }

    /// <summary>The last index whose writes a new view sees.</summary>
    public LogIndex Applied => CurrentState.Active.Applied;

    /// <summary>What survives a crash: all writes up to this point and its metadata.</summary>
    public StorePoint Durable => CurrentState.Version.Point;

    /// <summary>The active memtable has its size: the owner seals it at a point of its choice.</summary>
    public bool WantsFlush => CurrentState.Active.Bytes >= _files.Options.MemtableBytes && CanSeal;

    /// <summary>There is room for one more sealed memtable.</summary>
    public bool CanSeal => CurrentState.Sealed.Length < _files.Options.MaxSealed && !IsInstalling;

    /// <summary>Writes come faster than they can be flushed or compacted: the owner takes no new ones for a while.</summary>
    public bool IsStalled =>
        (CurrentState.Active.Bytes >= _files.Options.MemtableBytes && !CanSeal)
        || CurrentState.Version.Level(0).Length >= _files.Options.Level0Stall;

    private StoreState CurrentState => Volatile.Read(ref _state);

    /// <summary>Opens a store, or makes an empty one; removes files that a crash left behind.</summary>
    /// <param name="disk">Where it lives.</param>
    /// <param name="directory">Its own directory.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="cache">Shared by all stores of the node.</param>
    /// <exception cref="DamagedException">The manifest or a table it names is missing or not whole. Nothing was changed.</exception>
    public static SortedStore Open(IDisk disk, string directory, StoreOptions options, BlockCache cache)
    {
        disk.CreateDirectory(directory);
        IReadOnlyList<string> names = disk.List(directory);
        if (!names.Contains(ManifestFile.Name))
        {
            CreateEmpty(disk, directory, names);
        }

        Manifest manifest = ManifestFile.Read(disk, directory);
        var levels = new TableReader[Version.LevelCount][];
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = [.. manifest.Levels[i].Select(t => OpenTable(disk, directory, t, cache))];
        }

        var needed = new HashSet<string>(manifest.Tables.Select(t => t.Name), StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (name == ManifestFile.NewName || (IsTableName(name) && !needed.Contains(name)))
            {
                disk.Delete($"{directory}/{name}");
            }
        }

        var files = new StoreFiles(disk, directory, options, cache, new FileNumbers(manifest.NextFile));
        return new SortedStore(files, new Version(manifest.Point, levels));
    }

    /// <summary>
    /// Deletes a store that cannot be opened any more, so that an empty one can take its place and be filled from a peer. The manifest
    /// goes first: a crash in between leaves tables without a manifest, which Open refuses and this call finishes off.
    /// </summary>
    public static void Erase(IDisk disk, string directory)
    {
        disk.Delete($"{directory}/{ManifestFile.Name}");
        disk.SyncDirectory(directory);
        foreach (string name in disk.List(directory))
        {
            if (name == ManifestFile.NewName || IsTableName(name))
            {
                disk.Delete($"{directory}/{name}");
            }
        }

        disk.SyncDirectory(directory);
    }

    /// <summary>Starts the writes of the command at an index. The object is the same each time.</summary>
    public WriteTransaction Begin(LogIndex index)
    {
        Invariant.Assert(!IsInstalling);
        Invariant.Assert(index > Applied);
        _transaction.Open(CurrentState, index);
        return _transaction;
    }

    /// <summary>Shows all writes of the command together with its index.</summary>
    public void Commit(WriteTransaction transaction)
    {
        Invariant.Assert(transaction == _transaction && transaction.IsOpen);
        CurrentState.Active.Publish(transaction.Index);
        transaction.Close();
    }

    /// <summary>Takes the writes back. The index counts as applied all the same.</summary>
    public void Abort(WriteTransaction transaction)
    {
        Invariant.Assert(transaction == _transaction && transaction.IsOpen);
        transaction.TakeBack();
        CurrentState.Active.Publish(transaction.Index);
        transaction.Close();
    }

    /// <summary>Ends a command that could not be finished because the store is damaged; as <see cref="Abort"/>. Silent when none is open.</summary>
    public void AbandonTransaction()
    {
        if (_transaction.IsOpen)
        {
            Abort(_transaction);
        }
    }

    /// <summary>Counts entries up to an index as applied that write nothing.</summary>
    public void Skip(LogIndex index)
    {
        Invariant.Assert(!IsInstalling && !_transaction.IsOpen);
        Invariant.Assert(index > Applied);
        CurrentState.Active.Publish(index);
    }

    /// <summary>The store as it is now. Any thread.</summary>
    public StoreView View()
    {
        while (true)
        {
            // A state that nobody holds any more has been replaced by a newer one.
            StoreState state = CurrentState;
            if (state.TryAcquire())
            {
                return new StoreView(state);
            }
        }
    }

    /// <summary>
    /// The active memtable takes no more writes and waits for its flush, which makes the point durable.
    /// </summary>
    /// <param name="point">The last applied entry, with the metadata in force there.</param>
    public void Seal(StorePoint point)
    {
        StoreState state = CurrentState;
        Invariant.Assert(CanSeal && !_transaction.IsOpen);
        Invariant.Assert(point.Position.Index == Applied);
        Invariant.Assert(point.Position.Index >= Durable.Position.Index);
        state.Active.End = point with { Metadata = point.Metadata.ToArray() };
        Publish(new StoreState(new Memtable(Applied), [state.Active, .. state.Sealed], state.Version));
    }

    /// <summary>A hash of all keys and values that a reader sees, to compare replicas at the same index.</summary>
    /// <param name="reader">A view.</param>
    /// <param name="expired">Entries that compactions may already have dropped here or elsewhere do not count.</param>
    public static ulong StateHash(IOrderedReader reader, ICompactionFilter? expired = null)
    {
        ulong hash = 1;
        using IOrderedCursor cursor = reader.Range(default, default);
        while (cursor.MoveNext())
        {
            if (expired?.IsExpired(cursor.Key, cursor.Value.Span) != true)
            {
                hash = KeyHash.Of(cursor.Value.Span, KeyHash.Of(cursor.Key, hash));
            }
        }

        return hash;
    }

    /// <summary>Closes the files, once no view, cursor or snapshot uses them. No background work may be outstanding.</summary>
    public void Dispose()
    {
        Invariant.Assert(_running is null && !IsInstalling);
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _receiver?.CloseFiles();
        CurrentState.Release();
    }

    private void Publish(StoreState next)
    {
        StoreState before = CurrentState;
        Volatile.Write(ref _state, next);
        before.Release();
    }

    private static void CreateEmpty(IDisk disk, string directory, IReadOnlyList<string> names)
    {
        if (names.Any(IsTableName))
        {
            // The manifest is older than any table: it did exist. What is missing is never taken for "nothing there".
            throw new DamagedException($"{directory}/{ManifestFile.Name}", 0, "missing beside tables");
        }

        foreach (Pause _ in ManifestFile.Switch(disk, directory, Manifest.Empty))
        {
        }
    }

    private static TableReader OpenTable(IDisk disk, string directory, TableMeta meta, BlockCache cache)
    {
        string path = $"{directory}/{meta.Name}";
        if (!disk.Exists(path))
        {
            throw new DamagedException(path, 0, "missing");
        }

        IDiskFile file = disk.Open(path, DiskOpen.Read);
        long length = file.Length;
        if (length != meta.Length)
        {
            file.Dispose();
            throw new DamagedException(path, length, $"{meta.Length} bytes long when it was written");
        }

        return new TableReader(meta, path, file, cache);
    }

    private static bool IsTableName(string name) => name.EndsWith(TableFormat.Suffix, StringComparison.Ordinal);
}
