using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Nines.Kernel;
using Nines.Node.Doctor;
using Nines.Node.Transport;
using Nines.Node.Transport.Protocol;

namespace Nines.Node.Tests.Transport;

public sealed partial class TcpNetworkTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_arrive_whole_and_in_order_from_both_sides(bool threads)
    {
        await using var a = new Station(1, threads: threads);
        await using var b = new Station(2, threads: threads);
        await Connect(a, b);
        const int Count = 2000;
        for (int i = 0; i < Count; i++)
        {
            Assert.True(a.Network.Send(b.Id, Numbered(i, 1 + (i * 37 % 3000))));
            Assert.True(b.Network.Send(a.Id, Numbered(i, 5)));
            if (i % 10 == 0)
            {
                a.Network.FlushAll();
                b.Network.FlushAll();
            }
        }

        a.Network.FlushAll();
        b.Network.FlushAll();
        for (int i = 0; i < Count; i++)
        {
            (NodeId from, BootId boot, byte[] frame) = await b.Frame();
            Assert.Equal((a.Id, new BootId(1), i), (from, boot, Number(frame)));
            Assert.Equal(i, Number((await a.Frame()).Frame));
        }
    }

    [Fact]
    public async Task A_port_is_never_shared_with_another_process()
    {
        await using var a = new Station(1);
        SocketException refused = Assert.Throws<SocketException>(() => new Station(2, port: a.Address.Port));
        Assert.Equal(SocketError.AddressAlreadyInUse, refused.SocketErrorCode);
        Finding port = Checkup.Run(new Examination { DataDirectory = Path.GetTempPath(), Listeners = [("tests", a.Address)] }).Last();
        Assert.Equal(Verdict.Bad, port.Verdict);
    }

    [Fact]
    public async Task Three_nodes_know_each_other_and_their_admin_addresses()
    {
        await using var a = new Station(1);
        await using var b = new Station(2);
        await using var c = new Station(3);
        foreach ((Station from, Station to) in new[] { (a, b), (a, c), (b, a), (b, c), (c, a), (c, b) })
        {
            await from.Dial(to);
            await from.Up();
        }

        Assert.All(a.Network.Peers, p => Assert.True(p is { Connected: true, LastError: "" }));
        Assert.Equal(["http://admin-of-2", "http://admin-of-3"], a.Network.Peers.Select(p => p.AdminUrl).Order());
        Assert.True(a.Say(c.Id, "x"u8));
        Assert.Equal(a.Id, (await c.Frame()).From);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_of_many_megabytes_pass_and_small_ones_behind_them(bool threads)
    {
        await using var a = new Station(1, threads: threads);
        await using var b = new Station(2, threads: threads);
        await Connect(a, b);
        byte[] big = new byte[12_000_000];
        new Prng(3).Fill(big);
        Assert.True(a.Say(b.Id, big));
        Assert.True(a.Say(b.Id, "small"u8));
        Assert.True((await b.Frame()).Frame.AsSpan().SequenceEqual(big));
        Assert.Equal("small"u8.ToArray(), (await b.Frame()).Frame);
    }

    [Fact]
    public async Task Nothing_is_sent_without_a_connection()
    {
        await using var a = new Station(1);
        Assert.False(a.Say(new NodeId(2), "x"u8));
        await a.Dial(2, FreePort());
        Assert.False(a.Say(new NodeId(2), "x"u8));
        Assert.Contains("n2", await a.Line("No connection"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restarted_peer_is_connected_again_and_its_end_was_noticed(bool threads)
    {
        await using var a = new Station(1, threads: threads);
        var b = new Station(2, threads: threads);
        await Connect(a, b);
        int port = b.Address.Port;
        await b.DisposeAsync();
        Assert.Equal(b.Id, await a.Down());

        await using var again = new Station(2, boot: 2, port: port, threads: threads);
        Assert.Equal(b.Id, await a.Up());
        Assert.True(a.Say(b.Id, "hello again"u8));
        Assert.Equal("hello again"u8.ToArray(), (await again.Frame()).Frame);
        Assert.Equal(new BootId(2), Assert.Single(a.Network.Peers).Boot);
    }

    [Theory]
    [InlineData(0)] // the length
    [InlineData(5)] // the length's checksum
    [InlineData(9)] // the payload's checksum
    [InlineData(13)] // the payload
    public async Task A_flipped_byte_drops_the_link_delivers_nothing_and_the_next_connection_works(int position)
    {
        await using var a = new Station(1);
        byte[] damaged = FrameReaderTests.Framed(["good"u8.ToArray()]);
        damaged[position] ^= 0x40;
        using (var raw = new RawPeer(a))
        {
            Assert.Equal(LinkVerdict.Accepted, raw.Greet(RawPeer.Hello(2, 1))?.Verdict);
            raw.SendBytes([.. FrameReaderTests.Framed(["first"u8.ToArray()]), .. damaged, .. FrameReaderTests.Framed(["third"u8.ToArray()])]);
            Assert.Equal(LinkVerdict.Damaged, raw.Answer()?.Verdict);
            Assert.Null(raw.Answer());
        }

        Assert.Equal("first"u8.ToArray(), (await a.Frame()).Frame);
        Assert.Equal(new NodeId(2), await a.Down());
        using var next = new RawPeer(a);
        Assert.Equal(LinkVerdict.Accepted, next.Greet(RawPeer.Hello(2, 1))?.Verdict);
        next.SendFrame("after"u8);
        Assert.Equal("after"u8.ToArray(), (await a.Frame()).Frame);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_announced_length_beyond_the_bound_drops_the_link(bool threads)
    {
        await using var a = new Station(1, threads: threads);
        using var raw = new RawPeer(a);
        raw.Greet(RawPeer.Hello(2, 1));
        byte[] header = new byte[FrameFormat.HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, FrameFormat.MaxPayloadBytes + 1);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Crc32C.Of(header.AsSpan(0, 4)));
        raw.SendBytes(header);
        Assert.Equal((LinkVerdict.Damaged, "TooLong"), (raw.Answer() is { } word ? (word.Verdict, word.Detail) : default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_connection_of_the_same_peer_replaces_the_first(bool threads)
    {
        await using var a = new Station(1, threads: threads);
        using var first = new RawPeer(a);
        first.Greet(RawPeer.Hello(2, 1, boot: 1));
        using var second = new RawPeer(a);
        Assert.Equal(LinkVerdict.Accepted, second.Greet(RawPeer.Hello(2, 1, boot: 2))?.Verdict);
        Assert.Equal(LinkVerdict.Replaced, first.Answer()?.Verdict);
        second.SendFrame("new"u8);
        Assert.Equal((new BootId(2), 'n'), (await a.Frame() is var f ? (f.Boot, (char)f.Frame[0]) : default));
    }

    /// <summary>Starts of one peer come in any order and all at once, each with messages right behind its hello.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_older_start_of_a_peer_is_heard_after_a_newer_one(bool threads)
    {
        const int Starts = 60;
        await using var a = new Station(1, threads: threads);
        byte[] talk = FrameReaderTests.Framed([.. Enumerable.Repeat("talk"u8.ToArray(), 50)]);
        await Parallel.ForAsync(1, Starts, new ParallelOptions { MaxDegreeOfParallelism = 6 }, (start, _) =>
        {
            using var peer = new RawPeer(a);
            peer.SendBytes([.. FrameReaderTests.Framed([HandshakeTests.Bytes(RawPeer.Hello(2, 1, boot: start))]), .. talk]);
            peer.Answer();
            return ValueTask.CompletedTask;
        });
        using var last = new RawPeer(a);
        Assert.Equal(LinkVerdict.Accepted, last.Greet(RawPeer.Hello(2, 1, boot: Starts))?.Verdict);
        last.SendFrame("end"u8);
        long heard = 0;
        byte[] frame;
        do
        {
            (_, BootId boot, frame) = await a.Frame();
            Assert.True(boot.Value >= heard, $"start {boot.Value} after {heard}");
            heard = boot.Value;
        }
        while (!frame.AsSpan().SequenceEqual("end"u8));
        Assert.Equal(Starts, heard);
    }

    [Fact]
    public async Task A_peer_that_always_has_something_to_say_does_not_keep_others_from_being_heard()
    {
        await using var a = new Station(1);
        using var loud = new RawPeer(a);
        Assert.Equal(LinkVerdict.Accepted, loud.Greet(RawPeer.Hello(2, 1))?.Verdict);
        using var quiet = new RawPeer(a);
        Assert.Equal(LinkVerdict.Accepted, quiet.Greet(RawPeer.Hello(3, 1))?.Verdict);
        bool enough = false;
        byte[] noise = FrameReaderTests.Framed([.. Enumerable.Repeat(new byte[1000], 100)]);
        var shouting = new Thread(() =>
        {
            while (!Volatile.Read(ref enough))
            {
                loud.SendBytes(noise);
            }
        });
        shouting.Start();
        Assert.Equal(new NodeId(2), (await a.Frame()).From);
        for (int i = 0; i < 10; i++)
        {
            quiet.SendFrame("now"u8);
            while ((await a.Frame()).From != new NodeId(3))
            {
            }
        }

        Volatile.Write(ref enough, true);
        shouting.Join();
    }

    /// <summary>A link is closed at any point of its way from the handshake to the loop.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_removed_while_it_connects_leaves_nothing_behind(bool threads)
    {
        await using var a = new Station(1, threads: threads);
        const int Starts = 50;
        for (int i = 1; i < Starts; i++)
        {
            using var peer = new RawPeer(a);
            peer.SendFrame(HandshakeTests.Bytes(RawPeer.Hello(2, 1, boot: i)));
            for (int removals = i % 5; removals >= 0; removals--)
            {
                await a.Network.RemovePeerAsync(new NodeId(2));
            }
        }

        using var last = new RawPeer(a);
        Assert.Equal(LinkVerdict.Accepted, last.Greet(RawPeer.Hello(2, 1, boot: Starts))?.Verdict);
        last.SendFrame("end"u8);
        Assert.Equal("end"u8.ToArray(), (await a.Frame()).Frame);
    }

    [Fact]
    public async Task A_slow_reader_is_bounded_cut_and_told_why()
    {
        var options = new TransportOptions
        {
            MaxQueuedBytes = 1_000_000, StallTimeout = TimeSpan.FromMilliseconds(500), SocketBufferBytes = 64 * 1024,
        };
        await using var a = new Station(1, options: options);
        await using var b = new Station(2, options: options);
        using var stuck = new ManualResetEventSlim();
        b.Delivering = _ => stuck.Wait();
        await Connect(a, b);

        byte[] message = new byte[10_000];
        int sent = 0;
        while (a.Say(b.Id, message))
        {
            sent++;
        }

        PeerState state = Assert.Single(a.Network.Peers);
        Assert.InRange(state.QueuedBytes, 1, options.MaxQueuedBytes + message.Length + FrameFormat.HeaderBytes);
        Assert.True(state.DroppedMessages > 0);
        while (!a.LogLines.Any(l => l.Contains("took no byte", StringComparison.Ordinal)))
        {
            a.Network.FlushAll();
            await Task.Yield();
        }

        Assert.Equal(b.Id, await a.Down());
        stuck.Set();
        await b.Line("had cut its last connection");
        await a.Up();
        Assert.True(a.Say(b.Id, "fresh"u8));
        byte[] last;
        do
        {
            last = (await b.Frame()).Frame;
        }
        while (last.Length == message.Length);
        Assert.Equal("fresh"u8.ToArray(), last);
    }

    [Fact]
    public async Task A_removed_peer_is_no_longer_sent_to()
    {
        await using var a = new Station(1);
        await using var b = new Station(2);
        await Connect(a, b);
        await a.Network.RemovePeerAsync(b.Id);
        Assert.False(a.Say(b.Id, "x"u8));
        Assert.Equal(a.Id, await b.Down());
    }

    [Fact]
    public async Task Sending_and_flushing_small_messages_does_not_allocate()
    {
        await using var a = new Station(1);
        await using var b = new Station(2);
        await Connect(a, b);
        byte[] message = new byte[100];
        for (int i = 0; i < 100; i++)
        {
            a.Say(b.Id, message);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            a.Say(b.Id, message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500);
    }

    private static async Task Connect(Station a, Station b)
    {
        await a.Dial(b);
        await b.Dial(a);
        await a.Up();
        await b.Up();
    }

    private static byte[] Numbered(int number, int size)
    {
        byte[] message = new byte[Math.Max(size, 4)];
        BinaryPrimitives.WriteInt32LittleEndian(message, number);
        return message;
    }

    private static int Number(byte[] message) => BinaryPrimitives.ReadInt32LittleEndian(message);

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
