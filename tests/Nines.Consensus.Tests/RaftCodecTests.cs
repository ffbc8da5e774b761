using Nines.Kernel;

namespace Nines.Consensus.Tests;

public sealed class RaftCodecTests
{
    private static readonly NodeId A = new(1);
    private static readonly NodeId B = new(300);

    public static TheoryData<string, string> Golden() => new()
    {
        { "PreVote", "0101AC0207060500" },
        { "Vote", "0301AC0207060501" },
        { "PreVoteAnswer", "0201AC020701" },
        { "VoteAnswer", "0401AC020700" },
        { "Append", "0501AC0207010103020101036162630700" + "00" },
        { "AppendAnswer", "0601AC02070100" + "0500" },
        { "AppendRefused", "0601AC02070002" + "0304" },
        { "Heartbeat", "0701AC02070509" },
        { "HeartbeatAnswer", "0801AC020709" },
        { "TimeoutNow", "0A01AC0207" },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void Golden_bytes(string name, string hex)
    {
        RaftLog log = SmallLog();
        var buffer = new ByteBuffer();
        RaftCodec.Write(Example(name), log, buffer);
        Assert.Equal(hex, Convert.ToHexString(buffer.Written));
        Assert.True(RaftCodec.TryRead(buffer.ToArray(), [], out RaftMessage read));
        var again = new ByteBuffer();
        RaftCodec.Write(read, log, again);
        Assert.Equal(hex, Convert.ToHexString(again.Written));
        for (int length = 0; length < buffer.Length; length++)
        {
            Assert.False(RaftCodec.TryRead(buffer.ToArray().AsMemory(0, length), [], out _));
        }

        buffer.Byte(0);
        Assert.False(RaftCodec.TryRead(buffer.ToArray(), [], out _));
    }

    [Fact]
    public void An_append_carries_its_entries()
    {
        var buffer = new ByteBuffer();
        RaftCodec.Write(Example("Append"), SmallLog(), buffer);
        var entries = new List<LogEntry>();
        Assert.True(RaftCodec.TryRead(buffer.ToArray(), entries, out RaftMessage message));
        Assert.Same(entries, message.Entries);
        Assert.Equal(2, message.Count);
        Assert.Equal(new LogPosition(new(1), new(2)), entries[0].Position);
        Assert.Equal("abc"u8, entries[0].Payload.Span);
        Assert.Equal((new LogPosition(new(7), new(3)), EntryKind.Noop), (entries[1].Position, entries[1].Kind));
    }

    /// <summary>
    /// Random bytes and valid messages with a few bytes changed: the decoder takes or refuses, and what it takes a replica of the group can be
    /// given. What holds for the replica itself: a peer of the group may lie (nothing guards against that, see the guarantees), and then an
    /// invariant stops this replica. Anything else it throws would be a malformed value that came through.
    /// </summary>
    [Fact]
    public void Any_bytes_are_taken_or_refused_and_never_crash()
    {
        var prng = new Prng(11);
        RaftLog log = SmallLog();
        string[] names = [.. Golden().Select(row => row.Data.Item1)];
        var valid = new ByteBuffer();
        byte[] bytes = new byte[64];
        var entries = new List<LogEntry>();
        var output = new RaftOutput();
        RaftNode raft = Fresh(prng);
        int taken = 0;
        int stopped = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            int length = prng.Between(0, 40);
            if (prng.Chance(0.8))
            {
                valid.Clear();
                RaftCodec.Write(Example(names[prng.Below(names.Length)]), log, valid);
                length = valid.Length;
                valid.Written.CopyTo(bytes);
                for (int changes = prng.Below(4); changes > 0; changes--)
                {
                    bytes[prng.Below(length)] = (byte)(prng.Next() >> (prng.Chance(0.5) ? 56 : 60));
                }
            }
            else
            {
                prng.Fill(bytes.AsSpan(0, length));
            }

            if (!RaftCodec.TryRead(bytes.AsMemory(0, length), entries, out RaftMessage message))
            {
                continue;
            }

            taken++;
            try
            {
                raft.Step(RaftInput.Receive(message), output);
                raft.Finish(output);
                output.Clear();
            }
            catch (InvariantBrokenException)
            {
                stopped++;
                output.Clear();
                raft = Fresh(prng);
            }

            if (raft.Log.Count > 200)
            {
                raft = Fresh(prng);
            }
        }

        Assert.True(taken > 100_000, $"only {taken} were taken");
        Assert.True(stopped < taken / 10, $"{stopped} of {taken} stopped the replica");
    }

    private static RaftNode Fresh(Prng prng)
    {
        var restore = new RaftRestore(
            new(new(prng.Between(1, 7)), NodeId.None), LogPosition.Zero, Configuration.Of(A, B, new(2)), Entries(), LogIndex.Zero);
        var raft = new RaftNode(new(), prng.Chance(0.5) ? B : A, restore, prng.Fork());
        if (prng.Chance(0.3))
        {
            var output = new RaftOutput();
            raft.Step(RaftInput.Campaign, output);
        }

        return raft;
    }

    private static LogEntry[] Entries() =>
    [
        new(new(1), new(1), EntryKind.Noop, default),
        new(new(1), new(2), EntryKind.Command, "abc"u8.ToArray()),
        new(new(7), new(3), EntryKind.Noop, default),
    ];

    private static RaftLog SmallLog()
    {
        var log = new RaftLog(LogPosition.Zero);
        foreach (LogEntry entry in Entries())
        {
            log.Append(entry);
        }

        return log;
    }

    private static RaftMessage Example(string name)
    {
        var term = new Term(7);
        var position = new LogPosition(new(6), new(5));
        return name switch
        {
            "PreVote" => RaftMessage.Vote(A, B, term, position, pre: true, transfer: false),
            "Vote" => RaftMessage.Vote(A, B, term, position, pre: false, transfer: true),
            "PreVoteAnswer" => RaftMessage.VoteAnswer(A, B, term, pre: true, granted: true),
            "VoteAnswer" => RaftMessage.VoteAnswer(A, B, term, pre: false, granted: false),
            "Append" => RaftMessage.Append(A, B, term, new(new(1), new(1)), 2, new(3)),
            "AppendAnswer" => RaftMessage.AppendAnswer(A, B, term, new(5)),
            "AppendRefused" => RaftMessage.AppendRefused(A, B, term, new(4), new(new(2), new(3))),
            "Heartbeat" => RaftMessage.Heartbeat(A, B, term, new(5), 9),
            "HeartbeatAnswer" => RaftMessage.HeartbeatAnswer(A, B, term, 9),
            _ => RaftMessage.TimeoutNow(A, B, term),
        };
    }
}
