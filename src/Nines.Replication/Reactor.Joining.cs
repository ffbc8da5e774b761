using Nines.Kernel;
using Nines.Replication.Wire;
using Nines.Storage.Log;

namespace Nines.Replication;

/// <summary>
/// The first start on a data directory. A node with an empty directory may be a founder of a new cluster, or one whose directory was
/// wiped. It cannot tell by itself, and the difference matters: the wiped one has promised votes and entries it no longer knows, and as
/// a voter with an empty log could undo what was acknowledged. So before it makes any promise it asks <b>every</b> other founder.
/// When all are as new as itself, or know it in this incarnation, it begins as a voter. When one knows it in another, its replicas are
/// lost: they are removed by committed changes and come back as learners.
/// </summary>
public sealed partial class Reactor
{
    private const int HelloTicks = 4;
    private readonly SortedDictionary<int, BootId> _met = [];
    private MemberFile? _members;
    private BootId _incarnation;
    private LogRecovery? _waitingRecovery;

    /// <summary>The node waits to hear from all founders before it takes part.</summary>
    public bool IsJoining => _members is null;

    private void BeginJoining(LogRecovery recovery)
    {
        _waitingRecovery = recovery;
        _incarnation = MemberFile.FirstIncarnation(_parts.Disk, _parts.Boot);
        bool founds = _firstMap.Groups.Any(g => g.Replicas.Contains(Self));
        if (!founds || Founders().Count == 0)
        {
            Settle(isRejoining: false);
        }
    }

    private List<NodeId> Founders() => [.. _firstMap.Members.Select(m => m.Node).Where(n => n != Self)];

    private void SayHello()
    {
        if (!IsJoining || _now % HelloTicks != 0)
        {
            return;
        }

        // Whoever talks to this node may know it as well: the other founders may all have been replaced since.
        foreach (NodeId node in Founders().Union(_peers.Keys.Order().Select(n => new NodeId(n))))
        {
            ByteBuffer to = _outbox.Open(node, MessageKind.Hello);
            to.Count(_incarnation.Value);
            _outbox.Close();
        }
    }

    private void OnHello(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        var incarnation = new BootId(reader.Count());
        if (IsMalformed(from, reader))
        {
            return;
        }

        bool isFounder = _firstMap.Members.Any(m => m.Node == Self);
        if (!isFounder && !_mapAgreed)
        {
            // Whether there is a cluster at all is not for this node to say.
            return;
        }

        if (_members is null)
        {
            Meet(from, incarnation);
        }

        // What this node holds the other for: an incarnation it wrote down, perhaps just now, or nothing at all (0).
        BootId known = default;
        _members?.Known.TryGetValue(from.Value, out known);

        ByteBuffer to = _outbox.Open(from, MessageKind.HelloAnswer);
        to.Byte(_members is null ? (byte)0 : (byte)1);
        to.Count((_members?.Incarnation ?? _incarnation).Value);
        to.Count(known.Value);
        _outbox.Close();
    }

    private void OnHelloAnswer(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        bool settled = reader.Flag();
        var incarnation = new BootId(reader.Count());
        var known = new BootId(reader.Count());
        if (IsMalformed(from, reader) || !IsJoining)
        {
            return;
        }

        if (settled && known != _incarnation && !Planted.Is(PlantedBug.AmnesiacVotes))
        {
            _met[from.Value] = incarnation;
            Settle(isRejoining: true);
        }
        else
        {
            Meet(from, incarnation);
        }
    }

    private void Meet(NodeId node, BootId incarnation)
    {
        _met[node.Value] = incarnation;
        if (IsJoining && Founders().TrueForAll(n => _met.ContainsKey(n.Value)))
        {
            Settle(isRejoining: false);
        }
    }

    /// <summary>Durable before the first promise.</summary>
    private void Settle(bool isRejoining)
    {
        _members = new(_incarnation, isRejoining, new SortedDictionary<int, BootId>(_met));
        _members.Write(_parts.Disk);
        LogRecovery recovery = _waitingRecovery!;
        _waitingRecovery = null;
        OpenAll(recovery);
    }
}
