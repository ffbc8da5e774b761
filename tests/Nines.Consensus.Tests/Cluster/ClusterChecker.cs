using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>A promise of Raft that did not hold in a simulated run.</summary>
internal sealed class PromiseBrokenException(string message) : Exception(message);

/// <summary>
/// Watches a cluster from outside (Ongaro, figure 3.2): election safety, log matching, leader completeness, state machine safety; a committed
/// entry is durable on a majority at the moment of its commit and never changes; reads are linearizable; promises survive crashes.
/// </summary>
internal sealed class ClusterChecker
{
    private readonly Dictionary<Term, NodeId> _leaders = [];
    private readonly Dictionary<LogPosition, (ulong Content, Term Previous)> _entries = [];
    private readonly Dictionary<(NodeId Voter, Term Term), NodeId> _votes = [];
    private readonly Dictionary<ulong, (NodeId Node, LogIndex Floor)> _reads = [];
    private readonly List<(LogPosition Position, Term By, ulong Hash)> _committed = [];
    private readonly List<(LogIndex Index, Configuration Configuration)> _configurations = [];

    public ClusterChecker(Configuration initial)
    {
        _configurations.Add((LogIndex.Zero, initial));
    }

    /// <summary>The last index that any replica has known as committed.</summary>
    public LogIndex Committed => new(_committed.Count);

    public int Leaders => _leaders.Count;

    public int ReadsAnswered { get; private set; }

    public int PendingReads => _reads.Count;

    public static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new PromiseBrokenException(what);
        }
    }

    public Configuration ConfigurationAt(LogIndex index) => _configurations.FindLast(c => c.Index <= index).Configuration;

    public void OnLeader(ClusterNode node)
    {
        RaftNode raft = node.Up;
        if (_leaders.TryGetValue(raft.Term, out NodeId other))
        {
            Require(other == node.Id, $"election safety: {other} and {node.Id} lead {raft.Term}");
        }

        _leaders[raft.Term] = node.Id;
        int before = _committed.FindLastIndex(c => c.By < raft.Term);
        if (before >= 0)
        {
            LogPosition last = _committed[before].Position;
            bool holds = raft.Log.Base.Index >= last.Index || raft.Log.Matches(last);
            Require(holds, $"leader completeness: {node.Id} leads {raft.Term} without {last}, committed in {_committed[before].By}");
        }
    }

    /// <summary>An entry was seen outside of memory: no other content may ever have its position, nor another predecessor.</summary>
    public void OnEntry(in LogEntry entry, Term previous)
    {
        ulong content = AppliedState.Fingerprint(entry);
        if (_entries.TryGetValue(entry.Position, out (ulong Content, Term Previous) known))
        {
            Require(known == (content, previous), $"log matching: two entries at {entry.Position}");
        }
        else
        {
            _entries.Add(entry.Position, (content, previous));
        }
    }

    /// <summary>A vote was heard by others. It stands for ever.</summary>
    public void OnVote(NodeId voter, Term term, NodeId candidate)
    {
        if (_votes.TryGetValue((voter, term), out NodeId other))
        {
            Require(other == candidate, $"{voter} voted for {other} and {candidate} in {term}");
        }

        _votes[(voter, term)] = candidate;
    }

    public void OnCommit(ClusterNode node, Configuration configuration, IReadOnlyList<ClusterNode> all)
    {
        RaftNode raft = node.Up;
        for (LogIndex index = node.CheckedCommit.Next; index <= raft.Commit; index = index.Next)
        {
            Require(raft.Log.TryGet(index, out LogEntry entry), $"{node.Id} committed {index}, which it does not have");
            if (index <= Committed)
            {
                LogPosition known = _committed[(int)index.Value - 1].Position;
                Require(known == entry.Position, $"state machine safety: {node.Id} committed {entry.Position}, others {known}");
                continue;
            }

            RequireDurableMajority(entry.Position, configuration, all, node.Id);
            ulong hash = _committed.Count == 0 ? 0 : _committed[^1].Hash;
            _committed.Add((entry.Position, raft.Term, AppliedState.Mix(hash, entry)));
            if (entry.Kind == EntryKind.Configuration)
            {
                Assert.True(Configuration.TryRead(entry.Payload.Span, out Configuration? agreed));
                _configurations.Add((index, agreed));
            }
        }

        node.CheckedCommit = raft.Commit;
    }

    public void OnApplied(NodeId node, AppliedState state)
    {
        if (state.Index > LogIndex.Zero)
        {
            Require(state.Index <= Committed, $"{node} applied {state.Index}, which is not committed");
            bool same = _committed[(int)state.Index.Value - 1].Hash == state.Hash;
            Require(same, $"state machine safety: {node} has another state at {state.Position}");
        }
    }

    public void OnReadBegun(ulong id, NodeId node) => _reads.Add(id, (node, Committed));

    public void OnReadReady(ulong id, LogIndex index, RaftNode raft)
    {
        Require(_reads.Remove(id, out (NodeId Node, LogIndex Floor) read), $"read {id} was answered twice, or after it was dropped");
        Require(index <= raft.Commit, $"read {id} at {index} beyond commit {raft.Commit}");
        Require(index >= read.Floor, $"linearizability: a read on {read.Node} began at {read.Floor} and sees {index}");
        ReadsAnswered++;
    }

    public void OnReadDropped(ulong id) => Require(_reads.Remove(id), $"read {id} was dropped twice, or after it was answered");

    public void OnCrash(NodeId node)
    {
        foreach (ulong id in _reads.Where(r => r.Value.Node == node).Select(r => r.Key).ToArray())
        {
            _reads.Remove(id);
        }
    }

    private static void RequireDurableMajority(
        LogPosition position, Configuration configuration, IReadOnlyList<ClusterNode> all, NodeId by)
    {
        bool holds = HasMajority(configuration.Voters) && (!configuration.IsJoint || HasMajority(configuration.Outgoing));
        Require(holds, $"durability: {by} committed {position}, which is not durable on a majority of {configuration}");

        bool HasMajority(IReadOnlyList<NodeId> voters) =>
            2 * voters.Count(v => all[v.Value - 1].Disk.Holds(position)) > voters.Count;
    }
}
