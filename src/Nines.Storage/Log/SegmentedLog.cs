using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// One append-only log for all groups of a reactor. The reactor stages entries and hard states at any time, takes everything
/// staged as one flush when none is under way, and learns of its end by <see cref="EndFlush"/>; meanwhile it stages on. So all that
/// becomes due during one sync shares the next.
/// <para>
/// All members belong to the reactor's thread. Only the work objects that <see cref="BeginFlush"/>, <see cref="BeginSeal"/> and
/// <see cref="TakeMaintenance"/> give out run elsewhere. docs/formats/log.md has the format and what recovery makes of damage.
/// </para>
/// </summary>
public sealed partial class SegmentedLog : IDisposable
{
    private readonly LogOptions _options;
    private readonly SegmentPool _pool;
    private readonly LogFlush _flush;
    private readonly LogEcho _echo = new();
    private readonly Dictionary<int, GroupLog> _groups = [];

    // The same groups by id: a checkpoint's order must not come from hashing.
    private readonly List<GroupLog> _ordered = [];
    private LogStaging _staging;
    private LogStaging? _spare;
    private bool _inFlight;
    private bool _retry;
    private bool _echoInFlight;
    private bool _sealed = true;
    private Exception? _failure;

    internal SegmentedLog(IDisk disk, string directory, LogOptions options, SegmentPool pool, long nextBatch, long life)
    {
        _options = options;
        _pool = pool;
        _flush = new LogFlush(disk, directory, life);
        _staging = new LogStaging(nextBatch);
        _spare = new LogStaging(nextBatch);
    }

    /// <summary>A flush would have something to write.</summary>
    public bool HasStaged => !_staging.IsEmpty || _retry;

    /// <summary>What waits for the next flush, about.</summary>
    public long StagedBytes => _staging.Frames.Length + (_retry ? _flush.Bytes : 0);

    public bool FlushInFlight => _inFlight;

    /// <summary>Writes should be refused before they are proposed: the space that is left is for what is under way.</summary>
    public bool LowOnSpace => _pool.LowOnSpace;

    /// <summary>What the log takes on the disk. Beyond <see cref="LogOptions.MaxBytes"/>, see <see cref="HoldsOldestSegment"/>.</summary>
    public long Bytes => _pool.Bytes;

    public bool ExceedsMaxBytes => _pool.Bytes > _options.MaxBytes;

    /// <summary>Why the log takes nothing any more; null while it works. The node stops.</summary>
    public Exception? Failure => _failure;

    /// <summary>Something may be lost of groups this log does not even know. See <see cref="AcceptLoss"/>.</summary>
    public bool AnyGroupMayBeLost { get; internal set; }

    /// <summary>
    /// Stages an entry. An index up to the group's last cuts the group's log there first; a gap is a programmer's error.
    /// The payload is copied.
    /// </summary>
    public void Append(GroupId group, in LogEntry entry)
    {
        GroupLog log = Stage(group);
        Invariant.Assert(entry.Index.Value > log.StagedBase && entry.Index.Value <= log.StagedLast + 1);
        Invariant.Assert(entry.Payload.Length <= _options.EntryBytesMax);
        if (entry.Index.Value <= log.StagedLast)
        {
            log.CutFrom = log.CutInBatch > DurableBatch ? Math.Min(log.CutFrom, entry.Index.Value) : entry.Index.Value;
            log.CutInBatch = _staging.Batch;
        }

        _staging.AddFrame(log, DirectoryRecord.Run(group, entry.Index, 1, entry.Term), entry);
        log.StagedLast = entry.Index.Value;
    }

    /// <summary>Stages a group's term and vote. Several before one flush are one.</summary>
    public void SetHardState(GroupId group, HardState state)
    {
        GroupLog log = Stage(group);
        Invariant.Assert(state.Term >= log.StagedTerm);
        log.StagedTerm = state.Term;
        _staging.Add(log, DirectoryRecord.HardState(group, state));
    }

    /// <summary>A snapshot was installed (durably): the group's log is dropped and starts again behind this position.</summary>
    public void SetBase(GroupId group, LogPosition position)
    {
        GroupLog log = Stage(group);
        _staging.Add(log, DirectoryRecord.At(RecordKind.Restart, group, position));
        log.StagedBase = position.Index.Value;
        log.StagedLast = position.Index.Value;
    }

    /// <summary>The group's replica left this node, as a committed command said. Silent when the group is not here.</summary>
    public void RemoveGroup(GroupId group)
    {
        if (_groups.TryGetValue(group.Value, out GroupLog? log) && log.StagedExists)
        {
            _staging.Add(log, DirectoryRecord.Remove(group));
            log.StagedExists = false;
            log.StagedBase = 0;
            log.StagedLast = 0;
            log.StagedTerm = Term.Zero;
        }
    }

    /// <summary>
    /// Entries up to here are durable in the store; the log need not keep them. Takes effect with the next flush. What is still
    /// in flight, or replaced by something in flight, is left for the next call.
    /// </summary>
    /// <returns>Up to where the log is discarded then.</returns>
    public LogIndex Discard(GroupId group, LogIndex upTo)
    {
        GroupLog log = Stage(group);
        Invariant.Assert(upTo.Value <= log.StagedLast);

        // The record names the term of the last discarded entry, which is sure only for entries that are durable here and not
        // being replaced.
        long last = Math.Min(upTo.Value, log.Terms.Last);
        last = log.CutInBatch > DurableBatch ? Math.Min(last, log.CutFrom - 1) : last;
        long term = log.Terms.TermAt(last);
        if (last > log.StagedBase && term != TermRuns.Unknown)
        {
            _staging.Add(log, DirectoryRecord.At(RecordKind.Discard, group, new LogPosition(new Term(term), new LogIndex(last))));
            log.StagedBase = last;
        }

        return new LogIndex(log.StagedBase);
    }

    /// <summary>
    /// Fills a hole with the entry a peer has at this position. It is durable with the next flush, and recovery finds it in the
    /// hole's place. The position must be that of the hole.
    /// </summary>
    public void Repair(GroupId group, in LogEntry entry)
    {
        GroupLog log = Stage(group);
        Invariant.Assert(log.Terms.TermAt(entry.Index.Value) == entry.Term.Value && entry.Index > log.Terms.Base.Index);
        _staging.AddFrame(log, DirectoryRecord.At(RecordKind.Repair, group, entry.Position), entry);
    }

    /// <summary>The reactor has dealt with <see cref="AnyGroupMayBeLost"/>: every group it expects here was made a learner or brought back.</summary>
    public void AcceptLoss()
    {
        if (AnyGroupMayBeLost)
        {
            AnyGroupMayBeLost = false;
            _staging.LossAccepted();
        }
    }

    /// <summary>The group whose entries keep the oldest segment: flushing its memtable lets the log shrink. Null: none does.</summary>
    public GroupId? HoldsOldestSegment()
    {
        if (_pool.Oldest is { } oldest && !ReferenceEquals(oldest, _pool.Current))
        {
            foreach (GroupLog log in _ordered)
            {
                if (ReferenceEquals(log.OldestSegment, oldest))
                {
                    return log.Group;
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Prepares the next segment and recycles old ones; null when there is nothing to do. Run it on <see cref="Lane.Store"/> and
    /// hand its end to <see cref="EndMaintenance"/>. Ask after each flush, and now and then while <see cref="LowOnSpace"/>.
    /// </summary>
    public LogMaintenance? TakeMaintenance() => _failure == null ? _pool.TakeMaintenance(DurableBatch) : null;

    /// <summary>A device that failed stops the log; a full one does not.</summary>
    public void EndMaintenance(LogMaintenance work, Exception? failure)
    {
        if (!_pool.EndMaintenance(work, failure))
        {
            _failure ??= failure;
        }
    }

    /// <summary>Closes the files. What was not flushed is not saved.</summary>
    public void Dispose() => _pool.Close();

    private long DurableBatch => _staging.Batch - (_inFlight || _retry ? 2 : 1);

    private GroupLog Stage(GroupId group)
    {
        Invariant.Assert(_failure == null);
        if (!_groups.TryGetValue(group.Value, out GroupLog? log))
        {
            log = new GroupLog(group);
            Add(log);
        }

        log.StagedExists = true;
        return log;
    }

    internal void Add(GroupLog log)
    {
        _groups.Add(log.Group.Value, log);
        int at = _ordered.FindIndex(other => other.Group.Value > log.Group.Value);
        _ordered.Insert(at < 0 ? _ordered.Count : at, log);
    }
}
