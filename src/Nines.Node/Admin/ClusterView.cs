using Nines.Kernel;

namespace Nines.Node.Admin;

/// <summary>Puts the answers of the nodes together. Pure: what was not answered counts as not known, never as well.</summary>
public static class ClusterView
{
    /// <summary>A replica further behind than this makes its group degraded; less is the ordinary distance under load.</summary>
    public const long LaggingEntries = 10_000;

    /// <summary>Global indexes further behind than this are worth telling; milliseconds are ordinary, an election's time is not rare.</summary>
    public const long IndexLagMsMax = 5_000;

    public static ClusterStatus Combine(ClusterId cluster, string name, int answeredBy, IEnumerable<NodeStatus> answers)
    {
        List<NodeStatus> nodes = [.. answers.OrderBy(n => n.Node)];
        List<GroupStatus> groups = [.. Groups(nodes)];
        List<string> problems = [.. Problems(nodes, groups)];
        Health health = groups.Count == 0 ? Health.Unavailable : groups.Max(g => g.Health);
        if (health == Health.Ok && problems.Count > 0)
        {
            health = Health.Degraded;
        }

        return new ClusterStatus
        {
            ClusterId = cluster.ToString(),
            ClusterName = name,
            AnsweredBy = answeredBy,
            Health = health,
            Problems = problems,
            Nodes = nodes,
            Groups = groups,
        };
    }

    private static IEnumerable<GroupStatus> Groups(List<NodeStatus> nodes) =>
        from node in nodes
        from replica in node.Replicas
        group (node.Node, replica) by replica.Group into replicas
        orderby replicas.Key
        select Group(replicas.Key, [.. replicas]);

    private static GroupStatus Group(int group, List<(int Node, ReplicaStatus Replica)> answered)
    {
        // Two may say they lead for a moment after a partition: the higher term is right.
        (int leader, ReplicaStatus newest) = answered
            .OrderByDescending(r => r.Replica.Role == "leader").ThenByDescending(r => r.Replica.Term).ThenByDescending(r => r.Replica.Commit)
            .First();
        bool led = newest.Role == "leader";
        long commit = answered.Max(r => r.Replica.Commit);
        List<GroupReplica> replicas = [.. answered.Select(r => new GroupReplica(
            r.Node, r.Replica.Role, r.Replica.Applied, Math.Max(0, commit - r.Replica.Applied), r.Replica.Fault))];
        foreach (int member in newest.Voters.Concat(newest.Learners).Where(m => answered.TrueForAll(r => r.Node != m)))
        {
            replicas.Add(new GroupReplica(member, "unknown", 0, -1, ""));
        }

        replicas.Sort((a, b) => a.Node.CompareTo(b.Node));
        Health health = !led ? Health.Unavailable
            : replicas.Exists(r => r.Lag is -1 or > LaggingEntries || r.Fault.Length > 0) ? Health.Degraded
            : Health.Ok;
        return new GroupStatus
        {
            Group = group, Health = health, Leader = led ? leader : 0, Term = newest.Term, Commit = commit, Replicas = replicas,
        };
    }

    private static IEnumerable<string> Problems(List<NodeStatus> nodes, List<GroupStatus> groups)
    {
        foreach (NodeStatus node in nodes)
        {
            if (!node.Reachable)
            {
                yield return $"n{node.Node} does not answer: {node.Error}";
            }
            else if (node.Error.Length > 0)
            {
                yield return $"n{node.Node}: {node.Error}";
            }

            if (node.TablesError.Length > 0)
            {
                yield return $"n{node.Node}: {node.TablesEngine} does not answer: {node.TablesError}";
            }

            if (node.IndexLagMs > IndexLagMsMax)
            {
                yield return $"global indexes are {node.IndexLagMs / 1000} s behind what n{node.Node} leads: {node.IndexChangesWaiting} changes wait";
            }
        }

        if (groups.Count == 0)
        {
            yield return "no group is known yet";
        }

        foreach (GroupStatus group in groups)
        {
            if (group.Leader == 0)
            {
                yield return $"g{group.Group} has no leader: no writes and no strong reads there";
            }

            foreach (GroupReplica replica in group.Replicas.Where(r => r.Fault.Length > 0 || r.Lag > LaggingEntries))
            {
                yield return replica.Fault.Length > 0
                    ? $"g{group.Group} on n{replica.Node} halted: {replica.Fault}"
                    : $"g{group.Group} on n{replica.Node} is {replica.Lag} entries behind";
            }
        }
    }
}
