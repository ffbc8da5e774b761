using Nines.Kernel;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Tests.Support;

/// <summary>
/// Replicated groups without replication: each group applies commands at once, in order, and keeps the first answer of a request
/// id. Tests say with <see cref="Interfere"/> what goes wrong, and with <see cref="AddGroup"/> that a group was split.
/// </summary>
public sealed class MemoryReplicated : IReplicated
{
    /// <summary>The time of the first command; each later one is a millisecond later.</summary>
    public const long FirstTimeMs = 1_700_000_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<GroupId, Group> _groups = [];
    private readonly TablesMachine _machine = new();
    private IReadOnlyList<GroupId> _dataGroups = [];
    private IAppliedListener? _listener;
    private ulong _nextId;
    private long _timeMs = FirstTimeMs;

    public MemoryReplicated(int dataGroups = 4)
    {
        _groups[GroupId.Control] = new Group();
        for (int i = 0; i < dataGroups; i++)
        {
            AddGroup();
        }
    }

    /// <summary>Called before each command and query; an answer replaces the work.</summary>
    public Func<GroupId, bool, Answer?>? Interfere { get; set; }

    /// <summary>Called after each command and query was done; an answer goes out in place of the real one.</summary>
    public Func<GroupId, bool, Answer?>? Lose { get; set; }

    /// <summary>Commands that were sent, whether they had an effect or not.</summary>
    public int Commands { get; private set; }

    public Consistency LastConsistency { get; private set; }

    public LogIndex LastNotBefore { get; private set; }

    public IReadOnlyList<GroupId> Groups => _dataGroups;

    /// <summary>The agreed time of all groups goes on by so much.</summary>
    public void Pass(TimeSpan by)
    {
        lock (_lock)
        {
            _timeMs += (long)by.TotalMilliseconds;
        }
    }

    public MemoryState StateOf(GroupId group) => _groups[group].State;

    public void AddGroup()
    {
        var id = new GroupId(_dataGroups.Count + 1);
        _groups[id] = new Group();
        _dataGroups = [.. _dataGroups, id];
    }

    public GroupId GroupOf(int slot) => _dataGroups[slot * _dataGroups.Count / Slots.Count];

    public bool Leads(GroupId group) => true;

    public void Listen(byte machine, IAppliedListener listener) => _listener = listener;

    public RequestId NewId() => new(new UInt128(1, Interlocked.Increment(ref _nextId)));

    public ValueTask<Answer> WriteAsync(
        GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout)
    {
        lock (_lock)
        {
            Commands++;
            if (Interfere?.Invoke(group, true) is { } answer)
            {
                return new(answer);
            }

            Group at = _groups[group];
            id = id == RequestId.None ? NewId() : id;
            if (!at.First.TryGetValue(id, out Answer first))
            {
                at.Applied = at.Applied.Next;
                at.State.Position = at.Applied;
                var body = new ByteBuffer();
                _machine.Apply(
                    new CommandContext(at.Applied, _timeMs) { SessionMs = _timeMs++ }, command.ToArray(), at.State, body);
                _listener?.Applied(group, leads: true, body.Written);
                first = AnswerAt(group, at, body);
                at.First[id] = first;
            }

            return new(Lose?.Invoke(group, true) ?? first);
        }
    }

    public ValueTask<Answer> ReadAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
    {
        lock (_lock)
        {
            LastConsistency = consistency;
            LastNotBefore = notBefore;
            if (Interfere?.Invoke(group, false) is { } answer)
            {
                return new(answer);
            }

            Group at = _groups[group];
            var body = new ByteBuffer();
            _machine.Query(query.ToArray(), at.State, body);
            return new(Lose?.Invoke(group, false) ?? AnswerAt(group, at, body));
        }
    }

    private static Answer AnswerAt(GroupId group, Group at, ByteBuffer body) => new()
    {
        Outcome = Outcome.Done,
        Group = group,
        Term = new Term(3),
        Position = at.Applied,
        StalenessMs = 0,
        Body = body.ToArray(),
    };

    private sealed class Group
    {
        public MemoryState State { get; } = new();

        public Dictionary<RequestId, Answer> First { get; } = [];

        public LogIndex Applied { get; set; }
    }
}
