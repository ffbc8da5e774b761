using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>What one replica looks like from outside.</summary>
public sealed record ReplicaStatus
{
    public required GroupId Group { get; init; }

    public required RaftRole Role { get; init; }

    public required NodeId Leader { get; init; }

    public required Term Term { get; init; }

    public required LogIndex LastIndex { get; init; }

    public required LogIndex Commit { get; init; }

    public required LogIndex Applied { get; init; }

    /// <summary>What survives a crash without the log.</summary>
    public required LogIndex Stored { get; init; }

    public required bool IsQuiesced { get; init; }

    /// <summary>Why this replica does not go on; null while it does.</summary>
    public required string? Halted { get; init; }

    public required Configuration Configuration { get; init; }

    /// <summary>Hash over all applied entries; equal on replicas with the same applied index.</summary>
    public required ulong Chain { get; init; }

    /// <summary>Leader only: how many entries each follower still lacks.</summary>
    public required IReadOnlyList<(NodeId Node, long Lag)> Followers { get; init; }

    public required long TableBytes { get; init; }
}

/// <summary>A replica at one moment, cheap to take: what the simulator's checkers look at after every turn.</summary>
public readonly record struct ReplicaGlimpse
{
    public GroupId Group { get; init; }

    public RaftRole Role { get; init; }

    public Term Term { get; init; }

    public LogIndex LastIndex { get; init; }

    public LogIndex Commit { get; init; }

    public LogIndex Applied { get; init; }

    /// <summary>Hash over all applied entries.</summary>
    public ulong Chain { get; init; }

    /// <summary>The configuration in force here; null for a replica that waits to be repaired or let in again.</summary>
    public Configuration? Configuration { get; init; }

    /// <summary>Halted, or waiting to be repaired or let in again.</summary>
    public bool IsImpaired { get; init; }

    /// <summary>Its log lacks what it has acknowledged.</summary>
    public bool HasLostPromises { get; init; }
}

/// <summary>One node as it sees itself.</summary>
public sealed record ReactorStatus
{
    public required NodeId Node { get; init; }

    public required string? Failure { get; init; }

    public required bool DiskFull { get; init; }

    public required long MapEpoch { get; init; }

    public required IReadOnlyList<ReplicaStatus> Replicas { get; init; }

    /// <summary>Groups whose replica here waits for entries from peers.</summary>
    public required IReadOnlyList<GroupId> Repairing { get; init; }

    /// <summary>Groups whose replica here lost what it promised and waits to be let in again.</summary>
    public required IReadOnlyList<GroupId> Lost { get; init; }

    /// <summary>Peers that said nothing for longer than an election timeout.</summary>
    public required IReadOnlyList<NodeId> Silent { get; init; }

    public required int OpenRequests { get; init; }

    public required long LogBytes { get; init; }

    public required IReadOnlyList<string> Findings { get; init; }
}

/// <summary>A look at the whole, for status pages, tests and the simulator's checkers.</summary>
public sealed partial class Reactor
{
    public ReactorStatus Status() => new()
    {
        Node = Self,
        Failure = Failure,
        DiskFull = DiskFull || _lowOnSpace || _log.LowOnSpace,
        MapEpoch = _map.Epoch,
        Replicas = [.. _replicas.Values.Select(StatusOf)],
        Repairing = [.. _repairs.Keys.Select(g => new GroupId(g))],
        Lost = [.. _lost.Keys.Select(g => new GroupId(g))],
        Silent = [.. _map.Members.Select(m => m.Node).Where(n => n != Self && IsSilent(n))],
        OpenRequests = _open.Count,
        LogBytes = _log.Bytes,
        Findings = [.. LogFindings, .. DamagedStores],
    };

    /// <summary>A hash of a replica's logical content, equal on all replicas at the same applied index; null when there is none here.</summary>
    public ulong? StateHash(GroupId group)
    {
        if (Find(group) is not { Halted: null, NeedsState: false } replica)
        {
            return null;
        }

        try
        {
            using StoreView view = replica.Store.View();
            return SortedStore.StateHash(view, _filters[group.Value]);
        }
        catch (DamagedException damage)
        {
            replica.LoseState(damage.Message);
            return null;
        }
    }

    /// <summary>Adds a look at every replica of this node to a list, impaired ones too.</summary>
    public void Glimpse(List<ReplicaGlimpse> into)
    {
        foreach (Replica replica in _replicas.Values)
        {
            into.Add(new ReplicaGlimpse
            {
                Group = replica.Group,
                Role = replica.Raft.Role,
                Term = replica.Raft.Term,
                LastIndex = replica.Raft.Log.LastIndex,
                Commit = replica.Raft.Commit,
                Applied = replica.Applied.Position.Index,
                Chain = replica.Applied.Chain,
                Configuration = replica.Raft.Configuration,
                IsImpaired = replica.Halted is not null,
                HasLostPromises = replica.HasLostPromises,
            });
        }

        foreach (int group in _repairs.Keys)
        {
            into.Add(new ReplicaGlimpse { Group = new(group), IsImpaired = true });
        }

        foreach (int group in _lost.Keys)
        {
            into.Add(new ReplicaGlimpse { Group = new(group), IsImpaired = true });
        }
    }

    /// <summary>The Raft core of a replica, to be read by checkers between turns; null when there is none here.</summary>
    public RaftNode? Core(GroupId group) => Find(group)?.Raft;

    private static ReplicaStatus StatusOf(Replica replica) => new()
    {
        Group = replica.Group,
        Role = replica.Raft.Role,
        Leader = replica.Raft.Leader,
        Term = replica.Raft.Term,
        LastIndex = replica.Raft.Log.LastIndex,
        Commit = replica.Raft.Commit,
        Applied = replica.Applied.Position.Index,
        Stored = replica.Store.Durable.Position.Index,
        IsQuiesced = replica.IsQuiesced,
        Halted = replica.Halted,
        Configuration = replica.Raft.Configuration,
        Chain = replica.Applied.Chain,
        Followers = [.. replica.Raft.Followers.Select(p => (p.Node, replica.Raft.Log.LastIndex - p.Match))],
        TableBytes = replica.Store.Statistics().TableBytes,
    };
}
