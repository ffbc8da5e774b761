using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>One Raft group on one node: the core, the state in memory, who waits for what.</summary>
internal sealed class CoreReplica
{
    private readonly RegisterMachine _machine;
    private readonly MemoryState _state = new();
    private readonly Dictionary<UInt128, byte[]> _first = [];
    private readonly ByteBuffer _buffer = new();
    private readonly LogChecker? _logs;
    private readonly NodeId _node;

    public CoreReplica(GroupId group, RaftNode raft, RegisterMachine machine, NodeId node, LogChecker? logs)
    {
        Group = group;
        Raft = raft;
        _machine = machine;
        _node = node;
        _logs = logs;
    }

    public GroupId Group { get; }

    public RaftNode Raft { get; }

    public RaftOutput Output { get; } = new();

    public LogIndex Applied { get; private set; }

    /// <summary>Proposals of this leader by index: the term they were proposed in, and whom to answer.</summary>
    public SortedDictionary<long, (Term Term, NodeId Origin, long Number)> Proposed { get; } = [];

    /// <summary>Strong reads by their id.</summary>
    public SortedDictionary<ulong, (NodeId Origin, long Number, byte[] Query)> Reading { get; } = [];

    public static byte[] Envelope(RequestId id, ReadOnlySpan<byte> command)
    {
        byte[] bytes = new byte[16 + command.Length];
        BitConverter.TryWriteBytes(bytes, (ulong)id.Value);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), (ulong)(id.Value >> 64));
        command.CopyTo(bytes.AsSpan(16));
        return bytes;
    }

    /// <summary>Applies committed entries; calls back for each command with its answer.</summary>
    public void ApplyUpTo(LogIndex commit, Action<LogEntry, byte[]> answered)
    {
        while (Applied < commit)
        {
            Invariant.Assert(Raft.Log.TryGet(Applied.Next, out LogEntry entry));
            _logs?.Committed(_node, Group, entry);
            Applied = entry.Index;
            if (entry.Kind == EntryKind.Command)
            {
                answered(entry, Apply(entry));
            }
        }

        Raft.Step(RaftInput.Applied(Applied), Output);
    }

    public byte[] Query(byte[] query)
    {
        _buffer.Clear();
        _machine.Query(query, _state, _buffer);
        return _buffer.ToArray();
    }

    private byte[] Apply(in LogEntry entry)
    {
        ReadOnlySpan<byte> payload = entry.Payload.Span;
        UInt128 id = new(BitConverter.ToUInt64(payload[8..]), BitConverter.ToUInt64(payload));
        if (_first.TryGetValue(id, out byte[]? first) && !Planted.Is(PlantedBug.AppliedTwice))
        {
            return first;
        }

        _buffer.Clear();
        _machine.Apply(new CommandContext(entry.Index, 0), entry.Payload[16..], _state, _buffer);
        byte[] answer = _buffer.ToArray();
        _first[id] = answer;
        return answer;
    }
}
