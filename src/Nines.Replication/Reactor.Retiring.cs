using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// A replica the agreed map has no place for ends when its group has gone on without it, by a committed configuration: only then do no
/// promises of this node count any more. A member that is removed may never hear of it, so it asks. What remains is a mark, or a start from
/// the founding map would make a new voter with an empty log in its place.
/// </summary>
public sealed partial class Reactor
{
    private void AskToRetire()
    {
        if (!_mapAgreed)
        {
            return;
        }

        foreach (Replica replica in _replicas.Values)
        {
            if (replica.IsPlaced || replica.IsLeader || replica.Halted is not null)
            {
                continue;
            }

            foreach (NodeId node in _map.ReplicasOf(replica.Group))
            {
                _outbox.Open(node, MessageKind.Retire).Count(replica.Group.Value);
                _outbox.Close();
            }
        }
    }

    private void OnRetire(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        if (IsMalformed(from, reader) || Find(group) is not { IsLeader: true } replica || !_mapAgreed)
        {
            return;
        }

        Configuration current = replica.Raft.Configuration;
        bool isCommitted = !current.IsJoint && replica.Applied.Configuration.Equals(current);
        if (isCommitted && !current.IsMember(from) && !_map.ReplicasOf(replica.Group).Contains(from))
        {
            ByteBuffer to = _outbox.Open(from, MessageKind.Retired);
            to.Count(group.Value);
            to.Count(replica.Raft.Term.Value);
            to.Count(replica.Raft.Log.LastIndex.Value);
            _outbox.Close();
        }
    }

    private void OnRetired(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        var term = new Term(reader.Count());
        var last = new LogIndex(reader.Count());
        if (IsMalformed(from, reader) || Find(group) is not { IsLeader: false } replica || !_mapAgreed)
        {
            return;
        }

        // A late answer of a leader that was replaced since, or to before the group took this node in again, says nothing.
        bool isNews = replica.Raft.Term <= term && (replica.Raft.Log.LastIndex <= last || replica.Raft.Log.Last.Term < term);
        if (!replica.IsPlaced && replica.Halted is null && isNews && !IsBusy(replica))
        {
            End(replica);
        }
    }

    private void End(Replica replica)
    {
        replica.Halt("its group has gone on without it");
        ReactorStart.MarkRetired(_parts.Disk, replica.Group);
        Drop(replica);
        SortedStore.Erase(_parts.Disk, ReactorStart.DirectoryOf(replica.Group));
        _log.RemoveGroup(replica.Group);
    }

    /// <summary>Its store is at work in the background, or receives one.</summary>
    private bool IsBusy(Replica replica) =>
        replica.HasStoreWork || replica.Store.IsInstalling || _receivings.ContainsKey(replica.Group.Value);

    /// <summary>The replica is not run any more; what it has on disk stays.</summary>
    private void Drop(Replica replica)
    {
        replica.DropWaitingReads();
        foreach (SnapshotSending sending in _sendings.Where(s => s.Replica == replica).ToArray())
        {
            EndSending(sending, ok: false);
        }

        replica.Store.Dispose();
        _replicas.Remove(replica.Group.Value);
        _filters.Remove(replica.Group.Value);
        Publish();
    }
}
