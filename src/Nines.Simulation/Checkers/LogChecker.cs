using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Invariant B: what is committed at a position is the same everywhere and for ever (log matching and leader completeness,
/// Raft, figure 3.2). The first replica that reports a position defines it; every later report must agree.
/// </summary>
public sealed class LogChecker(Findings findings)
{
    private const string Name = "log";

    private readonly SortedDictionary<GroupId, CommittedLog> _groups = [];

    /// <summary>A replica says that this entry is committed.</summary>
    public void Committed(NodeId node, GroupId group, in LogEntry entry)
    {
        ulong digest = StateSummary.Mix(
            StateSummary.Mix((ulong)entry.Term.Value, (ulong)entry.Kind), Crc32C.Of(entry.Payload.Span));
        Committed(node, group, entry.Index, digest);
    }

    public void Committed(NodeId node, GroupId group, LogIndex index, ulong digest)
    {
        CommittedLog log = Log(group);
        if (log.Entries.TryGetValue(index.Value, out (ulong Digest, NodeId First) known))
        {
            if (known.Digest != digest)
            {
                findings.Add(
                    'B', Name, $"{group} {index} differs: {known.First} committed another entry there than {node}");
            }
        }
        else
        {
            log.Entries.Add(index.Value, (digest, node));
        }
    }

    /// <summary>A replica's commit index. It may fall behind over a restart, but never below what it has applied and kept.</summary>
    public void CommitIndex(NodeId node, GroupId group, LogIndex commit, LogIndex applied)
    {
        if (applied > commit)
        {
            findings.Add('B', Name, $"{node} {group} applied {applied} beyond its commit index {commit}");
        }

        CommittedLog log = Log(group);
        log.Highest = LogIndex.Max(log.Highest, commit);
    }

    /// <summary>
    /// A new leader's log must reach everything known to be committed when its term began. Ask with the commit index known before
    /// the election: leader completeness (Raft, section 3.6.3).
    /// </summary>
    public void BecameLeader(NodeId node, GroupId group, LogIndex lastIndex, LogIndex committedBefore)
    {
        if (lastIndex < committedBefore)
        {
            findings.Add(
                'B', Name, $"{node} leads {group} with a log that ends at {lastIndex}, before the committed {committedBefore}");
        }
    }

    /// <summary>
    /// The configuration a replica goes by when it has applied all of its log. It follows from the log alone, however the replica came to it: entry by
    /// entry, by a snapshot or by a restart.
    /// </summary>
    public void Configured(NodeId node, GroupId group, LogIndex applied, Configuration configuration)
    {
        Dictionary<long, (Configuration Configuration, NodeId First)> known = Log(group).Configurations;
        if (!known.TryAdd(applied.Value, (configuration, node)) && !known[applied.Value].Configuration.Equals(configuration))
        {
            findings.Add(
                'B', Name, $"{group} {applied}: {node} goes by {configuration}, {known[applied.Value].First} by {known[applied.Value].Configuration}");
        }
    }

    /// <summary>The highest commit index any replica has reported.</summary>
    public LogIndex Highest(GroupId group) => Log(group).Highest;

    private CommittedLog Log(GroupId group)
    {
        if (!_groups.TryGetValue(group, out CommittedLog? log))
        {
            log = new CommittedLog();
            _groups.Add(group, log);
        }

        return log;
    }

    private sealed class CommittedLog
    {
        public Dictionary<long, (ulong Digest, NodeId First)> Entries { get; } = [];

        public Dictionary<long, (Configuration Configuration, NodeId First)> Configurations { get; } = [];

        public LogIndex Highest { get; set; }
    }
}
