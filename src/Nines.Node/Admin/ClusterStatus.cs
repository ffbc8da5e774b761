using System.Text.Json.Serialization;

namespace Nines.Node.Admin;

/// <summary>How well something is, for people and for exit codes.</summary>
public enum Health
{
    Ok,

    /// <summary>It serves, with less redundancy or speed than it should have.</summary>
    Degraded,

    /// <summary>Something is not served.</summary>
    Unavailable,
}

/// <summary>The whole cluster as one node sees it at one moment: its own state, and what its peers answered about theirs.</summary>
public sealed record ClusterStatus
{
    public required string ClusterId { get; init; }

    public required string ClusterName { get; init; }

    public required int AnsweredBy { get; init; }

    public required Health Health { get; init; }

    /// <summary>What is not well, in words. Empty when all is.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    public required IReadOnlyList<NodeStatus> Nodes { get; init; }

    public required IReadOnlyList<GroupStatus> Groups { get; init; }
}

/// <summary>One node, as it says itself; of an unreachable node only the id and the reason.</summary>
public sealed record NodeStatus
{
    public required int Node { get; init; }

    public required bool Reachable { get; init; }

    /// <summary>Why it is not reachable, or why it halted.</summary>
    public string Error { get; init => field = value ?? ""; } = "";

    public long Boot { get; init; }

    public int ProcessId { get; init; }

    public string Version { get; init => field = value ?? ""; } = "";

    public string AdminUrl { get; init => field = value ?? ""; } = "";

    public string TablesUrl { get; init => field = value ?? ""; } = "";

    /// <summary>What keeps the tables: <c>embedded</c>, or <c>dynamodb at</c> an address. Empty when the tables door is off.</summary>
    public string TablesEngine { get; init => field = value ?? ""; } = "";

    /// <summary>Why what keeps the tables elsewhere does not answer; empty while it does.</summary>
    public string TablesError { get; init => field = value ?? ""; } = "";

    /// <summary>Changes of items in the groups it leads that wait to be taken into global indexes.</summary>
    public long IndexChangesWaiting { get; init; }

    /// <summary>How far global indexes lag behind the items of the groups it leads, measured over the last ten seconds.</summary>
    public long IndexLagMs { get; init; }

    /// <summary>Items of the groups it leads whose time to live is over and that are not deleted yet.</summary>
    public long ExpiredItemsWaiting { get; init; }

    public double UptimeSeconds { get; init; }

    public double CpuSeconds { get; init; }

    public long ResidentBytes { get; init; }

    public long ManagedBytes { get; init; }

    public long DiskFreeBytes { get; init; }

    public long LogBytes { get; init; }

    /// <summary>Requests waiting in the node.</summary>
    public long InFlight { get; init; }

    public IReadOnlyList<PeerStatus> Peers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ReplicaStatus> Replicas { get; init => field = value ?? []; } = [];

    /// <summary>False for an answer with gaps in its lists, which the reader of JSON lets pass. No node sends one.</summary>
    [JsonIgnore]
    public bool IsWhole => Peers.All(p => p is not null) && Replicas.All(r => r is not null);
}

/// <summary>A node's connection to a peer.</summary>
public sealed record PeerStatus(int Node, string Address, bool Connected, long QueuedBytes, long DroppedMessages, string Error);

/// <summary>One replica of a group, as its own node sees it.</summary>
public sealed record ReplicaStatus
{
    public required int Group { get; init; }

    /// <summary>leader, follower, candidate, learner or halted.</summary>
    public required string Role { get; init; }

    public required long Term { get; init; }

    /// <summary>0: none is known.</summary>
    public required int Leader { get; init; }

    public required long Commit { get; init; }

    public required long Applied { get; init; }

    public required long LastIndex { get; init; }

    public IReadOnlyList<int> Voters { get; init => field = value ?? []; } = [];

    public IReadOnlyList<int> Learners { get; init => field = value ?? []; } = [];

    /// <summary>Why the replica halted; empty while it is well.</summary>
    public string Fault { get; init => field = value ?? ""; } = "";
}

/// <summary>One group over all its replicas.</summary>
public sealed record GroupStatus
{
    public required int Group { get; init; }

    public required Health Health { get; init; }

    /// <summary>0: no node that answered says it leads.</summary>
    public required int Leader { get; init; }

    public required long Term { get; init; }

    public required long Commit { get; init; }

    public required IReadOnlyList<GroupReplica> Replicas { get; init; }
}

/// <summary>A replica's place in its group.</summary>
/// <param name="Lag">Committed entries it has not applied; -1 when its node did not answer.</param>
public sealed record GroupReplica(int Node, string Role, long Applied, long Lag, string Fault);

/// <summary>
/// Generated at build time: a node that starts in a hurry does not reflect over types. What an answer leaves out, an older node's for
/// instance, the generated code sets to null although there is a default; so each property above takes null for its default.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(IReadOnlyList<Doctor.Finding>))]
public sealed partial class StatusJson : JsonSerializerContext;
