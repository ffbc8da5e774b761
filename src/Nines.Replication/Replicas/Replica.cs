using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Requests;
using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>
/// One group's replica on this node: its Raft core, its state, and who waits for what. Stepped by the reactor only.
/// Everything that is a rule about agreement lives in <see cref="RaftNode"/>; here its outputs meet the state machines.
/// </summary>
internal sealed partial class Replica
{
    private readonly ReplicaContext _context;
    private RaftOutput _output = new();
    private RaftOutput _spare = new();
    private readonly MachineState _machineState = new();
    private readonly ExpiryFilter _filter;
    private bool _isPlaced = true;
    private bool _needsState;

    public Replica(
        ReplicaContext context, GroupId group, RaftNode raft, SortedStore store, ReplicaMeta meta, ExpiryFilter filter)
    {
        _context = context;
        Group = group;
        Raft = raft;
        Store = store;
        _applied = meta;
        _filter = filter;
        _filter.Set(meta.TimeMs, meta.SessionMs);
        SealedIndex = store.Durable.Position.Index;
    }

    public GroupId Group { get; }

    public RaftNode Raft { get; }

    public SortedStore Store { get; }

    /// <summary>What the core asked for since the last <see cref="TakeOutput"/>.</summary>
    public RaftOutput Output => _output;

    /// <summary>
    /// Takes the output to act on. What acting on it causes in this very core gathers in the other one, for the next round. The
    /// caller clears what it took.
    /// </summary>
    public RaftOutput TakeOutput()
    {
        (_output, _spare) = (_spare, _output);
        return _spare;
    }

    /// <summary>In the reactor's list of replicas to finish this turn.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The group does not tick: everything is replicated and nobody asks.</summary>
    public bool IsQuiesced { get; private set; }

    /// <summary>Set when this replica must not go on: what it holds is damaged. The others of the group are not affected.</summary>
    public string? Halted { get; private set; }

    /// <summary>The map wants a replica here. One that is not wanted any more serves no reads: nobody tells it news.</summary>
    public bool IsPlaced
    {
        get => Volatile.Read(ref _isPlaced);
        set => Volatile.Write(ref _isPlaced, value);
    }

    public bool IsLeader => Raft.Role == RaftRole.Leader;

    public int QuietTicks { get; set; }

    public int LeaderTicks { get; set; }

    /// <summary>Where the last sealed memtable ends.</summary>
    public LogIndex SealedIndex { get; set; }

    /// <summary>Whether asking the store for work is worth it: something changed since it had none.</summary>
    public bool MayHaveStoreWork { get; set; } = true;

    /// <summary>Leader: members that said they lost what they promised, and the boot in which each said so.</summary>
    public SortedDictionary<int, BootId> Amnesiacs { get; } = [];

    /// <summary>
    /// It has never had a state here. It takes no entries before it has one: it would pass for caught up, and a voter without a state is
    /// one copy less than the group believes to have.
    /// </summary>
    public bool IsNew { get; set; }

    /// <summary>What the log was told it need not keep.</summary>
    public LogIndex DiscardedIndex { get; set; }

    /// <summary>Store work is under way.</summary>
    public bool HasStoreWork { get; set; }

    public void Halt(string why) => Halted ??= why;

    /// <summary>It acknowledged entries that its log does not have, and waits to be let in again.</summary>
    public bool HasLostPromises { get; private set; }

    /// <summary>See <see cref="RaftOutput.PromisesLost"/>. Nothing it says from here on leaves this node.</summary>
    public void LosePromises()
    {
        HasLostPromises = true;
        Halt("it acknowledged entries that its log does not have");
        DropWaitingReads();
    }

    /// <summary>
    /// The state is damaged and waits for a peer's. The log and the vote are not: the replica goes on voting and acknowledging, so that a
    /// group survives even when only one state is whole.
    /// </summary>
    public bool NeedsState
    {
        get => Volatile.Read(ref _needsState);
        set
        {
            Volatile.Write(ref _needsState, value);
            Raft.CanLead = !value;
        }
    }

    /// <summary>May this replica's state be shown?</summary>
    public bool IsReadable => Halted is null && !NeedsState && IsPlaced;

    public void Step(in RaftInput input)
    {
        if (Halted is null)
        {
            Raft.Step(input, _output);
        }
    }

    /// <summary>Any sign of work ends the quiet.</summary>
    public void Wake()
    {
        IsQuiesced = false;
        QuietTicks = 0;
    }

    public void Quiesce() => IsQuiesced = true;
}

/// <summary>What every replica of a node shares.</summary>
internal sealed record ReplicaContext(
    ReactorOptions Options, IReadOnlyDictionary<byte, IStateMachine> Machines, IReplicaHost Host);

/// <summary>What a replica asks of its reactor.</summary>
internal interface IReplicaHost
{
    /// <summary>Ticks since the start.</summary>
    long Now { get; }

    /// <summary>The wall clock of the latest tick, in milliseconds.</summary>
    long WallMs { get; }

    void CompleteLocal(Request request, in Answer answer, IOrderedReader? state, IStateMachine? machine);

    void AnswerRemote(NodeId origin, ulong sequence, in Answer answer);

    void RefuseRemote(NodeId origin, ulong sequence, GroupId group, NodeId leader, bool mayHaveHappened);

    /// <summary>Takes a request of this node back, to route it again.</summary>
    void Reroute(Request request);

    /// <summary>A replica's state turned out to be damaged.</summary>
    void StateLost(Replica replica, string why);

    /// <summary>A state machine applied a command.</summary>
    void Applied(GroupId group, byte machine, bool leads, ReadOnlySpan<byte> answer);

    /// <summary>A command of the control machine was applied.</summary>
    void ControlChanged();
}
