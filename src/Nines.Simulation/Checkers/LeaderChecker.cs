using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Invariant A: at most one leader per group and term (Raft, figure 3.2, election safety), and neither term nor vote of a
/// replica ever goes back, also over restarts. A replica that was wiped on purpose starts anew.
/// </summary>
public sealed class LeaderChecker(Findings findings)
{
    private const string Name = "leader";

    private readonly Dictionary<(GroupId Group, Term Term), NodeId> _leaders = [];
    private readonly Dictionary<(NodeId Node, GroupId Group), HardState> _last = [];

    /// <summary>Elections that succeeded so far.</summary>
    public int Leaderships => _leaders.Count;

    /// <param name="node">Whose replica it is.</param>
    /// <param name="group">Which group's.</param>
    /// <param name="term">The term in memory; what is not on the disk yet may be forgotten in a crash.</param>
    /// <param name="durable">What the disk holds; nothing of it may ever be forgotten.</param>
    /// <param name="isLeader">It leads the group in <paramref name="term"/>.</param>
    public void Observe(NodeId node, GroupId group, Term term, HardState durable, bool isLeader)
    {
        HardState before = _last.GetValueOrDefault((node, group));
        if (durable.Term < before.Term || term < durable.Term)
        {
            findings.Add('A', Name, $"{node} {group} went back from {before.Term} to {durable.Term} on disk, {term} in memory");
        }
        else if (durable.Term == before.Term && !before.Vote.IsNone && durable.Vote != before.Vote)
        {
            findings.Add(
                'A', Name, $"{node} {group} changed its vote in {durable.Term} from {before.Vote} to {durable.Vote}");
        }

        _last[(node, group)] = durable;
        if (isLeader && !_leaders.TryAdd((group, term), node) && _leaders[(group, term)] != node)
        {
            findings.Add('A', Name, $"{group} has two leaders in {term}: {_leaders[(group, term)]} and {node}");
        }
    }

    /// <summary>The node lost its disk, or got an older one: what it had promised is forgotten by design of the fault.</summary>
    public void Forget(NodeId node)
    {
        List<(NodeId Node, GroupId Group)> keys = [.. _last.Keys.Where(k => k.Node == node)];
        foreach ((NodeId Node, GroupId Group) key in keys)
        {
            _last.Remove(key);
        }
    }
}
