using Nines.Kernel;

namespace Nines.Consensus.Tests;

/// <summary>No allocation per step in steady state, on either side: propose, append, flush, acknowledge, commit, apply, heartbeat, read.</summary>
public sealed class AllocationTests
{
    private readonly RaftNode[] _nodes;
    private readonly RaftOutput[] _outputs = [new(), new(), new()];
    private readonly Queue<RaftMessage> _wire = new(256);
    private readonly List<List<LogEntry>> _carriers = [];
    private readonly byte[] _payload = new byte[100];
    private int _carrier;
    private ulong _reads;
    private ulong _ready;

    public AllocationTests()
    {
        var configuration = Configuration.Of(new(1), new(2), new(3));
        var restore = new RaftRestore(default, LogPosition.Zero, configuration, [], LogIndex.Zero);
        _nodes = [.. Enumerable.Range(1, 3).Select(n => new RaftNode(new(), new(n), restore, new((ulong)n)))];
        for (int i = 0; i < 256; i++)
        {
            _carriers.Add(new(16));
        }
    }

    [Fact]
    public void A_round_of_everything_allocates_nothing()
    {
        _nodes[0].Step(RaftInput.Campaign, _outputs[0]);
        Settle();
        Assert.Equal(RaftRole.Leader, _nodes[0].Role);
        for (int i = 0; i < 2000; i++)
        {
            Round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Round();
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, allocated);
        Assert.Equal(_reads, _ready);
        Assert.All(_nodes, n => Assert.Equal(_nodes[0].Log.LastIndex, n.Applied));
        Assert.True(_nodes[0].Commit > new LogIndex(5999), $"{_nodes[0].Commit}");
    }

    private void Round()
    {
        _nodes[0].Propose(_payload, _outputs[0]);
        _nodes[0].Propose(_payload, _outputs[0]);
        Assert.True(_nodes[0].ReadIndex(++_reads, _outputs[0]));
        for (int i = 0; i < _nodes.Length; i++)
        {
            _nodes[i].Step(RaftInput.Tick, _outputs[i]);
        }

        Settle();
        for (int i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[i].Applied.Value > 50)
            {
                _nodes[i].Step(RaftInput.Compacted(_nodes[i].Applied - 50), _outputs[i]);
            }
        }
    }

    private void Settle()
    {
        bool more = true;
        while (more)
        {
            more = false;
            for (int i = 0; i < _nodes.Length; i++)
            {
                more |= Turn(i);
            }

            while (_wire.TryDequeue(out RaftMessage message))
            {
                int to = message.To.Value - 1;
                _nodes[to].Step(RaftInput.Receive(message), _outputs[to]);
                more = true;
            }
        }
    }

    private bool Turn(int i)
    {
        RaftNode node = _nodes[i];
        RaftOutput output = _outputs[i];
        node.Finish(output);
        _ready += (ulong)output.ReadsReady.Count;
        for (int m = 0; m < output.SendNow.Count; m++)
        {
            _wire.Enqueue(Whole(node, output.SendNow[m]));
        }

        for (int m = 0; m < output.SendWhenDurable.Count; m++)
        {
            _wire.Enqueue(output.SendWhenDurable[m]);
        }

        bool wrote = output.Append.Count > 0 || output.HardState is not null;
        LogPosition last = output.Append.Count > 0 ? output.Append[^1].Position : LogPosition.Zero;
        output.Clear();
        if (wrote)
        {
            node.Step(RaftInput.LogDurable(last), output);
        }

        if (node.Commit > node.Applied)
        {
            node.Step(RaftInput.Applied(node.Commit), output);
        }

        return wrote;
    }

    private RaftMessage Whole(RaftNode node, in RaftMessage message)
    {
        if (message.Kind != RaftMessageKind.Append)
        {
            return message;
        }

        List<LogEntry> entries = _carriers[_carrier++ % _carriers.Count];
        entries.Clear();
        for (int i = 1; i <= message.Count; i++)
        {
            Assert.True(node.Log.TryGet(message.Position.Index + i, out LogEntry entry));
            entries.Add(entry);
        }

        return RaftMessage.Append(
            message.From, message.To, message.Term, message.Position, message.Count, message.Commit, entries);
    }
}
