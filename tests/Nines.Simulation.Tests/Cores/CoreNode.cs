using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Simulation.Tests;

internal sealed class CoreFactory(int nodes, int groups, int replicas) : INodeFactory
{
    public IReadOnlyList<GroupId> Groups { get; } = [.. Enumerable.Range(1, groups).Select(g => new GroupId(g))];

    public NodeId[] ReplicasOf(GroupId group) =>
        [.. Enumerable.Range(0, Math.Min(replicas, nodes)).Select(k => new NodeId(1 + ((group.Value + k) % nodes)))];

    public ISimulatedNode Start(NodeSetup setup) => new CoreNode(setup, this);
}

/// <summary>
/// Raft cores on a simple journal, without store, sessions or snapshots: the level below whole nodes, fast and small, on which
/// consensus and the simulator itself are tried under every fault that an honest disk survives.
/// </summary>
internal sealed class CoreNode : ISimulatedNode
{
    private const byte RaftFrame = 32;
    private readonly NodeSetup _setup;
    private readonly CoreFactory _cluster;
    private readonly Journal _journal;
    private readonly SortedDictionary<GroupId, CoreReplica> _replicas = [];
    private readonly SortedDictionary<long, (long Token, GroupId Group)> _forwarded = [];
    private readonly List<LogEntry> _decoded = [];
    private readonly List<(NodeId To, byte[] Bytes)> _stagedSends = [];
    private readonly ByteBuffer _buffer = new();
    private List<(CoreReplica Replica, LogPosition Position, HardState? State)> _staged = [];
    private bool _flushing;
    private long _lastNumber;
    private ulong _lastRead;

    public CoreNode(NodeSetup setup, CoreFactory cluster)
    {
        _setup = setup;
        _cluster = cluster;
        Boot = Journal.NextBoot(setup.Disk);

        // Answers to questions of an earlier life must not be taken for answers to new ones.
        _lastNumber = Boot.Value << 32;
        _journal = new Journal(setup.Disk);
        SortedDictionary<GroupId, HardState> states = [];
        SortedDictionary<GroupId, List<LogEntry>> logs = [];
        foreach (GroupId group in cluster.Groups)
        {
            logs.Add(group, []);
            states.Add(group, default);
        }

        _journal.Recover((g, s) => states[g] = s, (g, e) => Put(logs[g], e));
        foreach (GroupId group in cluster.Groups)
        {
            NodeId[] members = cluster.ReplicasOf(group);
            if (members.Contains(setup.Id))
            {
                RaftRestore restore = new(states[group], LogPosition.Zero, Configuration.Of(members), logs[group], LogIndex.Zero);
                RaftNode raft = new(new RaftOptions(), setup.Id, restore, setup.Random.Fork());
                RegisterMachine machine = new(setup.Id, setup.Observer);
                _replicas.Add(group, new CoreReplica(group, raft, machine, setup.Id, setup.Logs));
            }
        }
    }

    public BootId Boot { get; }

    public bool IsStopped => StopReason.Length > 0;

    public string StopReason { get; private set; } = "";

    public void Tick(long wallClockMs)
    {
        foreach (CoreReplica replica in _replicas.Values)
        {
            replica.Raft.Step(RaftInput.Tick, replica.Output);
        }
    }

    public void Turn()
    {
        if (IsStopped)
        {
            return;
        }

        foreach (CoreReplica replica in _replicas.Values)
        {
            replica.Raft.Finish(replica.Output);
            Act(replica);
        }

        if (!_flushing && (_journal.HasStaged || _staged.Count > 0))
        {
            _flushing = true;
            List<(CoreReplica Replica, LogPosition Position, HardState? State)> flushed = _staged;
            _staged = [];
            (NodeId To, byte[] Bytes)[] sends = [.. _stagedSends];
            _stagedSends.Clear();
            _setup.Background.Start(Lane.Log, _journal.BeginFlush(), (_, failure) => OnFlushed(flushed, sends, failure));
        }
    }

    public void Write(GroupId group, RequestId id, ReadOnlyMemory<byte> command, long timeoutMs, long token)
    {
        byte[] envelope = CoreReplica.Envelope(id, command.Span);
        if (_replicas.TryGetValue(group, out CoreReplica? replica) && replica.Raft.Role == RaftRole.Leader)
        {
            Propose(replica, envelope, NodeId.None, token);
        }
        else
        {
            Forward(group, 2, envelope, token);
        }
    }

    public void Read(
        GroupId group, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, long timeoutMs, long token)
    {
        _replicas.TryGetValue(group, out CoreReplica? replica);
        byte[] bytes = query.ToArray();
        bool here = replica != null && (consistency == Consistency.Eventual
            || (consistency == Consistency.Sequential
                && (replica.Applied >= notBefore || Planted.Is(PlantedBug.SessionPositionIgnored))));
        if (here)
        {
            Answer(NodeId.None, token, replica!, Outcome.Done, replica!.Query(bytes), -1);
        }
        else if (replica?.Raft.Role == RaftRole.Leader)
        {
            ReadStrong(replica, bytes, NodeId.None, token);
        }
        else
        {
            Forward(group, 3, bytes, token);
        }
    }

    public void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message)
    {
        ByteReader reader = new(message);
        byte kind = reader.Byte();
        GroupId group = new((int)reader.Count());
        if (kind == 4)
        {
            OnAnswer(group, reader);
            return;
        }

        if (!_replicas.TryGetValue(group, out CoreReplica? replica))
        {
            return;
        }

        if (kind >= RaftFrame)
        {
            if (RaftCodec.TryRead(message[reader.Offset..], _decoded, out RaftMessage raft) && raft.From == from)
            {
                replica.Raft.Step(RaftInput.Receive(raft), replica.Output);
            }

            return;
        }

        long number = reader.Count();
        byte[] body = reader.BlobMemory().ToArray();
        if (replica.Raft.Role != RaftRole.Leader)
        {
            Answer(from, number, replica, Outcome.NotDone, [], -1);
        }
        else if (kind == 2)
        {
            Propose(replica, body, from, number);
        }
        else
        {
            ReadStrong(replica, body, from, number);
        }
    }

    public void Replicas(List<ReplicaView> into)
    {
        foreach (CoreReplica replica in _replicas.Values)
        {
            RaftNode raft = replica.Raft;
            into.Add(new ReplicaView
            {
                Group = replica.Group,
                Role = raft.Role == RaftRole.Leader ? ReplicaRole.Leader
                    : raft.Role == RaftRole.Follower ? ReplicaRole.Follower : ReplicaRole.Candidate,
                Term = raft.Term,
                Commit = raft.Commit,
                Applied = replica.Applied,
                LastIndex = raft.Log.LastIndex,
                Configuration = raft.Configuration,
            });
        }
    }

    private static void Put(List<LogEntry> log, LogEntry entry)
    {
        log.RemoveAll(e => e.Index >= entry.Index);
        log.Add(entry);
    }

    private void Act(CoreReplica replica)
    {
        RaftOutput output = replica.Output;
        if (output.HardState is { } state)
        {
            _journal.Stage(replica.Group, state);
        }

        foreach (LogEntry entry in output.Append)
        {
            _journal.Stage(replica.Group, entry);
        }

        if (output.HardState != null || output.Append.Count > 0)
        {
            LogPosition position = output.Append.Count > 0 ? output.Append[^1].Position : LogPosition.Zero;
            _staged.Add((replica, position, output.HardState));
        }

        output.SendNow.ForEach(m => _setup.Network.Send(m.To, Encode(replica, m)));
        foreach (RaftMessage message in output.SendWhenDurable)
        {
            if (_journal.HasStaged || _flushing || _stagedSends.Count > 0)
            {
                // Everything handed over before is part of this flush or the next, which this message then joins.
                _stagedSends.Add((message.To, Encode(replica, message)));
                _staged.Add((replica, LogPosition.Zero, null));
            }
            else
            {
                _setup.Network.Send(message.To, Encode(replica, message));
            }
        }

        foreach (ulong dropped in output.ReadsDropped)
        {
            replica.Reading.Remove(dropped);
        }

        (ulong Id, LogIndex Index)[] ready = [.. output.ReadsReady];
        LogIndex commit = output.CommittedTo;
        output.Clear();
        replica.ApplyUpTo(LogIndex.Max(commit, replica.Applied), (entry, answer) => OnApplied(replica, entry, answer));
        foreach ((ulong id, LogIndex index) in ready)
        {
            Invariant.Assert(replica.Applied >= index);
            if (replica.Reading.Remove(id, out (NodeId Origin, long Number, byte[] Query) read))
            {
                Answer(read.Origin, read.Number, replica, Outcome.Done, replica.Query(read.Query), 0);
            }
        }
    }

    private void OnApplied(CoreReplica replica, in LogEntry entry, byte[] answer)
    {
        if (replica.Proposed.Remove(entry.Index.Value, out (Term Term, NodeId Origin, long Number) proposed)
            && proposed.Term == entry.Term)
        {
            Answer(proposed.Origin, proposed.Number, replica, Outcome.Done, answer, -1, entry.Index);
        }
    }

    private void OnFlushed(
        List<(CoreReplica Replica, LogPosition Position, HardState? State)> flushed, (NodeId To, byte[] Bytes)[] sends, Exception? failure)
    {
        _flushing = false;
        if (failure != null)
        {
            StopReason = failure.Message;
            return;
        }

        foreach ((CoreReplica replica, LogPosition position, HardState? state) in flushed)
        {
            if (state is { } promise)
            {
                _setup.Leaders.Promised(_setup.Id, replica.Group, promise.Term, promise.Vote);
            }

            replica.Raft.Step(RaftInput.LogDurable(position), replica.Output);
        }

        foreach ((NodeId to, byte[] bytes) in sends)
        {
            _setup.Network.Send(to, bytes);
        }
    }

    private void Propose(CoreReplica replica, byte[] envelope, NodeId origin, long number)
    {
        ProposeResult result = replica.Raft.Propose(envelope, replica.Output);
        if (result.Status == ProposeStatus.Accepted)
        {
            replica.Proposed[result.Position.Index.Value] = (result.Position.Term, origin, number);
        }
        else
        {
            Answer(origin, number, replica, Outcome.NotDone, [], -1);
        }
    }

    private void ReadStrong(CoreReplica replica, byte[] query, NodeId origin, long number)
    {
        replica.Reading.Add(++_lastRead, (origin, number, query));
        if (!replica.Raft.ReadIndex(_lastRead, replica.Output))
        {
            replica.Reading.Remove(_lastRead);
            Answer(origin, number, replica, Outcome.NotDone, [], -1);
        }
    }

    private void Forward(GroupId group, byte kind, byte[] body, long token)
    {
        NodeId leader = _replicas.TryGetValue(group, out CoreReplica? replica) ? replica.Raft.Leader
            : _setup.Random.Pick(_cluster.ReplicasOf(group));
        if (leader.IsNone || leader == _setup.Id)
        {
            _setup.Answers.Answered(_setup.Id, token, new Answer { Outcome = Outcome.NotDone, Reason = Reason.NoLeader });
            return;
        }

        _forwarded.Add(++_lastNumber, (token, group));
        _buffer.Clear();
        _buffer.Byte(kind);
        _buffer.Count(group.Value);
        _buffer.Count(_lastNumber);
        _buffer.Blob(body);
        _setup.Network.Send(leader, _buffer.Written);
    }

    private void Answer(
        NodeId origin, long number, CoreReplica replica, Outcome outcome, byte[] body, long staleness, LogIndex? position = null)
    {
        Answer answer = new()
        {
            Outcome = outcome,
            Group = replica.Group,
            Term = replica.Raft.Term,
            Position = position ?? replica.Applied,
            StalenessMs = staleness,
            Body = body,
        };
        if (origin.IsNone)
        {
            _setup.Answers.Answered(_setup.Id, number, answer);
            return;
        }

        _buffer.Clear();
        _buffer.Byte(4);
        _buffer.Count(replica.Group.Value);
        _buffer.Count(number);
        _buffer.Byte((byte)outcome);
        _buffer.Count(answer.Term.Value);
        _buffer.Count(answer.Position.Value);
        _buffer.Blob(body);
        _setup.Network.Send(origin, _buffer.Written);
    }

    private void OnAnswer(GroupId group, ByteReader reader)
    {
        if (_forwarded.Remove(reader.Count(), out (long Token, GroupId Group) request) && request.Group == group)
        {
            _setup.Answers.Answered(_setup.Id, request.Token, new Answer
            {
                // A refusal may be that of a duplicate; only its own log can say what became of the first copy.
                Outcome = (Outcome)reader.Byte() == Outcome.Done ? Outcome.Done : Outcome.Unknown,
                Group = group,
                Term = new Term(reader.Count()),
                Position = new LogIndex(reader.Count()),
                Body = reader.BlobMemory(),
                StalenessMs = -1,
            });
        }
    }

    private byte[] Encode(CoreReplica replica, in RaftMessage message)
    {
        _buffer.Clear();
        _buffer.Byte((byte)(RaftFrame + (byte)message.Kind));
        _buffer.Count(replica.Group.Value);
        RaftCodec.Write(message, replica.Raft.Log, _buffer);
        return _buffer.ToArray();
    }
}
