using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>How the network behaves when no rule interferes. Drawn per seed; see <see cref="SwarmOptions"/>.</summary>
public sealed record NetworkOptions
{
    /// <summary>Mean of the exponential part of the delay; a quarter of it comes on top as the least delay.</summary>
    public double DelayMeanUs { get; init; } = 300;

    public double LossProbability { get; init; }

    public double DuplicateProbability { get; init; }

    public double ReorderProbability { get; init; }

    /// <summary>Share of the messages that are kept to be replayed later.</summary>
    public double RecordProbability { get; init; }

    /// <summary>Sending to a process that is down is refused at once, as a local connection would be; else silently lost.</summary>
    public bool RefusesWhenDown { get; init; } = true;
}

/// <summary>
/// The network between simulated nodes. One connection per directed pair keeps its order unless told otherwise; every message
/// runs through the chain of rules when it is sent. Delivery goes to the boot the connection was made to, and to no other.
/// </summary>
public sealed class SimulatedNetwork : IEventTarget
{
    /// <summary>Node ids stay below this bound.</summary>
    public const int NodesMax = 64;

    private const int LinkQueueMax = 4096;
    private const int RecordsMax = 512;

    private readonly SimulatedWorld _world;
    private readonly Prng _random;
    private readonly Link[] _links = new Link[NodesMax * NodesMax];
    private readonly Attachment[] _attached = new Attachment[NodesMax];
    private readonly List<INetworkRule> _rules = [];
    private readonly Stack<Envelope> _pool = new();
    private readonly List<Envelope> _records = [];

    public SimulatedNetwork(SimulatedWorld world, NetworkOptions options)
    {
        _world = world;
        _random = world.Randomness(Concern.Network);
        Options = options;
    }

    /// <summary>May be replaced while the world runs: the liveness phase does.</summary>
    public NetworkOptions Options { get; set; }

    public long Sent { get; private set; }

    public long Delivered { get; private set; }

    public long Lost { get; private set; }

    public IReadOnlyList<INetworkRule> Rules => _rules;

    /// <summary>
    /// Which kinds may arrive twice. The port promises at most once per send; duplicates and replays go beyond it, for protocols that
    /// say they survive them.
    /// </summary>
    public Func<byte, bool> MayRepeat { get; set; } = static _ => true;

    /// <summary>How often each kind of message was sent: N5 chooses among the kinds that occur.</summary>
    public long[] SentByKind { get; } = new long[256];

    /// <summary>Connects a process that has just started. Starts of one node are numbered upwards.</summary>
    public Endpoint Attach(NodeId node, long start, IMessageReceiver receiver)
    {
        _attached[node.Value] = new Attachment(start, receiver);
        return new Endpoint(this, node, start);
    }

    public void Detach(NodeId node) => _attached[node.Value] = default;

    public void Add(INetworkRule rule) => _rules.Add(rule);

    public void Remove(INetworkRule rule) => _rules.Remove(rule);

    public void RemoveAllRules() => _rules.Clear();

    /// <summary>Breaks the connection: what is under way is lost.</summary>
    public void Break(NodeId from, NodeId to)
    {
        ref Link link = ref LinkOf(from, to);
        link.Connection++;
        link.LastDeliveryUs = _world.NowUs;
    }

    /// <summary>Delivers a message recorded earlier once more. False when there is none.</summary>
    public bool ReplayOne()
    {
        if (_records.Count == 0)
        {
            return false;
        }

        Envelope record = _records[_random.Below(_records.Count)];
        long start = _attached[record.To.Value].Start;
        record.ToStart = start;
        Launch(record, Delay(), ordered: false, isReplay: true);
        return true;
    }

    public void Fire(in SimulationEvent happened)
    {
        var envelope = (Envelope)happened.Payload!;
        ref Link link = ref LinkOf(envelope.From, envelope.To);
        link.InFlight--;
        Attachment receiver = _attached[envelope.To.Value];
        bool arrives = receiver.Receiver != null
            && receiver.Start == envelope.ToStart
            && link.Connection == envelope.Connection;
        if (arrives && !receiver.Receiver!.PeerBoots.Accepts(envelope.From, envelope.FromBoot))
        {
            Refuse(envelope);
        }
        else if (arrives)
        {
            Delivered++;
            _world.Mix(((ulong)envelope.Bytes.Length << 32) | Crc32C.Of(envelope.Bytes));
            receiver.Receiver!.Receive(envelope.From, envelope.FromBoot, envelope.Bytes);
        }
        else
        {
            Lost++;
        }

        Recycle(envelope);
    }

    private void Refuse(Envelope envelope)
    {
        Lost++;
        Attachment sender = _attached[envelope.From.Value];
        BootId seen = _attached[envelope.To.Value].Receiver!.PeerBoots.Highest(envelope.From);
        if (!envelope.IsReplay && sender.Start == envelope.FromStart)
        {
            sender.Receiver?.RefusedAsOld(envelope.To, seen);
        }
    }

    private bool Send(NodeId from, BootId boot, NodeId to, ReadOnlySpan<byte> message)
    {
        Invariant.Assert(to.Value > 0 && to.Value < NodesMax && to != from);
        Attachment receiver = _attached[to.Value];
        if (receiver.Receiver == null && Options.RefusesWhenDown)
        {
            return false;
        }

        if (LinkOf(from, to).InFlight >= LinkQueueMax)
        {
            return false;
        }

        Sent++;
        SentByKind[message.Length == 0 ? 0 : message[0]]++;
        Envelope model = new()
        {
            From = from,
            FromBoot = boot,
            FromStart = _attached[from.Value].Start,
            To = to,
            ToStart = receiver.Start,
            Bytes = message.ToArray(),
        };
        Record(model);
        bool ordered = !Chance(Options.ReorderProbability);
        Launch(model, Delay(), ordered, isReplay: false);
        if (MayRepeat(model.Kind) && Chance(Options.DuplicateProbability))
        {
            Launch(model, Delay() * 2, ordered: false, isReplay: false);
        }

        return true;
    }

    private void Launch(Envelope model, long delayUs, bool ordered, bool isReplay)
    {
        Envelope envelope = _pool.Count > 0 ? _pool.Pop() : new Envelope();
        envelope.From = model.From;
        envelope.FromBoot = model.FromBoot;
        envelope.FromStart = model.FromStart;
        envelope.To = model.To;
        envelope.ToStart = model.ToStart;
        envelope.Bytes = model.Bytes;
        envelope.IsReplay = isReplay;
        if (!Allows(envelope, ref delayUs))
        {
            Lost++;
            Recycle(envelope);
            return;
        }

        ref Link link = ref LinkOf(envelope.From, envelope.To);
        long at = _world.NowUs + delayUs;
        if (ordered)
        {
            at = Math.Max(at, link.LastDeliveryUs);
            link.LastDeliveryUs = at;
        }

        envelope.Connection = link.Connection;
        link.InFlight++;
        _world.Schedule(at - _world.NowUs, this, EventKind.Deliver, envelope.To.Value, payload: envelope);
    }

    private bool Allows(Envelope envelope, ref long delayUs)
    {
        foreach (INetworkRule rule in _rules)
        {
            switch (rule.Judge(envelope, _world.NowUs, ref delayUs))
            {
                case Verdict.Drop: return false;
                case Verdict.Deliver: return true;
                case Verdict.Pass: break;
            }
        }

        return !Chance(Options.LossProbability);
    }

    private void Record(Envelope sent)
    {
        if (!MayRepeat(sent.Kind) || !Chance(Options.RecordProbability))
        {
            return;
        }

        if (_records.Count < RecordsMax)
        {
            _records.Add(sent);
        }
        else
        {
            _records[_random.Below(RecordsMax)] = sent;
        }
    }

    private long Delay() =>
        (long)((Options.DelayMeanUs / 4) + Math.Min(_random.Exponential(Options.DelayMeanUs), Options.DelayMeanUs * 20));

    private bool Chance(double probability) => probability > 0 && _random.Chance(probability);

    private ref Link LinkOf(NodeId from, NodeId to) => ref _links[(from.Value * NodesMax) + to.Value];

    private void Recycle(Envelope envelope)
    {
        envelope.Bytes = [];
        _pool.Push(envelope);
    }

    private struct Link
    {
        public long LastDeliveryUs;
        public int InFlight;
        public int Connection;
    }

    private readonly record struct Attachment(long Start, IMessageReceiver? Receiver);

    /// <summary>The network port of one process. After the process is gone it sends nothing.</summary>
    public sealed class Endpoint : INetwork
    {
        private readonly SimulatedNetwork _network;
        private readonly NodeId _node;
        private readonly long _start;

        internal Endpoint(SimulatedNetwork network, NodeId node, long start)
        {
            _network = network;
            _node = node;
            _start = start;
        }

        /// <summary>What a handshake tells the peers; known once the node has read and raised it on its disk.</summary>
        public BootId Boot { get; set; }

        public bool Send(NodeId to, ReadOnlySpan<byte> message) =>
            _network._attached[_node.Value].Start == _start && _network.Send(_node, Boot, to, message);
    }
}
