using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Log;

namespace Nines.Replication;

/// <summary>The end of a turn: outputs of the cores become log appends, messages, applied entries and answers.</summary>
public sealed partial class Reactor
{
    /// <summary>Rounds one turn may take until nothing is left to finish. Each round is caused by the one before (append, commit, apply, ready).</summary>
    private const int MaxRounds = 64;

    /// <summary>After a flush that found the disk full: 500 ms.</summary>
    private const int RetryFlushTicks = 20;

    private readonly Deferred _stagedSends = new();
    private readonly Deferred _flushingSends = new();
    private readonly List<LogEntry> _entries = new(256);
    private List<(Replica Replica, LogPosition Position)> _staged = [];
    private List<(Replica Replica, LogPosition Position)> _flushing = [];
    private LogFlush? _flush;
    private long _flushNotBefore;
    private bool _isRetry;
    private Action<IBackgroundWork, Exception?>? _onFlushed;

    private void FinishReplicas()
    {
        for (int round = 0; _dirty.Count > 0; round++)
        {
            Invariant.Assert(round < MaxRounds);
            int count = _dirty.Count;
            for (int i = 0; i < count; i++)
            {
                Replica replica = _dirty[i];
                replica.IsDirty = false;
                if (replica.Halted is null)
                {
                    Finish(replica);
                }
            }

            _dirty.RemoveRange(0, count);
        }
    }

    private void Finish(Replica replica)
    {
        replica.BeginReadRound();
        replica.Raft.Finish(replica.Output);
        RaftOutput output = replica.TakeOutput();
        if (output.PromisesLost)
        {
            LosePromises(replica, output);
            return;
        }

        Persist(replica, output);
        SendMessages(replica, output);
        if (output.RoleChanged)
        {
            OnRoleChanged(replica);
        }

        foreach ((ulong id, LogIndex index) in output.ReadsReady)
        {
            replica.ConfirmReads(id, index);
        }

        foreach (ulong id in output.ReadsDropped)
        {
            replica.DropReads(id);
        }

        foreach (NodeId peer in output.SnapshotsWanted)
        {
            WantSnapshot(replica, peer);
        }

        if (output.InstallSnapshot is { } install)
        {
            InstallSnapshot(replica, install.Position);
        }

        output.Clear();
        LogIndex commit = replica.Raft.Commit;
        if (replica.NeedsState)
        {
            // Nothing can be applied or read until a peer's state is here.
            replica.DropWaitingReads();
            return;
        }

        if (replica.Store.IsInstalling)
        {
            // Entries that were committed in the turn in which the snapshot was complete are in it, or are applied behind it.
            return;
        }

        if (commit > replica.Applied.Position.Index)
        {
            Apply(replica, commit);
        }
        else
        {
            replica.ServeReads();
        }
    }

    private void Apply(Replica replica, LogIndex commit)
    {
        replica.ApplyUpTo(commit);
        replica.Step(RaftInput.Applied(replica.Applied.Position.Index));
        CompactMemory(replica);
        MarkDirty(replica);
    }

    private void Persist(Replica replica, RaftOutput output)
    {
        if (output.HardState is { } state)
        {
            _log.SetHardState(replica.Group, state);
        }

        foreach (ref readonly LogEntry entry in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(output.Append))
        {
            _log.Append(replica.Group, entry);
        }

        if (output.Append.Count > 0 || output.HardState is not null)
        {
            LogPosition position = output.Append.Count > 0 ? output.Append[^1].Position : LogPosition.Zero;
            NoteStaged(replica, position);
        }
    }

    private void NoteStaged(Replica replica, LogPosition position)
    {
        for (int i = _staged.Count - 1; i >= 0; i--)
        {
            if (_staged[i].Replica == replica)
            {
                if (position != LogPosition.Zero)
                {
                    _staged[i] = (replica, position);
                }

                return;
            }
        }

        _staged.Add((replica, position));
    }

    private void SendMessages(Replica replica, RaftOutput output)
    {
        foreach (ref readonly RaftMessage message in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(output.SendNow))
        {
            WriteRaft(replica, message, _outbox.Open(message.To, RaftKind(message)));
            _outbox.Close();
        }

        if (output.SendWhenDurable.Count == 0)
        {
            return;
        }

        Deferred? waits = _log.HasStaged ? _stagedSends : _flush is not null ? _flushingSends : null;
        foreach (ref readonly RaftMessage message in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(output.SendWhenDurable))
        {
            if (waits is null)
            {
                WriteRaft(replica, message, _outbox.Open(message.To, RaftKind(message)));
                _outbox.Close();
            }
            else
            {
                WriteRaft(replica, message, waits.Open(RaftKind(message)));
                waits.Close(message.To);
            }
        }
    }

    private static byte RaftKind(in RaftMessage message) => (byte)(MessageKind.Raft + (byte)message.Kind);

    private static void WriteRaft(Replica replica, in RaftMessage message, ByteBuffer to)
    {
        to.Count(replica.Group.Value);
        RaftCodec.Write(message, replica.Raft.Log, to);
    }

    private void StartFlush()
    {
        if (_flush is not null || !_log.HasStaged || _now < _flushNotBefore)
        {
            return;
        }

        _flush = _log.BeginFlush();
        if (!_isRetry)
        {
            (_staged, _flushing) = (_flushing, _staged);
            Invariant.Assert(_flushingSends.IsEmpty);
            _stagedSends.MoveTo(_flushingSends);
        }

        _isRetry = false;
        _background.Start(Lane.Log, _flush, _onFlushed ??= OnFlushed);
    }

    private void OnFlushed(IBackgroundWork work, Exception? failure)
    {
        Invariant.Assert(ReferenceEquals(work, _flush));
        LogFlush flush = _flush;
        _flush = null;
        _log.EndFlush(flush, failure);
        if (_log.Failure is not null)
        {
            // What a failed flush left on the disk is unknown, and trying again may report a success that is none (ATC 2020).
            Fail($"the log could not be flushed: {_log.Failure.Message}");
            return;
        }

        _lastFlushTick = _now;
        DiskFull = failure is not null;
        if (DiskFull)
        {
            // Nothing was synced and nothing was promised: the log gives the same flush again, to the same place.
            _isRetry = true;
            _flushNotBefore = _now + RetryFlushTicks;
            return;
        }

        foreach ((Replica replica, LogPosition position) in _flushing)
        {
            replica.Step(RaftInput.LogDurable(position));
            MarkDirty(replica);
        }

        _flushing.Clear();
        _outbox.Release(_flushingSends);
    }

    /// <summary>Log writes fail for lack of space: new writes are refused, reads go on, and the flush is tried again.</summary>
    public bool DiskFull { get; private set; }


    private void Fail(string why)
    {
        Failure ??= why;
        FailAllRequests();
    }
}
