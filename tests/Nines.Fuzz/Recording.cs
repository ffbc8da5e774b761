using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Wire;
using Nines.Simulation.Disk;

namespace Nines.Fuzz;

/// <summary>
/// Real frames of every kind, and disks of nodes in trouble, from a short life of a cluster: ordinary work, a follower that needs a
/// snapshot, one whose log has a hole, one whose state is damaged, one that was wiped.
/// </summary>
internal sealed class Recording
{
    private const int KeptPerKind = 6;
    private static readonly Lazy<Recording> TheOnly = new(() => new Recording());
    private readonly SortedDictionary<byte, List<byte[]>> _frames = [];

    private Recording()
    {
        var cluster = new FuzzCluster(Options) { Sent = Keep };
        cluster.StartAll();
        Work(cluster, 30);
        cluster.Tick(100);
        LagAndCatchUp(cluster);
        LoseEntries(cluster);
        LoseState(cluster);
        Wipe(cluster);
        foreach (byte kind in (ReadOnlySpan<byte>)
            [
                MessageKind.Forward, MessageKind.ForwardAnswer, MessageKind.Quiesce, MessageKind.SnapshotBegin, MessageKind.SnapshotChunk,
                MessageKind.SnapshotProgress, MessageKind.RepairRequest, MessageKind.RepairAnswer, MessageKind.Amnesiac, MessageKind.Readmit,
                MessageKind.Hello, MessageKind.HelloAnswer, MessageKind.StateRequest,
            ])
        {
            Invariant.Assert(_frames.ContainsKey(kind), $"no frame of kind {kind} was recorded");
        }
    }

    public static Recording Instance => TheOnly.Value;

    public static ReactorOptions Options { get; } = new()
    {
        SeparateFrames = true, KeepEntries = 8, KeepEntryBytes = 1 << 10, SnapshotChunkBytes = 2 << 10, QuiesceAfterTicks = 10, RebalanceTicks = 0,
        SnapshotTimeoutTicks = 40,
    };

    /// <summary>Frames of one sub-message each.</summary>
    public IReadOnlyList<byte[]> Frames =>
        [.. _frames.Values.SelectMany(f => f), Frame(MessageKind.ForwardRefused, b => ForwardCodec.WriteRefusal(5, new(1), new(2), true, b)), Frame(MessageKind.Wake, b => b.Count(1)), Frame(MessageKind.MapNews, Targets.ReplicationTargets.Map.Write)];

    /// <summary>A disk of node 2 whose log of group 1 has a hole.</summary>
    public DiskImage WithHole { get; private set; } = null!;

    /// <summary>The boot that node 2 starts with on that disk.</summary>
    public long BootWithHole { get; private set; }

    public static void Work(FuzzCluster cluster, int rounds)
    {
        IReadOnlyList<byte[]> commands = Targets.TablesMachineTargets.Commands();
        for (int i = 0; i < rounds; i++)
        {
            int node = 1 + (i % FuzzCluster.Nodes);
            while (!cluster[node].IsUp)
            {
                node = 1 + (node % FuzzCluster.Nodes);
            }

            byte[] command = i == 0 ? commands[0] : commands[1 + (i % 4)];
            Answer answer = cluster.Write(node, new(1 + (i % 2)), command);
            Invariant.Assert(answer.IsDone, $"a write ended as {answer.Outcome} {answer.Reason}");
            cluster.Write(node, new(1), commands[0]);
            _ = cluster.Read(node, new(1 + (i % 2)), commands[12], (Consistency)(i % 3));
        }
    }

    private void Keep(int from, int to, ReadOnlyMemory<byte> frame)
    {
        ReadOnlyMemory<byte> left = frame;
        if (SubMessage.TryNext(ref left, out byte kind, out _) && left.IsEmpty)
        {
            if (!_frames.TryGetValue(kind, out List<byte[]>? frames))
            {
                _frames.Add(kind, frames = []);
            }

            if (frames.Count < KeptPerKind)
            {
                frames.Add(frame.ToArray());
            }
        }
    }

    private static byte[] Frame(byte kind, Action<ByteBuffer> body) => Bytes.Of(b =>
    {
        SubMessage.Begin(b, kind);
        body(b);
        SubMessage.End(b, 0);
    });

    private static void LagAndCatchUp(FuzzCluster cluster)
    {
        cluster.Kill(3);
        for (int i = 0; i < 60; i++)
        {
            cluster.Write(1, FuzzCluster.Group, Large(i));
        }

        cluster.Tick(50);
        cluster.Start(3);
        CatchUp(cluster, 3);
    }

    private void LoseEntries(FuzzCluster cluster)
    {
        SimulatedDisk disk = cluster[2].Disk;
        cluster.Kill(2);
        for (int i = 0; i < 3; i++)
        {
            cluster.Write(1, FuzzCluster.Group, Large(i));
        }

        // Caught up, but not flushed into the store: the log alone has it.
        cluster.Start(2);
        cluster.Tick(60);
        byte[] marker = [.. "marker of what gets lost"u8];
        cluster.Write(1, FuzzCluster.Group, marker);
        cluster.Write(1, FuzzCluster.Group, [1, 2, 3]);
        cluster.Tick(3);
        cluster.Kill(2);
        foreach (string path in disk.AllFiles().Where(f => f.StartsWith("log/", StringComparison.Ordinal)))
        {
            int at = disk.Peek(path).AsSpan().IndexOf(marker);
            if (at >= 0)
            {
                disk.Corrupt(path, at, new byte[marker.Length]);
            }
        }

        WithHole = disk.Save();
        BootWithHole = cluster[2].Boot + 1;
        cluster.Start(2);
        CatchUp(cluster, 2);
    }

    private static void LoseState(FuzzCluster cluster)
    {
        SimulatedDisk disk = cluster[2].Disk;
        cluster.Tick(20);
        cluster.Kill(2);
        foreach (string path in disk.AllFiles().Where(f => f.StartsWith("groups/1/", StringComparison.Ordinal) && f.EndsWith("MANIFEST", StringComparison.Ordinal)))
        {
            disk.Corrupt(path, 30, new byte[8]);
        }

        cluster.Start(2);
        CatchUp(cluster, 2);
    }

    private static void Wipe(FuzzCluster cluster)
    {
        cluster.Kill(3);
        cluster[3].Disk.Wipe();
        cluster.Start(3);
        cluster.Tick(600);
        Work(cluster, 3);
    }

    private static void CatchUp(FuzzCluster cluster, int node)
    {
        cluster.Tick(300);
        Invariant.Assert(cluster.Write(node, FuzzCluster.Group, [9]).IsDone);
    }

    private static byte[] Large(int number)
    {
        // Not a command of any version, but an entry of the log like others.
        byte[] bytes = new byte[700];
        bytes[0] = (byte)number;
        return bytes;
    }
}
