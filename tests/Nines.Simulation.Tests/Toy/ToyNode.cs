using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>What a toy cluster does wrong on purpose.</summary>
public enum ToyBug
{
    None,
    LocalStrongReads,
    NoDeduplication,
    LosesAcknowledgedWrite,
    IgnoresSession,
    DivergesOnOneNode,
    TwoLeaders,
    DoesNotConverge,
    LiesAboutStaleness,
}

internal sealed class ToyFactory(int groups, ToyBug bug = ToyBug.None) : INodeFactory
{
    public IReadOnlyList<GroupId> Groups { get; } = [.. Enumerable.Range(1, groups).Select(g => new GroupId(g))];

    public ISimulatedNode Start(NodeSetup setup) => new ToyNode(setup, Groups, bug);
}

/// <summary>
/// The smallest cluster that keeps its promises as long as nobody crashes: node 1 orders everything in memory and sends it to the
/// others, who apply it in order. It exists to test the simulator without the product.
/// </summary>
internal sealed class ToyNode : ISimulatedNode
{
    private static readonly NodeId _primary = new(1);

    private readonly NodeSetup _setup;
    private readonly ToyBug _bug;
    private readonly SortedDictionary<GroupId, ToyReplica> _replicas = [];
    private readonly List<(Action Try, long GiveUpAtMs, long Token)> _waiting = [];
    private readonly Dictionary<long, (long Token, GroupId Group)> _forwarded = [];
    private long _nowMs;
    private long _lastForward;

    public ToyNode(NodeSetup setup, IReadOnlyList<GroupId> groups, ToyBug bug)
    {
        _setup = setup;
        _bug = bug;
        _nowMs = setup.WallClockMs;
        foreach (GroupId group in groups)
        {
            _replicas.Add(group, new ToyReplica(group, setup.Id, setup.Observer, bug));
        }
    }

    public BootId Boot => new(1);

    public bool IsStopped => false;

    public string StopReason => "";

    private bool IsPrimary => _setup.Id == _primary;

    public void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message)
    {
        ByteReader reader = new(message);
        byte kind = reader.Byte();
        GroupId group = new((int)reader.Fixed32());
        ToyReplica replica = _replicas[group];
        long number = reader.Count();
        switch (kind)
        {
            case 1: // A write for the primary.
                UInt128 id = new(0, reader.Fixed64());
                Reply(from, group, number, replica.Write(id, reader.BlobMemory().ToArray()));
                Broadcast(group, replica, replica.Last);
                break;
            case 2: // A strong read for the primary.
                Reply(from, group, number, replica.Read(reader.BlobMemory()));
                break;
            case 3: // The primary's answer.
                OnReply(group, number, reader.Count(), reader.BlobMemory().ToArray());
                break;
            case 4: // An entry of the primary's log.
                if (!(_bug == ToyBug.DoesNotConverge && _setup.Id.Value == 2))
                {
                    replica.Follow(number, reader.BlobMemory().ToArray());
                }

                break;
            default: // A replica says what it has.
                for (long next = number + 1; IsPrimary && next <= Math.Min(replica.Last, number + 20); next++)
                {
                    SendEntry(from, group, replica, next);
                }

                break;
        }
    }

    public void Tick(long wallClockMs)
    {
        _nowMs += 25;
        if (IsPrimary)
        {
            return;
        }

        foreach (ToyReplica replica in _replicas.Values)
        {
            ByteBuffer message = Head(5, replica.Group, replica.Last);
            _setup.Network.Send(_primary, message.Written);
        }
    }

    public void Turn()
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            _waiting[i].Try();
            if (_waiting[i].GiveUpAtMs < _nowMs)
            {
                _setup.Answers.Answered(_setup.Id, _waiting[i].Token, new Answer { Outcome = Outcome.NotDone, Reason = Reason.Behind });
                _waiting.RemoveAt(i);
            }
        }
    }

    public void Write(GroupId group, RequestId id, ReadOnlyMemory<byte> command, long timeoutMs, long token)
    {
        if (_bug == ToyBug.NoDeduplication)
        {
            id = new RequestId(new UInt128(1, (ulong)token));
        }

        if (IsPrimary)
        {
            Done(token, group, _replicas[group].Write(id.Value, command.ToArray()), 0);
            Broadcast(group, _replicas[group], _replicas[group].Last);
            return;
        }

        _forwarded.Add(++_lastForward, (token, group));
        ByteBuffer message = Head(1, group, _lastForward);
        message.Fixed64((ulong)id.Value);
        message.Blob(command.Span);
        _setup.Network.Send(_primary, message.Written);
    }

    public void Read(
        GroupId group, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, long timeoutMs, long token)
    {
        ToyReplica replica = _replicas[group];
        bool local = IsPrimary || consistency == Consistency.Eventual
            || (consistency == Consistency.Strong && _bug == ToyBug.LocalStrongReads)
            || (consistency == Consistency.Sequential && (replica.Last >= notBefore.Value || _bug == ToyBug.IgnoresSession));
        if (local)
        {
            Done(token, group, replica.Read(query), _bug == ToyBug.LiesAboutStaleness ? 0 : -1);
        }
        else if (consistency == Consistency.Sequential)
        {
            bool answered = false;
            _waiting.Add((
                () =>
                {
                    if (!answered && replica.Last >= notBefore.Value)
                    {
                        answered = true;
                        Done(token, group, replica.Read(query), -1);
                    }
                },
                _nowMs + timeoutMs,
                token));
        }
        else
        {
            _forwarded.Add(++_lastForward, (token, group));
            ByteBuffer message = Head(2, group, _lastForward);
            message.Blob(query.Span);
            _setup.Network.Send(_primary, message.Written);
        }
    }

    public void Replicas(List<ReplicaView> into)
    {
        foreach (ToyReplica replica in _replicas.Values)
        {
            bool leads = IsPrimary || (_bug == ToyBug.TwoLeaders && _setup.Id.Value == 3 && replica.Last > 20);
            into.Add(new ReplicaView
            {
                Group = replica.Group,
                Role = leads ? ReplicaRole.Leader : ReplicaRole.Follower,
                Term = new Term(1),
                Commit = new LogIndex(replica.Last),
                Applied = new LogIndex(replica.Last),
                LastIndex = new LogIndex(replica.Last),
            });
        }
    }

    private static ByteBuffer Head(byte kind, GroupId group, long number)
    {
        ByteBuffer message = new();
        message.Byte(kind);
        message.Fixed32((uint)group.Value);
        message.Count(number);
        return message;
    }

    private void Broadcast(GroupId group, ToyReplica replica, long position)
    {
        for (int node = 2; node <= 5 && position > 0; node++)
        {
            SendEntry(new NodeId(node), group, replica, position);
        }
    }

    private void SendEntry(NodeId to, GroupId group, ToyReplica replica, long position)
    {
        ByteBuffer message = Head(4, group, position);
        message.Blob(replica.Entry(position));
        _setup.Network.Send(to, message.Written);
    }

    private void Reply(NodeId to, GroupId group, long number, (long Position, byte[] Body) result)
    {
        ByteBuffer message = Head(3, group, number);
        message.Count(result.Position);
        message.Blob(result.Body);
        _setup.Network.Send(to, message.Written);
    }

    private void OnReply(GroupId group, long number, long position, byte[] body)
    {
        if (_forwarded.Remove(number, out (long Token, GroupId Group) request))
        {
            Done(request.Token, group, (position, body), 0);
        }
    }

    private void Done(long token, GroupId group, (long Position, byte[] Body) result, long stalenessMs) =>
        _setup.Answers.Answered(_setup.Id, token, new Answer
        {
            Outcome = Outcome.Done,
            Group = group,
            Term = new Term(1),
            Position = new LogIndex(result.Position),
            Body = result.Body,
            StalenessMs = stalenessMs,
        });
}

/// <summary>One group's log and state on one toy node.</summary>
internal sealed class ToyReplica(GroupId group, NodeId node, IApplyObserver observer, ToyBug bug)
{
    private readonly List<byte[]> _log = [];
    private readonly Dictionary<UInt128, (long Position, byte[] Body)> _first = [];
    private readonly MemoryState _state = new();
    private readonly RegisterMachine _machine = new(node, observer);

    public GroupId Group { get; } = group;

    public long Last => _log.Count;

    public byte[] Entry(long position) => _log[(int)position - 1];

    public (long Position, byte[] Body) Write(UInt128 id, byte[] command)
    {
        if (_first.TryGetValue(id, out (long Position, byte[] Body) first))
        {
            return first;
        }

        (long Position, byte[] Body) result = bug == ToyBug.LosesAcknowledgedWrite && Last % 40 == 39
            ? AnswerWithoutApplying(command)
            : Append(command);
        _first.Add(id, result);
        return result;
    }

    public void Follow(long position, byte[] command)
    {
        if (position == Last + 1)
        {
            Append(command);
        }
    }

    public (long Position, byte[] Body) Read(ReadOnlyMemory<byte> query)
    {
        ByteBuffer answer = new();
        _machine.Query(query, _state, answer);
        return (Last, answer.ToArray());
    }

    private (long Position, byte[] Body) Append(byte[] command)
    {
        _log.Add(command);
        if (bug == ToyBug.DivergesOnOneNode && node.Value == 3 && Last == 30)
        {
            command[9] ^= 1;
        }

        ByteBuffer answer = new();
        _machine.Apply(new CommandContext(new LogIndex(Last), 0), command, _state, answer);
        return (Last, answer.ToArray());
    }

    private (long Position, byte[] Body) AnswerWithoutApplying(byte[] command)
    {
        MemoryState scratch = new();
        ByteBuffer answer = new();
        new RegisterMachine(node).Apply(new CommandContext(new LogIndex(Last + 1), 0), command, scratch, answer);
        return (Last + 1, answer.ToArray());
    }
}
