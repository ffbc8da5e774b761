using System.Text.Json;
using Nines.Kernel;
using Nines.Node.Admin;
using Nines.Node.Configuration;
using Nines.Node.Hosting;
using Nines.Node.Transport;
using Nines.Node.Transport.Protocol;

namespace Nines.Fuzz.Targets;

/// <summary>The node's own formats: the transport, the file of peers' boots, configuration, what peers say of themselves.</summary>
internal static class NodeTargets
{
    private static readonly ClusterId Cluster = new(new UInt128(5, 6));

    private static readonly string[] ConfigurationWords =
    [
        "\"", "{", "}", "[", "]", ":", ",", "//", "/*", "null", "true", "-1", "1e400", "\\ud800", "\\u0000", "\ufeff", "\"listen\":{", "\"node\":", "\"id\":",
        "seeds", "1@127.0.0.1:7000", "@", "[::1]:80", "localhost:", "99999999999999999999", "250ms", "1h", "16EiB", "9223372036854775807TiB",
    ];

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("transport.frames", () => new FramesTarget()),
        new("transport.hello", () => new Decoder("transport.hello", [Hello()], i => Handshake.TryRead(i, out Hello _))),
        new("transport.answer", () => new Decoder("transport.answer", [Answer()], i => Handshake.TryRead(i, out HelloAnswer _))),
        new("peers.file", () => new Decoder("peers.file", [PeersFile()], TryPeersFile) { Checksums = Bytes.MendFront }),
        new("configuration", () => new Decoder("configuration", Configurations(), TryConfiguration)
        {
            Words = Bytes.OfAll(ConfigurationWords), PerByte = 4096, Fixed = 256 << 10,
        }),
        new("admin.status", () => new Decoder("admin.status", [Status()], TryStatus)
        {
            Words = Bytes.OfAll(ConfigurationWords), PerByte = 1024, Fixed = 128 << 10,
        }),
    ];

    private static byte[] Hello() => Bytes.Of(b => Handshake.Write(
        b, new Hello(Handshake.ProtocolVersion, Cluster, new(3), new(300), new(1), LinkVerdict.TooSlow, "http://127.0.0.1:9000")));

    private static byte[] Answer() => Bytes.Of(b => Handshake.Write(
        b, new HelloAnswer(Handshake.ProtocolVersion, LinkVerdict.OldBoot, Cluster, new(3), new(300), "http://127.0.0.1:9000", "an old boot")));

    private static byte[] PeersFile()
    {
        var disk = new MemoryDisk();
        PeerBoots boots = new PeerBootsFile(disk).Open();
        boots.TryAdvance(new(1), new(5));
        boots.TryAdvance(new(3), new(500));
        return disk.Peek("peers");
    }

    private static bool TryPeersFile(byte[] input)
    {
        var disk = new MemoryDisk();
        disk.Place("peers", input);
        return new PeerBootsFile(disk).Open().Highest(new(1)).Value > 0;
    }

    private static IReadOnlyList<byte[]> Configurations() => Bytes.OfAll(
        """
        { // a node
          "node": { "id": "2" }, "cluster.name": "nines", "seeds": ["1@127.0.0.1:7000", "2@127.0.0.1:17000", "3@[::1]:27000"],
          "listen.peer": "127.0.0.1:17000", "listen": { "tables": "localhost:18000", "admin": "off" }, "timeouts.election": "1s",
          "limits.request": "17MiB", "ephemeral": true, "disk.sync": false, "log": { "level": "debug", "format": "json" },
        }
        """,
        """{"node.id":1,"cluster.id":"00112233445566778899aabbccddeeff","data":"x","groups":6,"disk.reserve":"2GiB","deadlines.request":"1m"}""",
        """{"node.id":1,"tables":{"engine":"dynamodb","endpoint":"http://127.0.0.1:8000","externalAccessKey":"id:secret:token","region":"eu-west-1"}}""");

    private static bool TryConfiguration(byte[] input)
    {
        ConfigurationSources sources = new ConfigurationSources().AddText(System.Text.Encoding.UTF8.GetString(input), "input");
        NodeConfiguration? configuration = ConfigurationCheck.Check(sources);
        Invariant.Assert(configuration is not null || sources.Errors.Count > 0);
        return configuration is not null;
    }

    private static byte[] Status() => JsonSerializer.SerializeToUtf8Bytes(
        new NodeStatus
        {
            Node = 2, Reachable = true, Boot = 5, AdminUrl = "http://127.0.0.1:9000", Peers = [new(1, "a", true, 5, 0, "")],
            Replicas = [new() { Group = 1, Role = "leader", Term = 3, Leader = 2, Commit = 9, Applied = 8, LastIndex = 9, Voters = [1, 2] }],
        },
        StatusJson.Default.NodeStatus);

    private static bool TryStatus(byte[] input)
    {
        try
        {
            NodeStatus? status = JsonSerializer.Deserialize(input, StatusJson.Default.NodeStatus);
            if (status is not { IsWhole: true })
            {
                return false;
            }

            _ = ClusterView.Combine(Cluster, "nines", 2, [status]);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A stream of frames, received in pieces.</summary>
    private sealed class FramesTarget() : FuzzTarget("transport.frames")
    {
        private readonly IReadOnlyList<byte[]> _corpus =
        [
            Bytes.Of(b =>
            {
                foreach (int length in new[] { 0, 1, 40, 300, 2000 })
                {
                    FrameFormat.Write(b, new byte[length]);
                }
            }),
            Bytes.Of(b => FrameFormat.Write(b, Hello())),
        ];

        public override IReadOnlyList<byte[]> Corpus => _corpus;

        public override bool HasChecksums => true;

        public override long BytesAllowed(int length) => (64 << 10) + (32L * length);

        public override void Mend(Span<byte> input)
        {
            while (input.Length >= FrameFormat.HeaderBytes)
            {
                uint length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(input);
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(input[4..], Crc32C.Of(input[..4]));
                int there = (int)Math.Min(length, (uint)(input.Length - FrameFormat.HeaderBytes));
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(
                    input[8..], Crc32C.Of(input.Slice(FrameFormat.HeaderBytes, there)));
                input = input[(FrameFormat.HeaderBytes + there)..];
            }
        }

        public override bool Try(byte[] input)
        {
            var reader = new FrameReader(chunkBytes: 8 << 10);
            ReadOnlySpan<byte> left = input;
            int frames = 0;
            while (!left.IsEmpty)
            {
                Memory<byte> free = reader.Free;
                Invariant.Assert(free.Length > 0);
                int count = Math.Min(free.Length, Math.Min(left.Length, 1 + (left[0] * 4)));
                left[..count].CopyTo(free.Span);
                left = left[count..];
                reader.Received(count);
                FrameResult result;
                while ((result = reader.TryNext(out _)) == FrameResult.Frame)
                {
                    frames++;
                }

                if (result != FrameResult.NeedMore)
                {
                    break;
                }
            }

            return frames > 0;
        }
    }
}
