using Nines.Consensus;
using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Simulation;

/// <summary>What a replica is in its group at this moment.</summary>
public enum ReplicaRole : byte
{
    Follower,
    Candidate,
    Leader,
}

/// <summary>What the checkers may see of one replica.</summary>
public readonly record struct ReplicaView
{
    public GroupId Group { get; init; }

    public ReplicaRole Role { get; init; }

    public Term Term { get; init; }

    public LogIndex Commit { get; init; }

    public LogIndex Applied { get; init; }

    public LogIndex LastIndex { get; init; }

    /// <summary>Hash over all applied entries; 0 when the node does not keep one.</summary>
    public ulong Chain { get; init; }

    /// <summary>The configuration this replica goes by; null when it takes no part.</summary>
    public Configuration? Configuration { get; init; }

    /// <summary>The replica found damage, or lost what it had promised, and takes no part until it is repaired.</summary>
    public bool IsImpaired { get; init; }

    /// <summary>The replica noticed that its log lacks what it has acknowledged.</summary>
    public bool HasLostPromises { get; init; }

    /// <summary>Looks after every turn must be cheap: the same configuration is the same object.</summary>
    public bool Equals(ReplicaView other) =>
        Group == other.Group && Role == other.Role && Term == other.Term && Commit == other.Commit && Applied == other.Applied
        && LastIndex == other.LastIndex && Chain == other.Chain && IsImpaired == other.IsImpaired
        && ReferenceEquals(Configuration, other.Configuration);

    public override int GetHashCode() => (int)((Group.Value * 31) + Applied.Value);
}

/// <summary>Where the answers to requests go. Called within a node's turn.</summary>
public interface IAnswerSink
{
    void Answered(NodeId node, long token, in Answer answer);
}

/// <summary>What one start of a node is given.</summary>
public sealed record NodeSetup
{
    public required NodeId Id { get; init; }

    public required SimulatedDisk Disk { get; init; }

    public required SimulatedNetwork.Endpoint Network { get; init; }

    public required IBackground Background { get; init; }

    public required Prng Random { get; init; }

    public required IAnswerSink Answers { get; init; }

    public required IApplyObserver Observer { get; init; }

    /// <summary>Hears of committed entries, for nodes that can show them.</summary>
    public required LogChecker Logs { get; init; }

    /// <summary>Hears of votes and acknowledgements when they become promises.</summary>
    public required LeaderChecker Leaders { get; init; }

    public required long WallClockMs { get; init; }

    /// <summary>A clock that never jumps and goes on while the process stands still.</summary>
    public Func<long> SteadyMs { get; init; } = static () => 0;

    /// <summary>The machine's clock, for what awaits and times.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Asks for a turn of the node.</summary>
    public Action ScheduleTurn { get; init; } = static () => { };

    /// <summary>Added to a running cluster, rather than one of its founders.</summary>
    public required bool IsJoining { get; init; }

    /// <summary>Peers refused this disk as an old copy; the boot they had seen.</summary>
    public BootId? DisownedFor { get; init; }
}

/// <summary>The process refuses to start, and says why.</summary>
/// <param name="message">Why.</param>
/// <param name="isFinal">Starting again changes nothing: the machine needs an empty disk and a new name.</param>
/// <param name="inner">What was found.</param>
public sealed class NodeRefusedException(string message, bool isFinal, Exception? inner = null) : Exception(message, inner)
{
    public bool IsFinal { get; } = isFinal;
}

/// <summary>One start of one node, as the simulator drives and watches it. Everything happens on the simulator's thread.</summary>
public interface ISimulatedNode
{
    BootId Boot { get; }

    /// <summary>The node has stopped by its own decision (a failed flush); it takes no further part.</summary>
    bool IsStopped { get; }

    /// <summary>Why it stopped.</summary>
    string StopReason { get; }

    void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message);

    void Tick(long wallClockMs);

    void Turn();

    void Write(GroupId group, RequestId id, ReadOnlyMemory<byte> command, long timeoutMs, long token);

    void Read(
        GroupId group, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, long timeoutMs, long token);

    /// <summary>The replicas on this node, in the order of their groups.</summary>
    void Replicas(List<ReplicaView> into);
}

/// <summary>Starts nodes: the product's, or a toy for the tests of the simulator itself.</summary>
public interface INodeFactory
{
    /// <summary>The data groups that clients use.</summary>
    IReadOnlyList<GroupId> Groups { get; }

    /// <exception cref="NodeRefusedException">The node does not start on this data directory.</exception>
    ISimulatedNode Start(NodeSetup setup);
}
