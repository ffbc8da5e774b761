using System.Buffers.Binary;
using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication;
using Nines.Replication.Placement;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Store;

namespace Nines.Fuzz.Targets;

/// <summary>What replication writes into logs, stores, files and frames.</summary>
internal static class ReplicationTargets
{
    private static readonly RequestId Id = new(new UInt128(0x1122334455667788, 0x99AABBCCDDEEFF00));

    public static SlotMap Map { get; } =
        SlotMap.Initial([.. Enumerable.Range(1, 3).Select(n => new Member(new(n), $"node{n}:7000"))], 2, 3);

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("frame.parts", () => new Decoder("frame.parts", [Frame()], TryFrame)),
        new("forward.request", () => new Decoder("forward.request", [.. Requests()], i => ForwardCodec.TryRead(i, out _))),
        new("forward.answer", () => new Decoder("forward.answer", [Answer()], i => ForwardCodec.TryReadAnswer(i, out _, out _))),
        new("forward.refusal", () => new Decoder("forward.refusal", [Refusal()], i => ForwardCodec.TryReadRefusal(i, out _, out _, out _))),
        new("log.envelope", () => new Decoder("log.envelope", [Envelope()], i => CommandEnvelope.TryDecode(i, out _))),
        new("store.meta", () => new Decoder("store.meta", [Meta()], i => ReplicaMeta.TryDecode(default, i, out _))),
        new("store.sessions", () => new Decoder("store.sessions", [Session()], TrySession)),
        new("map.slots", () => new Decoder("map.slots", [Bytes.Of(Map.Write)], TryMap)),
        new("map.file", () => new Decoder("map.file", [Twin(Bytes.Of(Map.Write))], TryMapFile) { Checksums = MendTwin }),
        new("members.file", () => new Decoder("members.file", [Members()], TryMembers) { Checksums = MendTwin }),
        new("incarnation.file", () => new Decoder("incarnation.file", [Twin([0x85, 2])], TryIncarnation) { Checksums = MendTwin }),
        new("control.command", () => new MachineTarget("control.command", new ControlMachine(), ControlCommands(), [], 10)),
    ];

    private static byte[] Twin(byte[] body)
    {
        var disk = new MemoryDisk();
        TwinFile.Replace(disk, "twin", body);
        return disk.Peek("twin");
    }

    /// <summary>Makes the checksum of each half right for the length it names.</summary>
    private static void MendTwin(Span<byte> file)
    {
        foreach (int start in (int[])[0, file.Length / 2])
        {
            Span<byte> half = file.Slice(start, file.Length / 2);
            int length = half.Length < 8 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(half[4..]);
            if (length >= 0 && length <= half.Length - 8)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(half, Crc32C.Of(half.Slice(4, 4 + length)));
            }
        }
    }

    private static byte[] Frame() => Bytes.Of(b =>
    {
        for (byte kind = 1; kind < 5; kind++)
        {
            int start = b.Length;
            SubMessage.Begin(b, kind);
            b.Raw(new byte[kind * 3]);
            SubMessage.End(b, start);
        }
    });

    private static bool TryFrame(byte[] input)
    {
        ReadOnlyMemory<byte> frame = input;
        int count = 0;
        while (SubMessage.TryNext(ref frame, out _, out ReadOnlyMemory<byte> body))
        {
            Invariant.Assert(body.Length <= input.Length);
            count++;
        }

        return count > 0 && frame.IsEmpty;
    }

    private static IEnumerable<byte[]> Requests()
    {
        foreach (bool write in new[] { true, false })
        {
            yield return Bytes.Of(b => ForwardCodec.Write(
                new Forward
                {
                    Sequence = 0x1_0000_0007, Group = new(2), Machine = 2, IsWrite = write, Consistency = Consistency.Strong,
                    NotBefore = new(300), Id = Id, TicksLeft = 200, Body = new byte[20],
                }, b));
        }
    }

    private static byte[] Answer() => Bytes.Of(b => ForwardCodec.WriteAnswer(
        0x1_0000_0007,
        new Answer { Outcome = Outcome.Done, Group = new(2), Term = new(3), Position = new(300), StalenessMs = 5, RetryAfterMs = 50, Body = new byte[20] },
        b));

    private static byte[] Refusal() => Bytes.Of(b => ForwardCodec.WriteRefusal(0x1_0000_0007, new(2), new(3), true, b));

    private static byte[] Envelope() => CommandEnvelope.Encode(2, Id, 1_700_000_000_000, 5000, new byte[30], new ByteBuffer());

    private static byte[] Meta() =>
        new ReplicaMeta(default, new Configuration([new(1), new(2)], [new(3)], [new(4)]), 1_700_000_000_000, 5000, 0xDEADBEEF).Encode();

    private static byte[] Session()
    {
        var state = new MemoryState();
        Sessions.Remember(state, Id, 5000, new(300), "answer"u8, new ByteBuffer());
        using IOrderedCursor cursor = state.Range(default, default);
        cursor.MoveNext();
        return cursor.Value.ToArray();
    }

    private static bool TrySession(byte[] input)
    {
        var reader = new OneValue(input);
        bool found = Sessions.TryFind(reader, Id, 6000, 10_000, out _, out _);
        Span<byte> key = stackalloc byte[18];
        key[1] = (byte)'S';
        _ = Sessions.IsExpired(key, input, 1_000_000, 10_000);
        _ = Sessions.IsExpired(input, key, 1_000_000, 10_000);
        return found;
    }

    private static bool TryMap(byte[] input)
    {
        SlotMap? map = SlotMap.TryRead(input);
        if (map is not null)
        {
            Invariant.Assert(SlotMap.TryRead(Bytes.Of(map.Write)) is not null);
            _ = map.ReplicasOf(map.GroupOf(Slots.Of(input)));
        }

        return map is not null;
    }

    private static bool TryMapFile(byte[] input) => Read(disk => ReactorStart.FirstMap(disk, Map), "map", input);

    private static bool TryMembers(byte[] input) => Read(disk => MemberFile.Read(disk), "members", input);

    private static bool TryIncarnation(byte[] input) => Read(disk => MemberFile.FirstIncarnation(disk, new(9)), "incarnation", input);

    private static bool Read(Action<IDisk> read, string file, byte[] input)
    {
        var disk = new MemoryDisk();
        disk.Place(file, input);
        try
        {
            read(disk);
            return true;
        }
        catch (DamagedException)
        {
            return false;
        }
    }

    private static byte[] Members()
    {
        var disk = new MemoryDisk();
        new MemberFile(new(300), true, new Dictionary<int, BootId> { [1] = new(5), [3] = new(700) }).Write(disk);
        return disk.Peek("members");
    }

    private static IReadOnlyList<byte[]> ControlCommands() =>
    [
        ControlMachine.Replace(0, Map), ControlMachine.Replace(1, Map.WithMember(new Member(new(4), "node4:7000"))),
        ControlMachine.Replace(2, Map.WithMember(new(new(4), "x")).WithReplicas(new(1), [new(1), new(2), new(4)])), [],
    ];

    private sealed class OneValue(byte[] value) : IOrderedReader
    {
        public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> found)
        {
            found = value;
            return true;
        }

        public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) => false;

        public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false) =>
            throw new NotSupportedException("one value has no order");
    }
}
