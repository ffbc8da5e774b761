using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// The receiver's side of a snapshot: it fills a store beside the old one; only when all is there does its Raft core hear of it, and one
/// atomic switch follows.
/// </summary>
public sealed partial class Reactor
{
    private readonly SortedList<int, SnapshotReceiving> _receivings = [];

    private void OnSnapshotBegin(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        ulong id = reader.Varint();
        Term term = reader.Term();
        LogPosition position = reader.Position();
        byte[] meta = reader.Blob().ToArray();
        var files = new List<SnapshotFile>();
        for (int left = reader.Items(2); left > 0; left--)
        {
            files.Add(new(reader.Text(), reader.Counted()));
        }

        if (!ReplicaMeta.TryDecode(position, meta, out _))
        {
            reader.Fail();
        }

        if (IsMalformed(from, reader))
        {
            return;
        }

        if (Find(group) is not { } replica || term < replica.Raft.Term)
        {
            SendProgress(from, group.Value, id, SnapshotVerdict.Failed, 0);
            return;
        }

        replica.Wake();
        if (_receivings.TryGetValue(replica.Group.Value, out SnapshotReceiving? current))
        {
            if (current.Id == id && current.From == from)
            {
                SendProgress(from, replica.Group.Value, id, SnapshotVerdict.Going, current.Received);
                return;
            }

            if (current.IsInstalling)
            {
                SendProgress(from, group.Value, id, SnapshotVerdict.Failed, 0);
                return;
            }
        }

        StartReceiving(replica, from, id, term, new(position, meta), files);
    }

    private void StartReceiving(
        Replica replica, NodeId from, ulong id, Term term, StorePoint point, List<SnapshotFile> files)
    {
        if (replica.NeedsState && point.Position.Index < NeededIndex(replica))
        {
            SendProgress(from, replica.Group.Value, id, SnapshotVerdict.Failed, 0);
            return;
        }

        if (replica.Store.IsInstalling || replica.Store.BeginInstall(point, files, replica.NeedsState) is not { } receiver)
        {
            // Nothing to gain: the log has overtaken the snapshot, or it was received before.
            SendProgress(from, replica.Group.Value, id, SnapshotVerdict.Done, 0);
            return;
        }

        _receivings[replica.Group.Value] = new(replica, from, id, term, receiver) { LastProgress = _now };
        SendProgress(from, replica.Group.Value, id, SnapshotVerdict.Going, 0);
    }

    private void OnSnapshotChunk(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        ulong id = reader.Varint();
        long stream = reader.Count();
        ReadOnlySpan<byte> bytes = reader.Blob();
        if (IsMalformed(from, reader)
            || !_receivings.TryGetValue(group.Value, out SnapshotReceiving? receiving)
            || receiving.Id != id || receiving.From != from || receiving.IsInstalling)
        {
            return;
        }

        receiving.LastProgress = _now;
        if (stream != receiving.Received)
        {
            // A repetition, or something before it was lost: say where to go on.
            SendProgress(from, group.Value, id, SnapshotVerdict.Going, receiving.Received);
            return;
        }

        try
        {
            if (!receiving.Write(bytes))
            {
                EndReceiving(receiving, SnapshotVerdict.Failed);
                return;
            }
        }
        catch (DiskException failure) when (failure.Failure == DiskFailure.Full)
        {
            DiskFull = true;
            EndReceiving(receiving, SnapshotVerdict.Failed);
            return;
        }

        if (receiving.IsComplete)
        {
            OfferSnapshot(receiving);
        }
        else
        {
            SendProgress(from, group.Value, id, SnapshotVerdict.Going, receiving.Received);
        }
    }

    /// <summary>All bytes are here: the core decides whether the snapshot is still worth having.</summary>
    private void OfferSnapshot(SnapshotReceiving receiving)
    {
        Replica replica = receiving.Replica;
        StorePoint point = receiving.Receiver.Point;
        if (!ReplicaMeta.TryDecode(point.Position, point.Metadata.Span, out ReplicaMeta meta) || receiving.Term < replica.Raft.Term)
        {
            EndReceiving(receiving, SnapshotVerdict.Failed);
            return;
        }

        if (replica.NeedsState && replica.Raft.Log.Matches(point.Position) && point.Position.Index <= replica.Raft.Commit)
        {
            receiving.IsInstalling = true;
            StartInstallWhenIdle(receiving);
            return;
        }

        if (replica.NeedsState && replica.Raft.Leader != receiving.From)
        {
            // Ahead of what is known to be committed here: by the next try it will be, or the leader sends its own.
            EndReceiving(receiving, SnapshotVerdict.Failed);
            return;
        }

        replica.Step(RaftInput.Receive(
            RaftMessage.Snapshot(receiving.From, Self, receiving.Term, point.Position, meta.Configuration)));
        // From here on it is this one, also when another is announced before the turn ends.
        receiving.IsInstalling = replica.Output.InstallSnapshot is not null;
        if (!receiving.IsInstalling)
        {
            EndReceiving(receiving, SnapshotVerdict.Done);
        }

        MarkDirty(replica);
    }

    private void InstallSnapshot(Replica replica, LogPosition position)
    {
        SnapshotReceiving receiving = _receivings[replica.Group.Value];
        Invariant.Assert(receiving.Receiver.Point.Position == position && receiving.IsInstalling);
        StartInstallWhenIdle(receiving);
    }

    /// <summary>Work of the old state ends first: the switch replaces all of it.</summary>
    private void StartInstallWhenIdle(SnapshotReceiving receiving)
    {
        if (receiving.IsStarted || receiving.Replica.HasStoreWork)
        {
            return;
        }

        receiving.IsStarted = true;
        receiving.Replica.HasStoreWork = true;
        IBackgroundWork work = receiving.Receiver.Finish();
        _background.Start(Lane.Store, work, (done, failure) => OnInstalled(receiving, done, failure));
    }

    private void OnInstalled(SnapshotReceiving receiving, IBackgroundWork work, Exception? failure)
    {
        Replica replica = receiving.Replica;
        replica.HasStoreWork = false;
        replica.MayHaveStoreWork = true;
        replica.Store.Complete(work, failure);
        _receivings.Remove(replica.Group.Value);
        if (Failure is not null)
        {
            return;
        }

        if (replica.Store.Failure is { } fatal)
        {
            Fail($"a snapshot of {replica.Group} could not be installed: {fatal.Message}");
            return;
        }

        if (failure is not null)
        {
            // What arrived was damaged, or the disk is full. The old state is untouched; the leader tries again.
            replica.Step(RaftInput.SnapshotFailed);
            MarkDirty(replica);
            SendProgress(receiving.From, replica.Group.Value, receiving.Id, SnapshotVerdict.Failed, 0);
            return;
        }

        StorePoint point = replica.Store.Durable;
        Invariant.Assert(ReplicaMeta.TryDecode(point.Position, point.Metadata.Span, out ReplicaMeta meta));
        if (replica.NeedsState && replica.Raft.Log.Matches(point.Position) && point.Position.Index <= replica.Raft.Commit)
        {
            replica.Step(RaftInput.StateReplaced(point.Position, meta.Configuration));
            EndStateRepair(replica, meta, receiving);
            return;
        }

        replica.NeedsState = false;
        _log.SetBase(replica.Group, point.Position);
        NoteStaged(replica, LogPosition.Zero);
        replica.Step(RaftInput.SnapshotInstalled(point.Position, meta.Configuration));
        replica.Restore(meta);
        replica.DiscardedIndex = point.Position.Index;
        SendProgress(receiving.From, replica.Group.Value, receiving.Id, SnapshotVerdict.Done, 0);
        MarkDirty(replica);
        if (replica.Group == GroupId.Control)
        {
            ControlChanged();
        }
    }

    private void EndReceiving(SnapshotReceiving receiving, SnapshotVerdict verdict)
    {
        if (!receiving.IsInstalling)
        {
            receiving.Receiver.Abandon();
        }

        _receivings.Remove(receiving.Replica.Group.Value);
        SendProgress(receiving.From, receiving.Replica.Group.Value, receiving.Id, verdict, 0);
    }

    private void SendProgress(NodeId to, int group, ulong id, SnapshotVerdict verdict, long received)
    {
        ByteBuffer buffer = _outbox.Open(to, MessageKind.SnapshotProgress);
        buffer.Count(group);
        buffer.Varint(id);
        buffer.Byte((byte)verdict);
        buffer.Count(received);
        _outbox.Close();
    }
}
