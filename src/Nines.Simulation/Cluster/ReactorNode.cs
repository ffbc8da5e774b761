using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Placement;
using Nines.Replication.Requests;
using Nines.Replication.Wire;
using Nines.Storage.Log;
using Nines.Storage.Store;
using Nines.Tables.Engines;
using Nines.Tables.Model.Machine;

namespace Nines.Simulation;

/// <summary>Starts the product's own nodes, everything below the doors, with the register machine in place of a door.</summary>
public sealed class ReactorFactory : INodeFactory
{
    private static readonly ClusterId _cluster = new(0x51D);

    private readonly SlotMap _map;
    private readonly SwarmOptions _swarm;
    private readonly bool _hasTables;

    public ReactorFactory(SimulationOptions options, SwarmOptions swarm)
    {
        _swarm = swarm;
        _hasTables = options.Tables;
        List<Member> members = [.. Enumerable.Range(1, options.Nodes).Select(i => new Member(new NodeId(i), $"n{i}"))];
        _map = SlotMap.Initial(members, options.Groups, options.Replicas);
        Groups = _map.DataGroups;
    }

    public IReadOnlyList<GroupId> Groups { get; }

    /// <summary>Raft survives any repetition; forwarded requests rely on the port's promise that what is sent once arrives at most once.</summary>
    public bool MayRepeat(byte kind) => _swarm.SeparateFrames && kind >= MessageKind.Raft;

    public ISimulatedNode Start(NodeSetup setup)
    {
        try
        {
            if (setup.DisownedFor is not null && !RefusedDirectory.BeginAgain(setup.Disk))
            {
                throw new NodeRefusedException("its peers have seen a later boot of it", isFinal: true);
            }

            NodeIdentity? kept = NodeIdentity.Read(setup.Disk, ["log", "groups"]);

            // A new directory begins to count at the second it is made: a wiped node comes with a number nobody has seen.
            kept ??= new NodeIdentity(_cluster, setup.Id, new BootId(setup.WallClockMs / 1000));
            NodeIdentity identity = kept.NotBefore(setup.DisownedFor ?? default).Start(setup.Disk, _cluster, setup.Id, setup.Random.Next());
            setup.Network.Boot = identity.Boot;
            return new ReactorNode(setup, identity.Boot, Parts(setup, identity.Boot), _hasTables);
        }
        catch (IdentityException refused)
        {
            throw new NodeRefusedException(refused.Message, isFinal: true, refused);
        }
        catch (DamagedException damaged)
        {
            throw new NodeRefusedException(damaged.Message, isFinal: true, damaged);
        }
    }

    private ReactorParts Parts(NodeSetup setup, BootId boot) => new()
    {
        Options = new ReactorOptions
        {
            SeparateFrames = _swarm.SeparateFrames,
            KeepEntries = _swarm.LogEntriesKept,
            KeepEntryBytes = 1 << 20,
            SnapshotChunkBytes = 4 << 10,
        },
        Self = setup.Id,
        Boot = boot,
        Disk = setup.Disk,
        Network = new PromiseTap(setup),
        Background = setup.Background,
        Machines = _hasTables
            ? [new RegisterMachine(setup.Id, setup.Observer), new TablesMachine()]
            : [new RegisterMachine(setup.Id, setup.Observer)],
        Random = setup.Random,
        InitialMap = _map,
        LogOptions = LogOptions.ForSimulation with
        {
            SegmentBytes = 256 << 10,
            GrowingSegmentBytes = 64 << 10,
            MaxBytes = _swarm.TableBytes * 16L,
        },
        StoreOptions = new StoreOptions
        {
            MemtableBytes = _swarm.TableBytes,
            TableBytes = _swarm.TableBytes * 2L,
            BlockBytes = 1 << 10,
            LevelBaseBytes = _swarm.TableBytes * 4L,
            LevelRatio = 4,
        },
        BlockCacheBytes = 256 << 10,
    };

    /// <summary>Sees votes and acknowledgements leave: that is the moment they become promises.</summary>
    private sealed class PromiseTap(NodeSetup setup) : INetwork
    {
        private const byte VoteAnswer = MessageKind.Raft + (byte)RaftMessageKind.VoteAnswer;
        private const byte AppendAnswer = MessageKind.Raft + (byte)RaftMessageKind.AppendAnswer;
        private const int HeaderBytes = 5;

        private readonly List<LogEntry> _entries = [];

        public bool Send(NodeId to, ReadOnlySpan<byte> message)
        {
            ReadOnlySpan<byte> rest = message;
            while (rest.Length >= HeaderBytes)
            {
                int length = (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]);
                if (rest[0] is VoteAnswer or AppendAnswer)
                {
                    Note(rest.Slice(HeaderBytes, length));
                }

                rest = rest[(HeaderBytes + length)..];
            }

            return setup.Network.Send(to, message);
        }

        private void Note(ReadOnlySpan<byte> body)
        {
            ByteReader reader = new(body);
            GroupId group = new((int)reader.Count());
            byte[] raft = body[reader.Offset..].ToArray();
            if (RaftCodec.TryRead(raft, _entries, out RaftMessage message) && message.Flag)
            {
                NodeId vote = message.Kind == RaftMessageKind.VoteAnswer ? message.To : NodeId.None;
                setup.Leaders.Promised(setup.Id, group, message.Term, vote);
            }
        }
    }
}

/// <summary>One start of one of the product's nodes.</summary>
public sealed class ReactorNode : ISimulatedNode
{
    private readonly NodeSetup _setup;
    private readonly List<ReplicaGlimpse> _glimpses = [];
    private readonly ByteBuffer _query = new();

    private readonly SimulatedReplicated? _replicated;

    internal ReactorNode(NodeSetup setup, BootId boot, ReactorParts parts, bool hasTables)
    {
        _setup = setup;
        Boot = boot;
        Reactor = new Reactor(parts);
        if (hasTables)
        {
            _replicated = new SimulatedReplicated(Reactor, setup.Random.Fork(), setup.ScheduleTurn, setup.SteadyMs);
            Tables = new EmbeddedTableEngine(_replicated, setup.Clock);
            Tables.Start();
        }
    }

    /// <summary>The engine of the tables door, as the product runs it; null in a world without tables. It ends with the process, all at once.</summary>
    public EmbeddedTableEngine? Tables { get; }

    public BootId Boot { get; }

    /// <summary>For administration: maps, hand-over.</summary>
    public Reactor Reactor { get; }

    public bool IsStopped => Reactor.Failure != null;

    public string StopReason => Reactor.Failure ?? "";

    public void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message) => Reactor.Receive(from, boot, message);

    public void Tick(long wallClockMs) => Reactor.Tick(wallClockMs, _setup.SteadyMs());

    public void Turn()
    {
        Reactor.Turn();
        _replicated?.Flush();
    }

    public void Write(GroupId group, RequestId id, ReadOnlyMemory<byte> command, long timeoutMs, long token) =>
        Reactor.Submit(new Pending(this, token)
        {
            Group = group,
            Machine = RegisterMachine.MachineId,
            IsWrite = true,
            Id = id,
            Body = command,
            TimeoutTicks = TicksOf(timeoutMs),
        });

    public void Read(
        GroupId group, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, long timeoutMs, long token) =>
        Reactor.Submit(new Pending(this, token)
        {
            Group = group,
            Machine = RegisterMachine.MachineId,
            Consistency = consistency,
            NotBefore = consistency == Consistency.Sequential ? notBefore : LogIndex.Zero,
            Body = query,
            TimeoutTicks = TicksOf(timeoutMs),
        });

    public void Replicas(List<ReplicaView> into)
    {
        _glimpses.Clear();
        Reactor.Glimpse(_glimpses);
        foreach (ReplicaGlimpse seen in _glimpses)
        {
            into.Add(new ReplicaView
            {
                Group = seen.Group,
                Role = seen.Role switch
                {
                    RaftRole.Leader => ReplicaRole.Leader,
                    RaftRole.Follower => ReplicaRole.Follower,
                    RaftRole.Candidate or RaftRole.PreCandidate => ReplicaRole.Candidate,
                },
                Term = seen.Term,
                Commit = seen.Commit,
                Applied = seen.Applied,
                LastIndex = seen.LastIndex,
                Chain = seen.Chain,
                Configuration = seen.Configuration,
                IsImpaired = seen.IsImpaired,
                HasLostPromises = seen.HasLostPromises,
            });
        }
    }

    private static long TicksOf(long ms) => Math.Max(1, ms / 25);

    /// <summary>What the product's shell does for the doors.</summary>
    private Answer Aged(in Answer answer, long freshAtMs) =>
        freshAtMs < 0 ? answer : answer with { StalenessMs = _setup.SteadyMs() + 1 - freshAtMs };

    private void Answered(
        long token, in Answer answer, ReadOnlyMemory<byte> query, IOrderedReader? state, IStateMachine? machine)
    {
        if (state == null || machine == null)
        {
            _setup.Answers.Answered(_setup.Id, token, answer);
            return;
        }

        _query.Clear();
        Answer whole = answer;
        try
        {
            machine.Query(query, new MachineReader(state, machine.Id), _query);
            whole = answer with { Body = _query.WrittenMemory };
        }
        catch (DamagedException damage)
        {
            Reactor.ReportDamage(answer.Group, damage.Message);
            whole = new Answer { Outcome = Outcome.NotDone, Reason = Reason.Unavailable, Group = answer.Group };
        }
        finally
        {
            (state as IDisposable)?.Dispose();
        }

        _setup.Answers.Answered(_setup.Id, token, whole);
    }

    private sealed class Pending(ReactorNode node, long token) : Request
    {
        protected override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine) =>
            node.Answered(token, node.Aged(answer, FreshAtMs), Body, state, machine);
    }
}
