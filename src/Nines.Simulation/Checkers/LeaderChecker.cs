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
    private readonly Dictionary<(NodeId Node, GroupId Group), (Term Term, NodeId Vote)> _last = [];

    /// <summary>Elections that succeeded so far.</summary>
    public int Leaderships => _leaders.Count;

    public void Observe(NodeId node, GroupId group, Term term, NodeId vote, bool isLeader)
    {
        if (_last.TryGetValue((node, group), out (Term Term, NodeId Vote) before))
        {
            if (term < before.Term)
            {
                findings.Add('A', Name, $"{node} {group} went back from {before.Term} to {term}");
            }
            else if (term == before.Term && !before.Vote.IsNone && vote != before.Vote)
            {
                findings.Add('A', Name, $"{node} {group} changed its vote in {term} from {before.Vote} to {vote}");
            }
        }

        _last[(node, group)] = (term, vote);
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
