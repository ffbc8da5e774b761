using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// The clients. Operations arrive as a Poisson process and go through random nodes; each client is a session and has one operation
/// open at a time. A lost connection, a timeout or a lost answer makes the outcome of an attempt unknown; the operation is
/// then sent again with the same request id, mostly through another node.
/// </summary>
public sealed class Workload : IEventTarget, IAnswerSink
{
    private const double ClientDelayMeanUs = 150;
    private const long TimeoutSlackMs = 500;
    private const double RetryDelayMeanUs = 150_000;

    private readonly SimulatedWorld _world;
    private readonly Prng _random;
    private readonly List<Client> _clients = [];
    private readonly List<Operation> _history = [];
    private readonly ByteBuffer _buffer = new();
    private SimulatedCluster? _cluster;
    private bool _isOpen;
    private ulong _lastValue;

    public Workload(SimulatedWorld world, WorkloadOptions options)
    {
        _world = world;
        _random = world.Randomness(Concern.Workload);
        Options = options;
        for (int i = 0; i < options.Clients; i++)
        {
            _clients.Add(new Client(i));
        }
    }

    public WorkloadOptions Options { get; }

    public IReadOnlyList<Operation> History => _history;

    /// <summary>Operations that arrived while every client was busy.</summary>
    public int Skipped { get; private set; }

    /// <summary>Sends, resends included.</summary>
    public long Attempts { get; private set; }

    public bool IsIdle => _clients.TrueForAll(c => c.Current == null);

    /// <summary>Replicas' states seen by reads go to the state checker at once.</summary>
    public void Begin(SimulatedCluster cluster)
    {
        _cluster = cluster;
        _cluster.HostWentDown = OnHostDown;
        _isOpen = true;
        ScheduleArrival();
    }

    /// <summary>No new operations; those open are brought to their end.</summary>
    public void Close() => _isOpen = false;

    /// <summary>An operation of the final quiet phase, through a given node. It has a client of its own.</summary>
    public Operation ReadFinally(NodeId through, GroupId group, int key, Consistency consistency)
    {
        Client client = new(_clients.Count);
        _clients.Add(client);
        Operation operation = NewOperation(client, group, key, OperationKind.Get, consistency, isFinal: true);
        client.OnlyNode = through;
        Send(client);
        return operation;
    }

    public void Fire(in SimulationEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKind.ClientStart:
                Arrive();
                break;
            case EventKind.ClientSend:
                Deliver(_clients[(int)happened.A], happened.B);
                break;
            case EventKind.ClientAnswer:
                OnAnswer(_clients[(int)happened.A], happened.B);
                break;
            case EventKind.ClientTimeout:
                OnUnknown(_clients[(int)happened.A], happened.B);
                break;
            default:
                throw new InvalidOperationException($"event {happened.Kind}");
        }
    }

    void IAnswerSink.Answered(NodeId node, long token, in Answer answer)
    {
        Client client = _clients[(int)(token >> 32)];
        if (client.Attempt != (token & uint.MaxValue) || client.Current == null || client.HasAnswer)
        {
            return;
        }

        client.HasAnswer = true;
        client.Answer = answer with { Body = answer.Body.ToArray() };
        client.Current.Node = node;
        if (client.Current.IsFinal || !_random.Chance(Options.AnswerLoss))
        {
            _world.Schedule(ClientDelay(), this, EventKind.ClientAnswer, 0, client.Number, client.Attempt);
        }
    }

    private void ScheduleArrival()
    {
        long delay = 1 + (long)_random.Exponential(1e6 / Options.OpsPerSecond);
        _world.Schedule(delay, this, EventKind.ClientStart, 0);
    }

    private void Arrive()
    {
        if (!_isOpen)
        {
            return;
        }

        ScheduleArrival();
        Client? idle = IdleClient();
        if (idle == null)
        {
            Skipped++;
            return;
        }

        GroupId group = _random.Pick(_cluster!.Factory.Groups);
        OperationKind kind = Options.DrawKind(_random);
        Consistency consistency = kind == OperationKind.Get ? Options.DrawConsistency(_random) : Consistency.Strong;
        NewOperation(idle, group, _random.Below(Options.KeysPerGroup), kind, consistency, isFinal: false);
        Send(idle);
    }

    private Client? IdleClient()
    {
        int first = _random.Below(_clients.Count);
        for (int i = 0; i < _clients.Count; i++)
        {
            Client client = _clients[(first + i) % _clients.Count];
            if (client.Current == null)
            {
                return client;
            }
        }

        return null;
    }

    private Operation NewOperation(
        Client client, GroupId group, int key, OperationKind kind, Consistency consistency, bool isFinal)
    {
        Operation operation = new()
        {
            Client = client.Number,
            Group = group,
            Key = key,
            Kind = kind,
            Consistency = consistency,
            Value = ++_lastValue,
            ExpectedVersion = kind == OperationKind.CompareAndSet ? client.LastSeen(group, key) : 0,
            NotBefore = client.Position(group),
            InvokeUs = _world.NowUs,
            IsFinal = isFinal,
        };
        _history.Add(operation);
        client.Begin(operation, Encode(operation));
        return operation;
    }

    private byte[] Encode(Operation operation)
    {
        if (operation.IsRead)
        {
            return RegisterQuery.GetKey(operation.Key);
        }

        _buffer.Clear();
        int padding = Options.PaddingMax == 0 ? 0 : _random.Below(Options.PaddingMax);
        new RegisterCommand(
            operation.Kind, operation.Group, operation.Key, operation.Value, operation.ExpectedVersion, padding)
            .Encode(_buffer);
        return _buffer.ToArray();
    }

    private void Send(Client client)
    {
        Attempts++;
        client.NextAttempt(ChooseNode(client));
        client.Current!.Attempts++;
        _world.Schedule(ClientDelay(), this, EventKind.ClientSend, client.Node.Value, client.Number, client.Attempt);
        _world.Schedule(
            (Options.TimeoutMs + TimeoutSlackMs) * 1000, this, EventKind.ClientTimeout, 0, client.Number, client.Attempt);
    }

    private NodeId ChooseNode(Client client)
    {
        if (!client.OnlyNode.IsNone)
        {
            return client.OnlyNode;
        }

        List<SimulatedHost> hosts = [.. _cluster!.Hosts.Where(h => !h.IsRetired)];
        return _random.Pick(hosts).Id;
    }

    /// <summary>The request arrives at its node. Nobody there: the connection is refused, nothing was sent.</summary>
    private void Deliver(Client client, long attempt)
    {
        if (client.Current == null || client.Attempt != attempt)
        {
            return;
        }

        Operation operation = client.Current;
        long token = ((long)client.Number << 32) | attempt;
        SimulatedHost? host = _cluster!.FindHost(client.Node);
        bool taken = host != null && host.Submit(node =>
        {
            if (operation.IsRead)
            {
                node.Read(
                    operation.Group, operation.Consistency, new LogIndex(operation.NotBefore), client.Bytes,
                    Options.TimeoutMs, token);
            }
            else
            {
                node.Write(
                    operation.Group, new RequestId(operation.Value), client.Bytes, Options.TimeoutMs, token);
            }
        });
        client.IsSent |= taken;
        if (!taken)
        {
            Again(client);
        }
    }

    private void OnAnswer(Client client, long attempt)
    {
        if (client.Current == null || client.Attempt != attempt)
        {
            return;
        }

        switch (client.Answer.Outcome)
        {
            case Outcome.Done:
                AnswerRecorder.Done(client, _world.NowUs, _cluster!);
                client.End();
                break;
            case Outcome.NotDone:
                Again(client);
                break;
            case Outcome.Unknown:
                OnUnknown(client, attempt);
                break;
        }
    }

    private void OnUnknown(Client client, long attempt)
    {
        if (client.Current != null && client.Attempt == attempt)
        {
            client.IsUnknown |= client.IsSent;
            Again(client);
        }
    }

    private void Again(Client client)
    {
        Operation operation = client.Current!;
        if (operation.Attempts < Options.AttemptsMax)
        {
            // The old attempt's number becomes stale now; the new one begins after a pause.
            client.NextAttempt(NodeId.None);
            _world.Schedule(
                1 + (long)_random.Exponential(RetryDelayMeanUs), new Retry(this, client, client.Attempt),
                EventKind.ClientSend, 0);
            return;
        }

        operation.End = client.IsUnknown ? OperationEnd.Info : OperationEnd.NotDone;
        operation.ReturnUs = client.IsUnknown ? long.MaxValue : _world.NowUs;
        client.End();
    }

    /// <summary>Every connection to the process breaks: what was sent and not answered is unknown.</summary>
    private void OnHostDown(SimulatedHost host)
    {
        foreach (Client client in _clients)
        {
            if (client.Current != null && client.Node == host.Id && client.IsSent && !client.HasAnswer)
            {
                client.Node = NodeId.None;
                _world.Schedule(ClientDelay(), this, EventKind.ClientTimeout, 0, client.Number, client.Attempt);
            }
        }
    }

    private long ClientDelay() => 20 + (long)_random.Exponential(ClientDelayMeanUs);

    private sealed class Retry(Workload workload, Client client, long attempt) : IEventTarget
    {
        public void Fire(in SimulationEvent happened)
        {
            if (client.Current != null && client.Attempt == attempt)
            {
                workload.Send(client);
            }
        }
    }
}
