using Nines.Kernel;
using Nines.Node.Transport;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Tests.Transport;

/// <summary>Who is let in, and what the others are told.</summary>
public sealed partial class TcpNetworkTests
{
    [Fact]
    public async Task A_node_of_another_cluster_is_refused_and_told_so()
    {
        await using var a = new Station(1);
        await using var stranger = new Station(2, cluster: new ClusterId(78));
        await stranger.Dial(a);
        Assert.Contains("cluster.id", await stranger.Line("belongs to cluster"), StringComparison.Ordinal);
        Assert.Contains("WrongCluster", await a.Line("Refused"), StringComparison.Ordinal);
        Assert.False(stranger.Say(a.Id, "x"u8));
    }

    [Fact]
    public async Task A_lower_boot_is_refused_and_told_so()
    {
        await using var a = new Station(1, boots: new PeerBoots([new(new NodeId(2), new BootId(9))]));
        await using var old = new Station(2, boot: 8);
        await old.Dial(a);
        string line = await old.Line("start number 8");
        Assert.Contains("number 9 was seen", line, StringComparison.Ordinal);
        Assert.Equal((a.Id, new BootId(9)), await old.Disowned());
        await a.Dial(old);
        await a.Line("start number 8");
        Assert.False(a.Say(old.Id, "x"u8));
        Assert.False(old.Say(a.Id, "x"u8));
    }

    [Fact]
    public async Task Another_start_with_a_number_that_was_seen_is_refused_and_told_so()
    {
        var boots = new PeerBoots([new(new NodeId(2), new BootId(9, 1))]);
        await using var a = new Station(1, boots: boots);
        await using (var copy = new Station(2, boot: 9, nonce: 2))
        {
            await copy.Dial(a);
            Assert.Contains("another start with that number was seen", await copy.Line("start number 9"), StringComparison.Ordinal);
            Assert.Equal((a.Id, new BootId(9, 1)), await copy.Disowned());
            await a.Dial(copy);
            await a.Line("start number 9");
        }

        await using var true2 = new Station(2, boot: 9, nonce: 1);
        await true2.Dial(a);
        Assert.Equal(a.Id, await true2.Up());
    }

    [Fact]
    public async Task Another_node_at_the_address_is_refused()
    {
        await using var a = new Station(1);
        await using var b = new Station(2);
        await a.Dial(3, b.Address.Port);
        Assert.Contains("n2 answers there", await a.Line("No connection"), StringComparison.Ordinal);
        using var raw = new RawPeer(a);
        Assert.Equal(LinkVerdict.SameNode, raw.Greet(RawPeer.Hello(from: 1, to: 1))?.Verdict);
    }

    [Fact]
    public async Task A_newer_version_is_told_which_one_is_spoken_here()
    {
        await using var a = new Station(1);
        using var raw = new RawPeer(a);
        HelloAnswer? answer = raw.Greet(RawPeer.Hello(from: 2, to: 1) with { Version = Handshake.ProtocolVersion + 1 });
        Assert.Equal((LinkVerdict.WrongVersion, Handshake.ProtocolVersion), (answer!.Value.Verdict, answer.Value.Version));
        Assert.Null(raw.Answer());
    }

    [Fact]
    public async Task Garbage_in_place_of_a_hello_is_refused()
    {
        await using var a = new Station(1);
        using (var browser = new RawPeer(a))
        {
            browser.SendBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8);
            Assert.Equal(LinkVerdict.NotANode, browser.Answer()?.Verdict);
            Assert.Null(browser.Answer());
        }

        using (var framed = new RawPeer(a))
        {
            framed.SendFrame("not a hello at all"u8);
            Assert.Equal(LinkVerdict.NotANode, framed.Answer()?.Verdict);
        }

        using var large = new RawPeer(a);
        large.SendFrame(new byte[Handshake.MaxPayloadBytes + 1]);
        Assert.Equal(LinkVerdict.NotANode, large.Answer()?.Verdict);
    }

    [Fact]
    public async Task Silence_in_place_of_a_hello_ends_the_connection()
    {
        await using var a = new Station(1, options: new TransportOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(100) });
        using var silent = new RawPeer(a);
        Assert.Null(silent.Answer());
    }

    [Fact]
    public async Task Connections_beyond_the_bound_on_handshakes_are_closed_unread()
    {
        await using var a = new Station(1, options: new TransportOptions { MaxHandshakes = 1 });
        using var first = new RawPeer(a);
        using var second = new RawPeer(a);
        Assert.Null(second.Answer());
        Assert.Equal(LinkVerdict.Accepted, first.Greet(RawPeer.Hello(2, 1))?.Verdict);
    }
}
