using Nines.Kernel;
using Nines.Node.Configuration;
using Nines.Node.Hosting;
using Nines.Node.Tests.Transport;
using Nines.Replication.Placement;

namespace Nines.Node.Tests.Hosting;

public sealed class MapLinksTests
{
    [Fact]
    public async Task Members_of_the_map_are_dialled_and_dropped_when_they_left_it_and_no_group_needs_them()
    {
        await using var a = new Station(1);
        await using var b = new Station(2);
        await using var c = new Station(3);
        var links = new MapLinks(a.Id, [new Seed(c.Id, "127.0.0.1", c.Address.Port)], a.Network, TimeProvider.System);
        Member[] all =
        [
            new(a.Id, "127.0.0.1:1"), new(b.Id, $"127.0.0.1:{b.Address.Port}"), new(c.Id, "127.0.0.1:2"), new(new(4), "nowhere"),
        ];
        SlotMap map = SlotMap.Initial(all, 1, 3);
        links.Follow(map);
        NodeId[] up = [await a.Up(), await a.Up()];
        Assert.Equal([b.Id, c.Id], up.Order());

        SlotMap without = SlotMap.Initial([all[0], all[2]], 1, 3);
        links.Follow(without);
        links.Forget(without, n => n == b.Id);
        links.Forget(without, _ => false);
        while (a.Network.Peers.Count > 1)
        {
            await Task.Yield();
        }

        Assert.Equal(c.Id, Assert.Single(a.Network.Peers).Node);
        Assert.True(a.Say(c.Id, "still here"u8));
    }
}
