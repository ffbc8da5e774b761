using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Wire;

namespace Nines.Replication;

/// <summary>
/// How an agreed map reaches nodes outside of the control group: a node that was taken out of it may still lead other groups, and would
/// hold on to them for ever by the map it knows. Each node tells the members it knows which epoch it has; who has a newer agreed map
/// answers with it. A map is only ever replaced by one of a higher epoch.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>Once a second.</summary>
    private const int MapTicks = 40;

    /// <summary>The map the cluster agreed on, as far as this node knows; null before. May be read from any thread.</summary>
    public SlotMap? AgreedMap => _mapAgreed ? _map : null;

    /// <summary>A group here counts the node among its members, whatever the map says.</summary>
    public bool HasCompanion(NodeId node) => _replicas.Values.Any(r => r.Raft.Configuration.IsMember(node));

    private void TellEpoch()
    {
        if (_now % MapTicks != 0 || IsJoining)
        {
            return;
        }

        foreach (Member member in _map.Members)
        {
            if (member.Node != Self)
            {
                _outbox.Open(member.Node, MessageKind.MapEpoch).Count(_mapAgreed ? _map.Epoch : 0);
                _outbox.Close();
            }
        }
    }

    private void OnMapEpoch(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        long epoch = reader.Count();
        if (!IsMalformed(from, reader) && _mapAgreed && epoch < _map.Epoch)
        {
            _map.Write(_outbox.Open(from, MessageKind.MapNews));
            _outbox.Close();
        }
    }

    private void OnMapNews(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (SlotMap.TryRead(body.Span) is not { } map)
        {
            Peer(from).Malformed++;
            return;
        }

        if (map.Epoch > _map.Epoch || (map.Epoch == _map.Epoch && !_mapAgreed))
        {
            Follow(map);
        }
    }

    /// <summary>Takes over an agreed map, from the control group or from a peer that has it from there.</summary>
    private void Follow(SlotMap agreed)
    {
        _map = agreed;
        _mapAgreed = true;
        PlaceReplicas();
    }

    private void PlaceReplicas()
    {
        foreach (Replicas.Replica replica in _replicas.Values)
        {
            replica.IsPlaced = _map.ReplicasOf(replica.Group).Contains(Self);
        }
    }
}
