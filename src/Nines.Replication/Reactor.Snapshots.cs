using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// Moving a group's state to a follower that needs more than the log still has: the store's immutable files in bounded chunks, a
/// few under way at a time, so that heartbeats are never behind bulk. This is the sender's side.
/// </summary>
public sealed partial class Reactor
{
    private readonly List<SnapshotSending> _sendings = [];
    private readonly byte[] _chunk = new byte[1 << 20];
    private ulong _nextSnapshot;

    private void WantSnapshot(Replica replica, NodeId peer)
    {
        SnapshotSending? old = _sendings.Find(s => s.Replica == replica && s.Peer == peer);
        if (old is { IsRepair: false })
        {
            return;
        }

        if (old is not null)
        {
            // What is sent for a repair tells the core nothing when it ends, and the core waits to be told.
            EndSending(old, ok: false);
        }

        if (replica.NeedsState)
        {
            replica.Step(RaftInput.SnapshotSent(peer, LogPosition.Zero, ok: false));
            return;
        }

        // The durable point is never before the log's base, so the log continues where the snapshot ends.
        StoreSnapshot snapshot = replica.Store.TakeSnapshot();
        Invariant.Assert(snapshot.Point.Position.Index >= replica.Raft.Log.Base.Index);
        var sending = new SnapshotSending(replica, peer, ++_nextSnapshot, snapshot, _now);
        _sendings.Add(sending);
        SendBegin(sending);
    }

    private void SendBegin(SnapshotSending sending)
    {
        ByteBuffer to = _outbox.Open(sending.Peer, MessageKind.SnapshotBegin);
        to.Count(sending.Replica.Group.Value);
        to.Varint(sending.Id);
        to.Count(sending.Replica.Raft.Term.Value);
        to.Count(sending.Snapshot.Point.Position.Term.Value);
        to.Count(sending.Snapshot.Point.Position.Index.Value);
        to.Blob(sending.Snapshot.Point.Metadata.Span);
        to.Count(sending.Snapshot.Files.Count);
        foreach (SnapshotFile file in sending.Snapshot.Files)
        {
            to.Text(file.Name);
            to.Count(file.Length);
        }

        _outbox.Close();
    }

    private void OnSnapshotProgress(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        ulong id = reader.Varint();
        byte verdict = reader.Byte();
        long received = reader.Count();
        SnapshotSending? sending = _sendings.Find(s => s.Id == id && s.Peer == from && s.Replica.Group == group);
        if (IsMalformed(from, reader) || sending is null || received > sending.Snapshot.Bytes)
        {
            return;
        }

        sending.LastProgress = _now;
        if (verdict == (byte)SnapshotVerdict.Going)
        {
            sending.Acknowledge(received);
            SendChunks(sending);
        }
        else
        {
            EndSending(sending, verdict == (byte)SnapshotVerdict.Done);
        }
    }

    private void SendChunks(SnapshotSending sending)
    {
        long window = (long)_options.SnapshotChunkBytes * _options.SnapshotWindow;
        while (sending.Sent < sending.Snapshot.Bytes && sending.Sent - sending.Acknowledged < window)
        {
            long at = sending.Sent;
            int count;
            try
            {
                count = sending.ReadNext(_chunk.AsSpan(0, Math.Min(_chunk.Length, _options.SnapshotChunkBytes)));
            }
            catch (Exception failure) when (failure is DamagedException or DiskException)
            {
                // Own files cannot be read: scrub and reads will say so. The follower is served by the next attempt, or leader.
                EndSending(sending, ok: false);
                return;
            }

            ByteBuffer to = _outbox.Open(sending.Peer, MessageKind.SnapshotChunk);
            to.Count(sending.Replica.Group.Value);
            to.Varint(sending.Id);
            to.Count(at);
            to.Blob(_chunk.AsSpan(0, count));
            _outbox.Close();
        }
    }

    private void EndSending(SnapshotSending sending, bool ok)
    {
        _sendings.Remove(sending);
        LogPosition position = sending.Snapshot.Point.Position;
        sending.Snapshot.Dispose();
        if (!sending.IsRepair)
        {
            sending.Replica.Step(RaftInput.SnapshotSent(sending.Peer, position, ok));
            MarkDirty(sending.Replica);
        }
    }

    private void TickSnapshots()
    {
        foreach (SnapshotSending sending in _sendings.ToArray())
        {
            if ((!sending.Replica.IsLeader && !sending.IsRepair) || _now - sending.LastProgress > _options.SnapshotTimeoutTicks)
            {
                EndSending(sending, ok: false);
            }
            else if ((_now - sending.LastProgress) % _options.ResendTicks == _options.ResendTicks - 1)
            {
                // Lost on the way: announce again; the receiver says where it stands.
                sending.Rewind();
                SendBegin(sending);
            }
        }

        foreach (SnapshotReceiving receiving in _receivings.Values.ToArray())
        {
            if (receiving.IsInstalling)
            {
                StartInstallWhenIdle(receiving);
            }
            else if (_now - receiving.LastProgress > _options.SnapshotTimeoutTicks)
            {
                EndReceiving(receiving, SnapshotVerdict.Failed);
            }
        }
    }
}
