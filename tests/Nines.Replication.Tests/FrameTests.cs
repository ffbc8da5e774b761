using Nines.Kernel;
using Nines.Replication.Wire;

namespace Nines.Replication.Tests;

/// <summary>Messages between nodes byte for byte, as a node sends them and as it understands them, and what is no message.</summary>
public sealed class FrameTests
{
    private const string Meta = "11" + "010101" + "0000000000000000" + "010201020000";

    // Group, snapshot, term; position 1/2000; metadata; one file, MANIFEST, of 5 bytes.
    private const string SnapshotOfFiveBytes = "010701" + "01D00F" + Meta + "01" + "084D414E4946455354" + "05";

    private static readonly ReactorOptions Options = new() { SeparateFrames = true, RebalanceTicks = 0, KeepEntries = 1000 };

    [Fact]
    public void A_node_says_these_words()
    {
        SortedDictionary<byte, string> said = [];
        var cluster = new TestCluster(3, 2, Options);
        for (int i = 0; i < 100; i++)
        {
            for (int tick = 0; tick < 2; tick++)
            {
                cluster[1].Reactor.Tick(1000, 0);
                cluster[1].Reactor.Turn();
                foreach ((_, byte[] frame) in cluster[1].Sent)
                {
                    said.TryAdd(frame[0], Convert.ToHexString(frame.AsSpan(SubMessage.HeaderBytes)));
                }
            }

            cluster.Tick();
        }

        Assert.Equal("01", said[MessageKind.Hello]);
        Assert.Equal("", said[MessageKind.Alive]);
        Assert.Contains(said[MessageKind.MapEpoch], (string[])["00", "01"]);
    }

    /// <summary>Group 1's followers get what the kind says and answer it.</summary>
    [Theory]
    [InlineData("hello", MessageKind.Hello, "05", "0F: 010101")]
    [InlineData("repair request", MessageKind.RepairRequest, "010201", "0B: 01" + "01" + "02" + "01" + "1C" + "0109")]
    [InlineData("snapshot", MessageKind.SnapshotBegin, SnapshotOfFiveBytes, "09: 01070000")]
    [InlineData("snapshot that is not needed", MessageKind.SnapshotBegin, "010701" + "0101" + Meta + "01" + "084D414E4946455354" + "05", "09: 01070100")]
    public void A_node_answers_these_words(string what, byte kind, string body, string answer)
    {
        var cluster = new TestCluster(3, 2, Options);
        cluster.Done(cluster.Write(1, new(1), "k=v"));
        cluster.Tick(5);
        Assert.StartsWith($"{what} {answer}", $"{what} {Said(cluster, kind, Convert.FromHexString(body))}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_piece_of_a_snapshot_is_acknowledged_and_one_out_of_place_is_not()
    {
        var cluster = new TestCluster(3, 2, Options);
        cluster.Done(cluster.Write(1, new(1), "k=v"));
        cluster.Tick(5);
        Said(cluster, MessageKind.SnapshotBegin, Convert.FromHexString(SnapshotOfFiveBytes));
        Assert.Equal("09: 01070002", Said(cluster, MessageKind.SnapshotChunk, [1, 7, 0, 2, 0xAA, 0xBB]));
        Assert.Equal("09: 01070002", Said(cluster, MessageKind.SnapshotChunk, [1, 7, 0, 2, 0xAA, 0xBB]));
        Assert.Equal("09: 01070200", Said(cluster, MessageKind.SnapshotChunk, [1, 7, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    }

    /// <summary>The transport's checksums make it unlikely, another version's node does not: it costs the message and nothing else.</summary>
    [Theory]
    [InlineData(MessageKind.Forward, "00")]
    [InlineData(MessageKind.ForwardAnswer, "00")]
    [InlineData(MessageKind.ForwardRefused, "00")]
    [InlineData(MessageKind.Quiesce, "01FFFFFFFFFFFFFFFFFF0101")]
    [InlineData(MessageKind.Wake, "")]
    [InlineData(MessageKind.Wake, "8080808008")]
    [InlineData(MessageKind.SnapshotBegin, "8080808008" + "0101010100" + "00")]
    [InlineData(MessageKind.SnapshotBegin, "0101FFFFFFFFFFFFFFFF7F010100" + "00")]
    [InlineData(MessageKind.SnapshotChunk, "01")]
    [InlineData(MessageKind.SnapshotProgress, "01")]
    [InlineData(MessageKind.RepairRequest, "0102")]
    [InlineData(MessageKind.RepairRequest, "01020100")]
    [InlineData(MessageKind.Amnesiac, "8080808008")]
    [InlineData(MessageKind.Readmit, "")]
    [InlineData(MessageKind.Hello, "")]
    [InlineData(MessageKind.HelloAnswer, "020101")]
    [InlineData(MessageKind.StateRequest, "01")]
    [InlineData(MessageKind.MapEpoch, "")]
    [InlineData(MessageKind.MapNews, "01")]
    [InlineData(MessageKind.Retire, "")]
    [InlineData(MessageKind.Retired, "0101")]
    [InlineData(MessageKind.Raft, "01")]
    [InlineData(0, "")]
    public void What_is_no_message_is_counted_and_does_nothing(byte kind, string body)
    {
        var cluster = new TestCluster(3, 2, Options);
        cluster.Done(cluster.Write(1, new(1), "k=v"));
        cluster.Tick(5);
        Assert.Equal("", Said(cluster, kind, Convert.FromHexString(body)));
        Assert.Equal(1, cluster[2].Reactor.MalformedFrom(new(1)));
        Assert.True(cluster.Done(cluster.Write(2, new(1), "k=w")).IsDone);
    }

    [Fact]
    public void A_frame_that_ends_too_early_counts_once()
    {
        var cluster = new TestCluster(3, 2, Options);
        cluster.Tick(50);
        cluster[2].Reactor.Receive(new(1), new(cluster[1].Boot), new byte[] { MessageKind.Alive, 0, 0, 0, 0, MessageKind.Alive, 9 });
        Assert.Equal(1, cluster[2].Reactor.MalformedFrom(new(1)));
    }

    [Fact]
    public void Sequential_reads_of_peers_that_wait_are_bounded()
    {
        var cluster = new TestCluster(3, 2, Options with { MaxForwarded = 3 });
        cluster.Done(cluster.Write(1, new(1), "k=v"));
        cluster.Tick(5);
        var read = new Forward
        {
            Sequence = 1, Group = new(1), Machine = RegisterRules.MachineId, Consistency = Consistency.Sequential, NotBefore = new(1000), TicksLeft = 1000,
        };
        string[] said = [.. Enumerable.Range(0, 5).Select(_ => Said(cluster, MessageKind.Forward, Bytes(b => ForwardCodec.Write(read, b))))];
        Assert.Equal(["", "", ""], said[..3]);
        Assert.All(said[3..], answer => Assert.StartsWith($"{MessageKind.ForwardAnswer:X2}: 0100000000000000" + "0101", answer, StringComparison.Ordinal));
    }

    private static byte[] Bytes(Action<ByteBuffer> write)
    {
        var buffer = new ByteBuffer();
        write(buffer);
        return buffer.ToArray();
    }

    /// <summary>What node 2 says at once when node 1 sends it this.</summary>
    private static string Said(TestCluster cluster, byte kind, byte[] body)
    {
        TestNode node = cluster[2];
        node.Sent.Clear();
        byte[] frame = Bytes(b =>
        {
            SubMessage.Begin(b, kind);
            b.Raw(body);
            SubMessage.End(b, 0);
        });
        node.Reactor.Receive(new(1), new(cluster[1].Boot), frame);
        node.Reactor.Turn();
        return string.Join(" | ", node.Sent.Select(m => $"{m.Frame[0]:X2}: {Convert.ToHexString(m.Frame.AsSpan(SubMessage.HeaderBytes))}"));
    }
}
