using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Replicas;

namespace Nines.Replication;

/// <summary>
/// Brings each group's configuration to what the agreed map wants, one safe step after the other, by the group's leader: learners
/// first, voters once they have caught up, then those removed that have no place any more. A replica that lost what it promised is removed
/// before it may begin again.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>A learner this close to the leader's log becomes a voter.</summary>
    private const long CaughtUpEntries = 64;

    private const int MaxControlVoters = 5;

    private void Reconcile(Replica replica)
    {
        if (!replica.IsLeader || replica.Halted is not null || !_mapAgreed)
        {
            return;
        }

        IReadOnlyList<NodeId> wanted = _map.ReplicasOf(replica.Group);
        Configuration current = replica.Raft.Configuration;
        Readmit(replica, current);
        if (wanted.Count == 0 || NextChange(replica, wanted, current) is not { } change)
        {
            return;
        }

        replica.Wake();
        replica.Raft.ProposeConfiguration([change], replica.Output);
        MarkDirty(replica);
    }

    private void Readmit(Replica replica, Configuration current)
    {
        foreach ((int node, BootId boot) in replica.Amnesiacs.ToArray())
        {
            // Not a voter by a committed configuration: nothing it may have promised under an older one counts any more.
            if (!current.IsVoter(new(node)) && !HasAcknowledged(replica, new(node)) && replica.Applied.Configuration.Equals(current))
            {
                SendReadmit(replica, new(node), boot);
                replica.Amnesiacs.Remove(node);
            }
        }
    }

    private ConfigurationChange? NextChange(Replica replica, IReadOnlyList<NodeId> wanted, Configuration current)
    {
        if (current.IsJoint)
        {
            return null;
        }

        foreach (NodeId member in current.Members)
        {
            bool forgot = replica.Amnesiacs.ContainsKey(member.Value) && member != Self;
            if (forgot && (current.IsVoter(member) || HasAcknowledged(replica, member)))
            {
                return new(ChangeKind.Remove, member);
            }
        }

        int maxVoters = replica.Group == GroupId.Control ? MaxControlVoters : wanted.Count;
        foreach (NodeId node in wanted)
        {
            if (!current.IsMember(node))
            {
                return new(ChangeKind.AddLearner, node);
            }

            if (!current.IsVoter(node) && current.Voters.Count(wanted.Contains) < maxVoters && HasCaughtUp(replica, node))
            {
                return new(ChangeKind.AddVoter, node);
            }
        }

        // Only when everybody who shall vote does: a group never gets smaller on its way.
        bool complete = wanted.Count(current.IsVoter) >= Math.Min(maxVoters, wanted.Count);
        NodeId extra = complete ? current.Members.FirstOrDefault(m => !wanted.Contains(m)) : NodeId.None;
        return extra.IsNone ? null : new(ChangeKind.Remove, extra);
    }

    /// <summary>The leader believes that the node holds entries. Of a node that lost them this would never change.</summary>
    private static bool HasAcknowledged(Replica replica, NodeId node)
    {
        foreach (Progress progress in replica.Raft.Followers)
        {
            if (progress.Node == node)
            {
                return progress.Match > LogIndex.Zero;
            }
        }

        return false;
    }

    private static bool HasCaughtUp(Replica replica, NodeId node)
    {
        foreach (Progress progress in replica.Raft.Followers)
        {
            if (progress.Node == node)
            {
                return progress.State == ProgressState.Replicate
                    && replica.Raft.Log.LastIndex - progress.Match <= CaughtUpEntries;
            }
        }

        return false;
    }

    /// <summary>
    /// Asks for another map (a node more, replicas elsewhere), through the control group. The callback tells whether it was
    /// agreed; it is not when another map came in between.
    /// </summary>
    public void ReplaceMap(SlotMap next, RequestId id, long timeoutTicks, Action<bool> done) =>
        Submit(new InternalRequest(answer => done(answer.IsDone && ControlMachine.Replaced(answer.Body.Span)))
        {
            Group = GroupId.Control,
            Machine = ControlMachine.MachineId,
            IsWrite = true,
            Id = id,
            Body = ControlMachine.Replace(next.Epoch - 1, next),
            TimeoutTicks = timeoutTicks,
        });

    /// <summary>This node leads a group that has other members.</summary>
    public bool LeadsAny => _replicas.Values.Any(r => r.IsLeader && r.Raft.Configuration.Members.Count > 1);

    /// <summary>Hands the leadership of every group this node leads to another replica: before a planned stop.</summary>
    public void HandOver()
    {
        foreach (Replica replica in _replicas.Values)
        {
            if (!replica.IsLeader)
            {
                continue;
            }

            NodeId best = NodeId.None;
            LogIndex match = LogIndex.Zero;
            foreach (Progress progress in replica.Raft.Followers)
            {
                if (replica.Raft.Configuration.IsVoter(progress.Node) && progress.Match > match)
                {
                    best = progress.Node;
                    match = progress.Match;
                }
            }

            if (!best.IsNone)
            {
                replica.Wake();
                replica.Step(RaftInput.TransferLeadership(best));
                MarkDirty(replica);
            }
        }
    }
}
