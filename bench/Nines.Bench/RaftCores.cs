using Nines.Consensus;
using Nines.Kernel;

namespace Nines.Bench;

/// <summary>Three cores of one group that hand each other their messages. Disks are instant, the network loses nothing.</summary>
internal sealed class RaftCores
{
    /// <summary>Entries kept in memory before a round of compaction.</summary>
    private const int KeepEntries = 4096;

    private readonly RaftNode[] _nodes;
    private readonly RaftOutput[] _outputs = [new(), new(), new()];
    private readonly List<LogEntry> _entries = new(256);
    private List<RaftMessage> _arriving = new(64);
    private List<RaftMessage> _leaving = new(64);

    public RaftCores()
    {
        NodeId[] members = [new(1), new(2), new(3)];
        var restore = new RaftRestore(default, LogPosition.Zero, Configuration.Of(members), [], LogIndex.Zero);
        _nodes = [.. members.Select(id => new RaftNode(new RaftOptions(), id, restore, new Prng((ulong)id.Value)))];
        Leader.Step(RaftInput.Campaign, _outputs[0]);
        Settle();
        Invariant.Assert(Leader.Role == RaftRole.Leader);
    }

    public RaftNode Leader => _nodes[0];

    public void Propose(ReadOnlyMemory<byte> payload)
    {
        ProposeResult result = Leader.Propose(payload, _outputs[0]);
        Invariant.Assert(result.Status == ProposeStatus.Accepted);
    }

    /// <summary>Turns until nothing is under way: everything proposed is committed and known to be on all three.</summary>
    public void Settle()
    {
        bool busy = true;
        while (busy)
        {
            busy = false;
            for (int i = 0; i < _nodes.Length; i++)
            {
                busy |= Turn(_nodes[i], _outputs[i]);
            }

            (_arriving, _leaving) = (_leaving, _arriving);
            foreach (RaftMessage message in _arriving)
            {
                int to = message.To.Value - 1;
                _nodes[to].Step(RaftInput.Receive(Arrived(message)), _outputs[to]);
            }

            busy |= _arriving.Count > 0;
            _arriving.Clear();
        }

        Invariant.Assert(Leader.Commit == Leader.Log.LastIndex);
        Compact();
    }

    private bool Turn(RaftNode node, RaftOutput output)
    {
        node.Finish(output);
        _leaving.AddRange(output.SendNow);
        _leaving.AddRange(output.SendWhenDurable);
        bool staged = output.Append.Count > 0 || output.HardState is not null;
        LogPosition durable = output.Append.Count > 0 ? output.Append[^1].Position : LogPosition.Zero;
        output.Clear();
        if (staged)
        {
            node.Step(RaftInput.LogDurable(durable), output);
        }

        bool applies = node.Commit > node.Applied;
        if (applies)
        {
            node.Step(RaftInput.Applied(node.Commit), output);
        }

        return staged || applies;
    }

    /// <summary>An Append leaves as a range of the sender's log and arrives with its entries.</summary>
    private RaftMessage Arrived(in RaftMessage message)
    {
        if (message.Kind != RaftMessageKind.Append)
        {
            return message;
        }

        _entries.Clear();
        RaftLog log = _nodes[message.From.Value - 1].Log;
        for (int i = 1; i <= message.Count; i++)
        {
            bool found = log.TryGet(message.Position.Index + i, out LogEntry entry);
            Invariant.Assert(found);
            _entries.Add(entry);
        }

        return RaftMessage.Append(message.From, message.To, message.Term, message.Position, message.Count, message.Commit, _entries);
    }

    private void Compact()
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[i].Log.Count > KeepEntries)
            {
                _nodes[i].Step(RaftInput.Compacted(_nodes[i].Applied), _outputs[i]);
            }
        }
    }
}
