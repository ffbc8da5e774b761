using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Replicas;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>The start: recovery of the log, the stores and the replicas.</summary>
public sealed partial class Reactor
{
    private readonly Prng _random;
    private readonly ReactorParts _parts;
    private readonly BlockCache _cache;
    private readonly SlotMap _firstMap;
    private bool _mapProposed;

    /// <summary>Opens the data directory and makes the replicas it holds. Synchronous; may take as long as reading the log takes.</summary>
    /// <exception cref="DamagedException">Something without which the node cannot start is damaged; the text says what.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public Reactor(ReactorParts parts)
    {
        _parts = parts;
        _options = parts.Options;
        _background = parts.Background;
        _random = parts.Random;
        _nextSequence = (ulong)parts.Boot.Value << 32;
        _cache = new(parts.BlockCacheBytes);
        Self = parts.Self;
        Machines = parts.Machines.Append(new ControlMachine()).ToDictionary(m => m.Id);
        _outbox = new(parts.Network, parts.Options.SeparateFrames);
        _replicaContext = new(parts.Options, Machines, this);
        _firstMap = ReactorStart.FirstMap(parts.Disk, parts.InitialMap);
        _map = _firstMap;
        _members = MemberFile.Read(parts.Disk);
        _members?.CheckBelongsTo(parts.Disk);
        LogRecovery recovery = ReactorStart.RecoverLog(parts, MemberFile.LifeOf(parts.Disk, _members, parts.Boot));
        _log = recovery.Log;
        LogFindings = [.. recovery.Findings.Select(f => f.ToString())];
        if (_members is not null)
        {
            OpenAll(recovery);
        }
        else if (recovery.Groups.Count > 0 || recovery.AnyGroupMayBeLost)
        {
            throw new DamagedException("members", 0, "missing beside a log that has been used");
        }
        else
        {
            BeginJoining(recovery);
        }
    }

    /// <summary>What recovery of the log had to say, for the operator.</summary>
    public IReadOnlyList<string> LogFindings { get; }

    private void OpenAll(LogRecovery recovery)
    {
        var recovered = recovery.Groups.ToDictionary(g => g.Group);
        foreach (GroupId group in GroupsHere(recovery))
        {
            recovered.TryGetValue(group, out RecoveredGroup? found);
            bool missing = found is null && (recovery.AnyGroupMayBeLost || _members!.IsRejoining);
            Open(group, found, missing);
        }

        Publish();
        ControlChanged();
    }

    private IEnumerable<GroupId> GroupsHere(LogRecovery recovery)
    {
        IEnumerable<GroupId> placed = _firstMap.Groups
            .Where(g => g.Replicas.Contains(Self) && !ReactorStart.IsRetired(_parts.Disk, g.Group)).Select(g => g.Group);
        IEnumerable<GroupId> logged = recovery.Groups.Select(g => g.Group);
        return placed.Concat(logged).Distinct().Order();
    }

    private void Open(GroupId group, RecoveredGroup? found, bool missing)
    {
        if (missing || found is { Lost: true })
        {
            _lost.Add(group.Value, new());
            return;
        }

        SortedStore store;
        try
        {
            store = OpenStore(group);
        }
        catch (DamagedException damage)
        {
            OpenWithoutState(group, found, damage);
            return;
        }

        ReplicaMeta stored = StoredMeta(group, store);
        if (found is not null && found.Base.Index > stored.Position.Index)
        {
            // The log begins behind what the store holds: the store is older than it was. Nothing in between is known here.
            store.Dispose();
            OpenWithoutState(
                group, found, new("manifest", 0, $"the store ends at {stored.Position}, the log begins behind {found.Base}"));
            return;
        }

        if (found is not null && found.Holes.Any(h => h.Last > stored.Position.Index))
        {
            _repairs.Add(group.Value, new(found, store, stored));
            return;
        }

        AddReplica(group, store, stored, ReactorStart.Restore(found, stored, _log, group));
    }

    /// <summary>
    /// The log and the vote are whole, the state is not: the replica takes part without it and gets it from a peer. A log with holes as
    /// well is too much: such a replica is lost.
    /// </summary>
    private void OpenWithoutState(GroupId group, RecoveredGroup? found, DamagedException damage)
    {
        if (found is null || found.Holes.Count > 0)
        {
            DamagedStores.Add($"{group}: {damage.Message}");
            _lost.Add(group.Value, new());
            return;
        }

        SortedStore.Erase(_parts.Disk, ReactorStart.DirectoryOf(group));
        SortedStore store = OpenStore(group);
        var meta = new ReplicaMeta(found.Base, Configuration.Empty, 0, 0, 0);
        var restore = new RaftRestore(found.HardState, found.Base, Configuration.Empty, found.Entries, found.Base.Index);
        Replica replica = AddReplica(group, store, meta, restore);
        replica.IsNew = found.Entries.Count == 0;
        replica.LoseState(damage.Message);
    }

    private SortedStore OpenStore(GroupId group)
    {
        var filter = new ExpiryFilter(_options.SessionWindowMs, Machines);
        StoreOptions options = _parts.StoreOptions with { Filter = filter };
        SortedStore store = SortedStore.Open(_parts.Disk, ReactorStart.DirectoryOf(group), options, _cache);
        _filters[group.Value] = filter;
        return store;
    }

    private ReplicaMeta StoredMeta(GroupId group, SortedStore store)
    {
        StorePoint point = store.Durable;
        if (point.Position == LogPosition.Zero)
        {
            return new(LogPosition.Zero, FirstConfiguration(group), 0, 0, 0);
        }

        return ReplicaMeta.TryDecode(point.Position, point.Metadata.Span, out ReplicaMeta meta)
            ? meta
            : throw new DamagedException(ReactorStart.DirectoryOf(group), 0, "the metadata of its durable point");
    }

    private Configuration FirstConfiguration(GroupId group) =>
        _members!.IsRejoining ? Configuration.Empty : ReactorStart.FirstConfiguration(_firstMap, group, Self);

    private Replica AddReplica(GroupId group, SortedStore store, ReplicaMeta meta, RaftRestore restore)
    {
        var options = new RaftOptions
        {
            ElectionTimeoutTicks = _options.ElectionTimeoutTicks,
            HeartbeatTicks = _options.HeartbeatTicks,
            FlushStallTicks = _options.FlushStallTicks,
            MaxUncommittedBytes = _options.MaxUncommittedBytes,
        };
        var raft = new RaftNode(options, Self, restore, _random.Fork());
        var replica = new Replica(_replicaContext, group, raft, store, meta, _filters[group.Value]);
        _replicas.Add(group.Value, replica);
        replica.DiscardedIndex = meta.Position.Index;
        return replica;
    }

    /// <summary>
    /// Follows the map agreed in the control group. As long as none was agreed, the leader of that group proposes the one the
    /// cluster began with.
    /// </summary>
    private void ControlChanged()
    {
        if (Find(GroupId.Control) is { Halted: null } control)
        {
            using StoreView view = control.Store.View();
            if (ControlMachine.MapIn(new MachineReader(view, ControlMachine.MachineId)) is { } map && map.Epoch >= _map.Epoch)
            {
                Follow(map);
                return;
            }
        }

        PlaceReplicas();
    }

    private volatile bool _mapAgreed;

    void IReplicaHost.ControlChanged() => ControlChanged();

    private void ProposeFirstMap(Replica control)
    {
        if (_mapAgreed || _mapProposed || !control.IsLeader)
        {
            return;
        }

        _mapProposed = true;
        var request = new InternalRequest(answer => _mapProposed = answer.IsDone)
        {
            Group = GroupId.Control,
            Machine = ControlMachine.MachineId,
            IsWrite = true,
            Id = new RequestId(((UInt128)_random.Next() << 64) | _random.Next()),
            Body = ControlMachine.Replace(0, _firstMap),
            TimeoutTicks = _options.ElectionTimeoutTicks * 8L,
        };
        Submit(request);
    }

    private sealed class InternalRequest(Action<Answer> done) : Requests.Request
    {
        protected internal override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine) => done(answer);
    }
}
