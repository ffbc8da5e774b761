using System.Globalization;
using Nines.Kernel;
using Nines.Node.Configuration;
using Nines.Node.Transport;
using Nines.Replication;
using Nines.Replication.Placement;

namespace Nines.Node.Hosting;

/// <summary>
/// Keeps the connections to the members of the agreed map: a member that joined is dialled; one that left is not any more, some time
/// after it left and when no group here counts it among its own, so that it can still be told. Where the configuration names an address
/// for a node, that one is used.
/// </summary>
internal sealed class MapLinks(NodeId self, IReadOnlyList<Seed> seeds, TcpNetwork network, TimeProvider time)
{
    /// <summary>A node that left the map is spoken to for so long.</summary>
    public static readonly TimeSpan Farewell = TimeSpan.FromMinutes(1);

    private SlotMap? _followed;
    private bool _mayLeave;
    private long _since;
    private Task _changing = Task.CompletedTask;

    /// <summary>On the reactor's thread, after each turn.</summary>
    public void AfterTurn(Reactor reactor)
    {
        if (reactor.AgreedMap is not { } map)
        {
            return;
        }

        if (!ReferenceEquals(map, _followed))
        {
            Follow(map);
        }
        else if (_mayLeave && time.GetElapsedTime(_since) >= Farewell)
        {
            Forget(map, reactor.HasCompanion);
        }
    }

    public void Follow(SlotMap map)
    {
        _followed = map;
        _mayLeave = true;
        _since = time.GetTimestamp();
        Then(async () =>
        {
            foreach (Member member in map.Members)
            {
                if (member.Node != self && AddressOf(member) is { } address)
                {
                    await network.SetPeerAsync(member.Node, address.Host, address.Port);
                }
            }
        });
    }

    public void Forget(SlotMap map, Func<NodeId, bool> isNeeded)
    {
        List<NodeId> strangers = [.. network.Peers.Select(p => p.Node).Where(n => map.Members.All(m => m.Node != n))];
        List<NodeId> leaving = strangers.FindAll(n => !isNeeded(n));
        _mayLeave = leaving.Count < strangers.Count;
        _since = time.GetTimestamp();
        Then(async () =>
        {
            foreach (NodeId node in leaving)
            {
                await network.RemovePeerAsync(node);
            }
        });
    }

    /// <summary>One change after the other, none of them on the reactor's thread.</summary>
    private void Then(Func<Task> change)
    {
        Task before = _changing;
        _changing = Task.Run(async () =>
        {
            await before;
            await change();
        });
    }

    private (string Host, int Port)? AddressOf(Member member)
    {
        if (seeds.FirstOrDefault(s => s.Node == member.Node) is { } seed)
        {
            return (seed.Host, seed.Port);
        }

        int colon = member.Address.LastIndexOf(':');
        return colon > 0 && int.TryParse(member.Address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? (member.Address[..colon], port)
            : null;
    }
}
