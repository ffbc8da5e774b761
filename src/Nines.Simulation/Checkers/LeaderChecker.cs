using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Invariant A: at most one leader per group and term (Raft, figure 3.2, election safety), and what a
/// replica promised (a vote, entries of a term) is never forgotten, also over restarts. A replica that was wiped on purpose starts anew.
/// </summary>
public sealed class LeaderChecker(Findings findings)
{
    private const string Name = "leader";

    private readonly Dictionary<(GroupId Group, Term Term), NodeId> _leaders = [];
    private readonly Dictionary<(NodeId Node, GroupId Group), HardState> _promises = [];

    /// <summary>Elections that succeeded so far.</summary>
    public int Leaderships => _leaders.Count;

    /// <summary>
    /// The replica told somebody that it voted, or that it holds entries of this term. From now on it must not know less, whatever
    /// happens to its memory.
    /// </summary>
    /// <param name="node">Whose replica it is.</param>
    /// <param name="group">Which group's.</param>
    /// <param name="term">The term of the promise.</param>
    /// <param name="vote">For whom it voted; nobody when it promised no vote.</param>
    public void Promised(NodeId node, GroupId group, Term term, NodeId vote)
    {
        HardState before = _promises.GetValueOrDefault((node, group));
        if (term == before.Term && !vote.IsNone && !before.Vote.IsNone && vote != before.Vote)
        {
            findings.Add('A', Name, $"{node} {group} voted in {term} for {before.Vote} and for {vote}");
        }

        if (term > before.Term || (term == before.Term && before.Vote.IsNone))
        {
            _promises[(node, group)] = new HardState(term, vote);
        }
    }

    /// <summary>What the replica is now. The term in memory may be ahead of what the disk holds, never behind a promise.</summary>
    public void Observe(NodeId node, GroupId group, Term term, bool isLeader)
    {
        HardState promised = _promises.GetValueOrDefault((node, group));
        if (term < promised.Term)
        {
            findings.Add('A', Name, $"{node} {group} is in {term} and had promised something in {promised.Term}");
        }

        if (isLeader && !_leaders.TryAdd((group, term), node) && _leaders[(group, term)] != node)
        {
            findings.Add('A', Name, $"{group} has two leaders in {term}: {_leaders[(group, term)]} and {node}");
        }
    }

    /// <summary>The node lost its disk, or got an older one: what it had promised is forgotten by design of the fault.</summary>
    public void Forget(NodeId node)
    {
        List<(NodeId Node, GroupId Group)> keys = [.. _promises.Keys.Where(k => k.Node == node)];
        keys.ForEach(key => _promises.Remove(key));
    }

    /// <summary>The replica knows that it lost what it promised; it takes no part until it was removed and let in again.</summary>
    public void Forget(NodeId node, GroupId group) => _promises.Remove((node, group));
}
