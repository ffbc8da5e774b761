using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Fuzz.Targets;

/// <summary>Raft's messages and configurations, and what a replica does with messages that lie.</summary>
internal static class ConsensusTargets
{
    private static readonly NodeId One = new(1);
    private static readonly NodeId Two = new(2);

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("raft.message", () => new Decoder("raft.message", Messages(), TryMessage())),
        new("raft.configuration", () => new Decoder("raft.configuration", Configurations(), TryConfiguration)),
        new("raft.node", () => new RaftNodeTarget(Messages())),
    ];

    public static IReadOnlyList<byte[]> Messages()
    {
        var log = new RaftLog(default);
        byte[] configuration = Configuration.Of(One, Two, new NodeId(3)).Encode();
        for (int i = 1; i <= 8; i++)
        {
            EntryKind kind = i == 1 ? EntryKind.Noop : i == 4 ? EntryKind.Configuration : EntryKind.Command;
            ReadOnlyMemory<byte> payload = i == 1 ? default : i == 4 ? configuration : new byte[i * 5];
            log.Append(new(new(1 + (i / 3)), new(i), kind, payload));
        }

        var term = new Term(3);
        var last = new LogPosition(term, new(8));
        RaftMessage[] messages =
        [
            RaftMessage.Vote(Two, One, new(4), last, pre: true, transfer: false),
            RaftMessage.Vote(Two, One, new(300), last, pre: false, transfer: true),
            RaftMessage.VoteAnswer(Two, One, term, pre: true, granted: true),
            RaftMessage.VoteAnswer(Two, One, term, pre: false, granted: false),
            RaftMessage.Append(Two, One, term, default, 8, new(5)),
            RaftMessage.Append(Two, One, term, new(new(2), new(3)), 4, new(8)),
            RaftMessage.Append(Two, One, term, last, 0, new(8)),
            RaftMessage.AppendAnswer(Two, One, term, new(8)),
            RaftMessage.AppendRefused(Two, One, term, new(7), new(new(2), new(3))),
            RaftMessage.Heartbeat(Two, One, term, new(8), 12345),
            RaftMessage.HeartbeatAnswer(Two, One, term, 12345),
            RaftMessage.TimeoutNow(Two, One, term),
        ];
        return [.. messages.Select(m => Bytes.Of(b => RaftCodec.Write(m, log, b)))];
    }

    private static Func<byte[], bool> TryMessage()
    {
        var entries = new List<LogEntry>();
        return input => RaftCodec.TryRead(input, entries, out _);
    }

    private static IReadOnlyList<byte[]> Configurations() =>
    [
        Configuration.Empty.Encode(),
        Configuration.Of(One, Two, new NodeId(300)).Encode(),
        new Configuration([One, Two], [One, new NodeId(3)], [new NodeId(70_000)]).Encode(),
        new Configuration(Enumerable.Range(1, 60).Select(n => new NodeId(n * 1000)), [], []).Encode(),
    ];

    private static bool TryConfiguration(byte[] input)
    {
        bool isOne = Configuration.TryRead(input, out Configuration? configuration);
        if (isOne)
        {
            Configuration.TryRead(configuration!.Encode(), out Configuration? again);
            Invariant.Assert(configuration.Equals(again));
        }

        return isOne;
    }
}

/// <summary>
/// Well-formed messages with wrong content, of which a correct cluster sends none. A replica may refuse to go on, by a broken
/// invariant, which stops the node; any other exception would be one it never thought of.
/// </summary>
internal sealed class RaftNodeTarget(IReadOnlyList<byte[]> messages) : FuzzTarget("raft.node")
{
    private readonly List<LogEntry> _entries = [];
    private readonly RaftOutput _output = new();
    private RaftNode _node = null!;
    private bool _halted;

    public override IReadOnlyList<byte[]> Corpus => messages;

    public override int Episode => 20;

    public override long BytesAllowed(int length) => (256 << 10) + (256L * length);

    public override void Begin(Prng random)
    {
        _halted = false;
        var entries = new List<LogEntry>();
        for (int i = 1; i <= 6; i++)
        {
            entries.Add(new(new(1 + (i / 3)), new(i), i == 1 ? EntryKind.Noop : EntryKind.Command, new byte[3]));
        }

        var restore = new RaftRestore(new(new(3), default), default, Configuration.Of(new(1), new(2), new(3)), entries, new(2));
        _node = new(new RaftOptions(), new(1), restore, random);
        _output.Clear();
        bool leads = random.Below(2) == 0;
        for (int i = 0; leads && i < 100 && _node.Role != RaftRole.Leader; i++)
        {
            _node.Step(RaftInput.Tick, _output);
            Finish();
            bool pre = _node.Role == RaftRole.PreCandidate;
            if (_node.Role is RaftRole.PreCandidate or RaftRole.Candidate)
            {
                Term term = pre ? _node.Term.Next : _node.Term;
                _node.Step(RaftInput.Receive(RaftMessage.VoteAnswer(new(2), new(1), term, pre, granted: true)), _output);
                Finish();
            }
        }
    }

    public override bool Try(byte[] input)
    {
        if (_halted || !RaftCodec.TryRead(input, _entries, out RaftMessage message))
        {
            return false;
        }

        try
        {
            _node.Step(RaftInput.Receive(message), _output);
            Finish();
            _node.Step(RaftInput.Tick, _output);
            Finish();
        }
        catch (InvariantBrokenException)
        {
            _halted = true;
        }

        return true;
    }

    private void Finish()
    {
        _node.Finish(_output);
        _output.Clear();
        _node.Step(RaftInput.LogDurable(_node.Log.Last), _output);
        if (_node.Commit > _node.Applied)
        {
            _node.Step(RaftInput.Applied(_node.Commit), _output);
        }
    }
}
