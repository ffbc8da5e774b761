using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>
/// ReadIndex (6.4): a read may be answered from a state at or behind the commit index of the moment it came, once a majority has confirmed,
/// after that moment, that this replica still leads. A round number is used once in the life of this node and counts only in the
/// term it was sent in: late answers to earlier rounds prove nothing (etcd-io/etcd#20418).
/// </summary>
public sealed partial class RaftNode
{
    private readonly Queue<PendingRead> _unconfirmed = new();
    private readonly List<ulong> _early = [];
    private ulong _readRound;
    private ulong _gatheredFrom;
    private bool _roundWanted;

    private bool HasReads => _unconfirmed.Count > 0 || _early.Count > 0;

    /// <summary>Asks for the right to answer a read. The answer is in the output of this or a later turn. False: not the leader, or too many.</summary>
    public bool ReadIndex(ulong readId, RaftOutput output)
    {
        if (Role != RaftRole.Leader || _unconfirmed.Count + _early.Count >= _options.MaxPendingReads)
        {
            return false;
        }

        if (Planted.Is(PlantedBug.ReadWithoutQuorum))
        {
            output.ReadsReady.Add((readId, Commit));
            return true;
        }

        if (!CommittedInTerm)
        {
            // Until an entry of the own term is committed, the own commit index may be behind what clients were told (6.4, step 1).
            _early.Add(readId);
            return true;
        }

        Enqueue(readId);
        return true;
    }

    /// <summary>An entry of this leader's own term is committed.</summary>
    private bool CommittedInTerm => Commit >= _firstOfTerm || Planted.Is(PlantedBug.ReadBeforeNoop);

    private void Enqueue(ulong readId)
    {
        if (!_roundWanted)
        {
            _roundWanted = true;
            _gatheredFrom = _readRound + 1;
        }

        _unconfirmed.Enqueue(new(readId, _gatheredFrom, Commit));
    }

    /// <summary>One heartbeat to everybody confirms all reads that came in this turn.</summary>
    private void StartReadRound(RaftOutput output)
    {
        if (_early.Count > 0 && CommittedInTerm)
        {
            foreach (ulong id in _early)
            {
                Enqueue(id);
            }

            _early.Clear();
        }

        if (!_roundWanted)
        {
            return;
        }

        _roundWanted = false;
        _readRound++;
        SendHeartbeats(output);
        ConfirmReads(output);
    }

    private void ConfirmReads(RaftOutput output)
    {
        if (_unconfirmed.Count == 0)
        {
            return;
        }

        var rounds = new ConfirmedRounds(this);
        ulong confirmed = (ulong)Quorum.Reached(Configuration, in rounds).Value;
        while (_unconfirmed.TryPeek(out PendingRead read) && read.Round <= confirmed && read.Round <= _readRound)
        {
            _unconfirmed.Dequeue();
            output.ReadsReady.Add((read.Id, read.Index));
        }
    }

    private void DropReads(RaftOutput output)
    {
        foreach (PendingRead read in _unconfirmed)
        {
            output.ReadsDropped.Add(read.Id);
        }

        foreach (ulong id in _early)
        {
            output.ReadsDropped.Add(id);
        }

        _unconfirmed.Clear();
        _early.Clear();
        _roundWanted = false;
    }

    private readonly record struct PendingRead(ulong Id, ulong Round, LogIndex Index);

    private readonly struct ConfirmedRounds(RaftNode node) : IMatchIndex
    {
        public LogIndex Of(NodeId voter) => new(voter == node.Self
            ? (long)node._readRound
            : node._progress.TryGetValue(voter.Value, out Progress? progress) ? (long)progress.ConfirmedRound : 0);
    }
}
