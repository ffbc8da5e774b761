using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>What a reactor is made of. All ports belong to this node; the simulator hands in its own.</summary>
public sealed record ReactorParts
{
    public required ReactorOptions Options { get; init; }

    public required NodeId Self { get; init; }

    /// <summary>This start's number: larger than that of any earlier start of this node, also on a directory that was wiped since.</summary>
    public required BootId Boot { get; init; }

    public required IDisk Disk { get; init; }

    public required INetwork Network { get; init; }

    public required IBackground Background { get; init; }

    /// <summary>The doors' rules. The control machine is added by the reactor.</summary>
    public required IReadOnlyList<IStateMachine> Machines { get; init; }

    public required Prng Random { get; init; }

    /// <summary>The map a new cluster starts with, the same on every node. Used at the first start only.</summary>
    public required SlotMap InitialMap { get; init; }

    public LogOptions LogOptions { get; init; } = new();

    public StoreOptions StoreOptions { get; init; } = new();

    /// <summary>Bytes of table blocks kept in memory, for all groups of the node together.</summary>
    public long BlockCacheBytes { get; init; } = 64L << 20;
}
