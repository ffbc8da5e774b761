using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Storage.Log;

namespace Nines.Replication;

/// <summary>
/// Storage in the background: memtables become tables, the log shrinks behind them, entries leave memory. Each replica has at
/// most one piece of work under way.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>After work that found the disk full, wait so long before the next try: 2 s.</summary>
    private const int StoreRetryTicks = 80;

    /// <summary>The log gets its seal after so long without a flush: 200 ms.</summary>
    private const int SealLogTicks = 8;

    private const int ScrubSpreadTicks = 97;

    /// <summary>The free space is asked for this often: 1 s.</summary>
    private const int SpaceCheckTicks = 40;

    private readonly Dictionary<IBackgroundWork, Replica> _storeWork = new(ReferenceEqualityComparer.Instance);
    private Action<IBackgroundWork, Exception?>? _onStoreWork;
    private LogMaintenance? _maintenance;
    private long _storeNotBefore;
    private long _maintenanceNotBefore;
    private bool _checksSpace;
    private bool _lowOnSpace;
    private long _lastFlushTick;

    /// <summary>Why a replica takes no writes at the moment; null when it does.</summary>
    private Reason? RefusesWrites(Replica replica) =>
        DiskFull || _lowOnSpace || _log.LowOnSpace ? Reason.DiskFull : replica.Store.IsStalled ? Reason.Overloaded : null;

    private void StartStoreWork()
    {
        if (_now < _storeNotBefore)
        {
            return;
        }

        foreach (Replica replica in _replicas.Values)
        {
            if (replica.Halted is null && !replica.NeedsState)
            {
                SealWhenDue(replica);
                StartStoreWork(replica);
            }
        }

        if (_maintenance is null && _now >= _maintenanceNotBefore && _log.TakeMaintenance() is { } maintenance)
        {
            // While space is low the log always has something to ask.
            _maintenanceNotBefore = _log.LowOnSpace ? _now + SpaceCheckTicks : _now;
            _maintenance = maintenance;
            _background.Start(Lane.Store, maintenance, OnMaintained);
        }
    }

    private void StartStoreWork(Replica replica)
    {
        if (replica.HasStoreWork || !replica.MayHaveStoreWork)
        {
            return;
        }

        if (replica.Store.TakeWork() is not { } work)
        {
            replica.MayHaveStoreWork = false;
            return;
        }

        StartStoreWork(replica, work);
    }

    /// <summary>
    /// Reads tables that nobody asks for, so that damage is found while others still have what it hit. Groups take turns.
    /// </summary>
    private void ScrubWhenDue(Replica replica)
    {
        bool due = (_now + (replica.Group.Value * ScrubSpreadTicks)) % _options.ScrubTicks == 0;
        if (due && !replica.HasStoreWork && !replica.NeedsState && !replica.Store.IsInstalling)
        {
            StartStoreWork(replica, replica.Store.Scrub());
        }
    }

    private void StartStoreWork(Replica replica, IBackgroundWork work)
    {
        replica.HasStoreWork = true;
        _storeWork.Add(work, replica);
        _background.Start(Lane.Store, work, _onStoreWork ??= OnStoreWork);
    }

    private void OnStoreWork(IBackgroundWork work, Exception? failure)
    {
        Invariant.Assert(_storeWork.Remove(work, out Replica? replica));
        replica.HasStoreWork = false;
        replica.MayHaveStoreWork = true;
        replica.Store.Complete(work, failure);

        // A node that failed earlier in this turn only waits for its end: its log takes nothing more.
        if (Failure is not null || !CheckStore(replica, failure))
        {
            return;
        }

        LogIndex durable = replica.Store.Durable.Position.Index;
        LogIndex known = LogIndex.Min(durable, replica.Raft.Log.LastIndex);
        if (known > replica.DiscardedIndex && known >= replica.Raft.Log.Base.Index)
        {
            replica.DiscardedIndex = known;
            _log.Discard(replica.Group, known);
        }

        CompactMemory(replica);
    }

    /// <summary>What a failure of store work means. False: the replica does not go on.</summary>
    private bool CheckStore(Replica replica, Exception? failure)
    {
        if (replica.Store.Failure is { } fatal)
        {
            Fail($"the store of {replica.Group} could not be written: {fatal.Message}");
            return false;
        }

        if (replica.Store.Damage is { } damage)
        {
            replica.LoseState(damage.Message);
            return false;
        }

        if (failure is not null)
        {
            DiskFull = true;
            _storeNotBefore = _now + StoreRetryTicks;
        }

        return true;
    }

    private void OnMaintained(IBackgroundWork work, Exception? failure)
    {
        LogMaintenance maintenance = _maintenance!;
        _maintenance = null;
        _log.EndMaintenance(maintenance, failure);
        if (_log.Failure is { } fatal)
        {
            Fail($"the log could not be maintained: {fatal.Message}");
        }
        else if (failure is not null)
        {
            _storeNotBefore = _now + StoreRetryTicks;
        }
    }

    private void SealWhenDue(Replica replica)
    {
        bool due = replica.Store.WantsFlush;
        if (!due && _log.ExceedsMaxBytes && _log.HoldsOldestSegment() is { } holder)
        {
            due = holder == replica.Group;
        }

        if (due)
        {
            Seal(replica);
        }
    }

    /// <summary>Closes the memtable at the applied position; its flush makes that position durable.</summary>
    private static void Seal(Replica replica)
    {
        LogPosition position = replica.Applied.Position;
        if (replica.Store.CanSeal && position.Index > replica.SealedIndex)
        {
            replica.Store.Seal(new(position, replica.Applied.Encode()));
            replica.MayHaveStoreWork = true;
            replica.SealedIndex = position.Index;
        }
    }

    /// <summary>
    /// Forgets entries that the store holds durably, but keeps some for followers that lag: sending those is cheaper than a snapshot.
    /// </summary>
    private void CompactMemory(Replica replica)
    {
        RaftLog log = replica.Raft.Log;
        LogIndex applied = replica.Applied.Position.Index;
        long keep = log.Bytes > _options.KeepEntryBytes ? 0 : _options.KeepEntries;
        LogIndex upTo = LogIndex.Min(replica.Store.Durable.Position.Index, new(Math.Max(0, applied.Value - keep)));
        if (upTo > log.Base.Index && upTo <= replica.Raft.Applied)
        {
            replica.Step(RaftInput.Compacted(upTo));
        }
    }

    /// <summary>
    /// Somebody else may fill the disk: the free space is asked for now and then, whatever this node writes. When there is room again writes
    /// are taken again.
    /// </summary>
    private void CheckSpace()
    {
        if (_now % SpaceCheckTicks == 0 && !_checksSpace)
        {
            _checksSpace = true;
            _background.Start(Lane.Store, new SpaceCheck(_parts.Disk), OnSpaceChecked);
        }
    }

    private void OnSpaceChecked(IBackgroundWork work, Exception? failure)
    {
        _checksSpace = false;
        if (failure is not null)
        {
            return;
        }

        _lowOnSpace = ((SpaceCheck)work).FreeBytes < _parts.LogOptions.ReserveBytes;
        DiskFull &= _lowOnSpace || _isRetry;
    }

    private sealed class SpaceCheck(IDisk disk) : IBackgroundWork
    {
        public long FreeBytes { get; private set; }

        public bool Step()
        {
            FreeBytes = disk.FreeBytes;
            return false;
        }
    }

    private void SealIdleLog()
    {
        if (_flush is null && !_log.HasStaged && _now - _lastFlushTick >= SealLogTicks && _log.BeginSeal() is { } seal)
        {
            _flush = seal;
            _background.Start(Lane.Log, seal, _onFlushed ??= OnFlushed);
        }
    }
}
