using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;

namespace Nines.Replication;

/// <summary>
/// A replica whose state is damaged while its log and its vote are whole. It stays a voter, so that a group in which all states but one
/// are damaged still has a majority; it neither leads nor shows its state; and it asks the others, whoever leads, for theirs.
/// </summary>
public sealed partial class Reactor
{
    void IReplicaHost.StateLost(Replica replica, string why)
    {
        DamagedStores.Add($"{replica.Group}: {why}");
        replica.Wake();
        MarkDirty(replica);
    }

    /// <summary>A reader outside of the reactor met damage.</summary>
    public void ReportDamage(GroupId group, string why) => Find(group)?.LoseState(why);

    /// <summary>What the new state must at least have: the log continues from there.</summary>
    private static LogIndex NeededIndex(Replica replica) =>
        LogIndex.Max(replica.Store.Applied, LogIndex.Max(replica.Applied.Position.Index, replica.Raft.Log.Base.Index));

    private void RequestStates()
    {
        if (_now % _options.ElectionTimeoutTicks != 0)
        {
            return;
        }

        foreach (Replica replica in _replicas.Values)
        {
            if (!replica.NeedsState || replica.Halted is not null || _receivings.ContainsKey(replica.Group.Value))
            {
                continue;
            }

            // Not only those the map names: the last state may be where the group is moving away from.
            foreach (Placement.Member member in _map.Members)
            {
                AskForState(replica, member.Node);
            }

            if (!replica.Raft.Leader.IsNone && !_map.Members.Any(m => m.Node == replica.Raft.Leader))
            {
                // A node that is new here may not have heard of the map that put it there.
                AskForState(replica, replica.Raft.Leader);
            }
        }
    }

    private void AskForState(Replica replica, NodeId from)
    {
        if (from != Self)
        {
            ByteBuffer to = _outbox.Open(from, MessageKind.StateRequest);
            to.Count(replica.Group.Value);
            to.Count(NeededIndex(replica).Value);
            _outbox.Close();
        }
    }

    private void OnStateRequest(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        LogIndex needed = reader.Index();
        if (IsMalformed(from, reader) || Find(group) is not { Halted: null, NeedsState: false } replica
            || _sendings.Exists(s => s.Replica == replica && s.Peer == from))
        {
            return;
        }

        replica.Wake();
        if (replica.Store.Durable.Position.Index < needed || replica.Store.Durable.Position == LogPosition.Zero)
        {
            Seal(replica);
            return;
        }

        var sending = new SnapshotSending(replica, from, ++_nextSnapshot, replica.Store.TakeSnapshot(), _now) { IsRepair = true };
        _sendings.Add(sending);
        SendBegin(sending);
    }

    private void EndStateRepair(Replica replica, ReplicaMeta meta, SnapshotReceiving receiving)
    {
        replica.NeedsState = false;
        replica.Restore(meta);
        SendProgress(receiving.From, replica.Group.Value, receiving.Id, SnapshotVerdict.Done, 0);
        MarkDirty(replica);
        if (replica.Group == GroupId.Control)
        {
            ControlChanged();
        }
    }
}
