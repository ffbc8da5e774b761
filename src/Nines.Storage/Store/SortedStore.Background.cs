using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>The store's background work: what is due, and what happens when it is done.</summary>
public sealed partial class SortedStore
{
    private readonly List<string> _obsolete = [];
    private readonly byte[]?[] _compactedUpTo = new byte[Version.LevelCount][];
    private StoreWork? _running;
    private InstallWork? _installing;
    private ScrubWork? _scrubbing;
    private SnapshotReceiver? _receiver;
    private ScrubPlace _scrubPlace;
    private bool _isDisposed;
    private long _flushedBytes;
    private long _compactionReadBytes;
    private long _compactionWrittenBytes;
    private long _failedWork;

    /// <summary>
    /// The failure after which nothing may be written any more: the device failed, or a sync did, and what is durable is no longer
    /// known. The node stops.
    /// </summary>
    public Exception? Failure { get; private set; }

    /// <summary>
    /// Background work met damage. Flushes and reads of whole blocks go on, compactions do not; the owner replaces the store by
    /// a peer's snapshot.
    /// </summary>
    public DamagedException? Damage { get; private set; }

    /// <summary>From <see cref="SnapshotReceiver.Finish"/> to its completion: no writes are taken.</summary>
    public bool IsInstalling => _installing is not null;

    /// <summary>Whole rounds over all tables that scrubs have finished.</summary>
    public long ScrubRounds { get; private set; }

    /// <summary>
    /// The next piece of work, or null when there is none or one is outstanding. Work that failed because the disk was full comes
    /// again: the owner waits a while before it asks.
    /// </summary>
    public IBackgroundWork? TakeWork()
    {
        if (_running is not null || IsInstalling || Failure is not null)
        {
            return null;
        }

        _running = NextWork();
        return _running;
    }

    /// <summary>The end of work from <see cref="TakeWork"/>, <see cref="Scrub"/> or <see cref="SnapshotReceiver.Finish"/>.</summary>
    /// <param name="work">The work.</param>
    /// <param name="failure">What ended it before its last step.</param>
    public void Complete(IBackgroundWork work, Exception? failure)
    {
        _failedWork += failure is null ? 0 : 1;
        bool isFatal = failure is not (null or DamagedException or DiskException { Failure: DiskFailure.Full });
        Failure ??= isFatal ? failure : null;
        Damage ??= work is InstallWork ? null : failure as DamagedException;

        // After a fatal failure the manifest may name any of the files: then nothing is deleted.
        var obsolete = new List<string>();
        ((StoreWork)work).End(failure, obsolete);
        _obsolete.AddRange(isFatal ? [] : obsolete);
        switch (work)
        {
            case ScrubWork scrub:
                CompleteScrub(scrub);
                break;
            case InstallWork install:
                CompleteInstall(install, failure);
                break;
            default:
                Invariant.Assert(work == _running);
                _running = null;
                CompleteVersion(work as VersionWork, failure);
                break;
        }
    }

    /// <summary>Reads the next portion of all tables from the disk and checks it; damage ends the work with the exception.</summary>
    public IBackgroundWork Scrub()
    {
        Invariant.Assert(_scrubbing is null);
        _scrubbing = new ScrubWork(_files, CurrentState.Version, _scrubPlace);
        _scrubbing.Version.Acquire();
        return _scrubbing;
    }

    /// <summary>The files of the durable point. Who wants a newer one seals and flushes first.</summary>
    public StoreSnapshot TakeSnapshot() => new(CurrentState.Version, _files.Numbers.Next);

    /// <summary>
    /// Starts to receive a snapshot beside the store; one being received is given up for it. Null when there is nothing to gain or
    /// the announcement is not one: the store is already at that point or beyond, or the list of files is not plausible.
    /// </summary>
    /// <param name="point">Where the snapshot stands.</param>
    /// <param name="files">The sender's <see cref="StoreSnapshot.Files"/>.</param>
    /// <param name="isRepair">The store is damaged: also take a snapshot of the very point it has applied.</param>
    public SnapshotReceiver? BeginInstall(StorePoint point, IReadOnlyList<SnapshotFile> files, bool isRepair = false)
    {
        LogIndex needed = isRepair ? Applied : Applied.Next;
        bool isPlausible = files.Count > 0
            && files[0].Name == ManifestFile.Name && files[0].Length <= Manifest.MaxBytes
            && files.All(f => f.Length > 0);
        if (point.Position.Index < needed || !isPlausible)
        {
            return null;
        }

        if (_receiver is not null)
        {
            AbandonInstall(_receiver);
        }

        _receiver = new SnapshotReceiver(this, _files, point with { Metadata = point.Metadata.ToArray() }, files);
        return _receiver;
    }

    public StoreStatistics Statistics()
    {
        StoreState state = CurrentState;
        IReadOnlyList<LevelSize> levels = state.Version.Sizes;
        return new StoreStatistics
        {
            MemtableBytes = state.Active.Bytes,
            SealedMemtables = state.Sealed.Length,
            SealedBytes = state.Sealed.Sum(m => m.Bytes),
            Levels = levels,
            TableBytes = levels.Sum(l => l.Bytes),
            TableEntries = state.Version.Tables.Sum(t => t.Meta.Entries),
            FlushedBytes = _flushedBytes,
            CompactionReadBytes = _compactionReadBytes,
            CompactionWrittenBytes = _compactionWrittenBytes,
            FailedWork = _failedWork,
            ObsoleteFiles = _obsolete.Count,
        };
    }

    internal IBackgroundWork FinishInstall(SnapshotReceiver receiver)
    {
        Invariant.Assert(receiver == _receiver && receiver.IsOpen);
        Invariant.Assert(!IsInstalling && !_transaction.IsOpen);
        Invariant.Assert(receiver.Point.Position.Index >= Applied);
        receiver.StopTaking();
        _receiver = null;
        _installing = new InstallWork(_files, receiver);
        return _installing;
    }

    internal void AbandonInstall(SnapshotReceiver receiver)
    {
        if (receiver.IsOpen)
        {
            receiver.StopTaking();
            receiver.CloseFiles();
            _obsolete.AddRange(receiver.LocalNames());
            _receiver = null;
        }
    }

    private StoreWork? NextWork()
    {
        StoreState state = CurrentState;
        if (_obsolete.Count > 0)
        {
            var work = new DeleteWork(_files, [.. _obsolete]);
            _obsolete.Clear();
            return work;
        }

        // Flushes first: they free memory. But not into a level 0 that is already too deep for readers.
        bool isCrowded = state.Version.Level(0).Length >= _files.Options.Level0Stall;
        StoreWork? first = isCrowded ? NextCompaction(state) : NextFlush(state);
        return first ?? (isCrowded ? NextFlush(state) : NextCompaction(state));
    }

    private FlushWork? NextFlush(StoreState state)
    {
        if (state.Sealed.Length == 0 || !HasRoom(state.Sealed[^1].Bytes))
        {
            return null;
        }

        state.Version.Acquire();
        return new FlushWork(_files, state.Version, state.Sealed[^1]);
    }

    private CompactionWork? NextCompaction(StoreState state)
    {
        int level = CompactionPlanner.LevelDue(state.Version.Sizes, _files.Options);
        if (level < 0 || Damage is not null)
        {
            return null;
        }

        Compaction compaction = CompactionPlanner.Plan(state.Version, level, _compactedUpTo[level]);
        if (!compaction.IsMove && !HasRoom(compaction.Bytes))
        {
            return null;
        }

        state.Version.Acquire();
        return new CompactionWork(_files, compaction);
    }

    private bool HasRoom(long bytes) => _files.Disk.FreeBytes - _files.Options.ReserveBytes >= bytes;

    private void CompleteVersion(VersionWork? work, Exception? failure)
    {
        if (work is null)
        {
            return;
        }

        StoreState state = CurrentState;
        if (failure is null)
        {
            // Nothing else changes versions while work is outstanding, so what it started from is still what there is.
            Invariant.Assert(work.After is not null && work.Before == state.Version);
            Memtable[] memtables = work is FlushWork flush
                ? [.. state.Sealed.Where(m => m != flush.Memtable)]
                : state.Sealed;
            Publish(new StoreState(state.Active, memtables, work.After));
            CountWork(work);
        }

        work.After?.Release();
        work.Before.Release();
    }

    private void CountWork(VersionWork work)
    {
        if (work is not CompactionWork { Compaction: var compaction })
        {
            _flushedBytes += work.BytesWritten;
            return;
        }

        _compactedUpTo[compaction.Level] = compaction.Largest;
        if (!compaction.IsMove)
        {
            _compactionReadBytes += compaction.Bytes;
            _compactionWrittenBytes += work.BytesWritten;
            _obsolete.AddRange(compaction.Inputs.Select(t => t.Meta.Name));
        }
    }

    private void CompleteScrub(ScrubWork work)
    {
        Invariant.Assert(work == _scrubbing);
        _scrubbing = null;
        _scrubPlace = work.Place;
        ScrubRounds += work.IsRound ? 1 : 0;
        work.Version.Release();
    }

    private void CompleteInstall(InstallWork work, Exception? failure)
    {
        Invariant.Assert(work == _installing && _running is null);
        _installing = null;
        if (failure is null)
        {
            Invariant.Assert(work.After is not null);
            _obsolete.AddRange(CurrentState.Version.Tables.Select(t => t.Meta.Name));
            Publish(new StoreState(new Memtable(work.After.Point.Position.Index), [], work.After));
            Damage = null;
            _scrubPlace = default;
        }

        work.After?.Release();
    }
}
