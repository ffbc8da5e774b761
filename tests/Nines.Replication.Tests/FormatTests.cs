using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Placement;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Simulation.Disk;

namespace Nines.Replication.Tests;

/// <summary>One example of every format of docs/formats/replication.md, byte for byte. Never change a line; add one for a new version.</summary>
public sealed class FormatTests
{
    private static readonly RequestId Id = new(new UInt128(0x0102030405060708, 0x1112131415161718));

    private static readonly SlotMap Map =
        SlotMap.Initial([new(new(1), "a:1"), new(new(2), "b:2"), new(new(300), "c:3")], dataGroups: 2, replicas: 2);

    public static TheoryData<string, string, string> Formats => new()
    {
        { "envelope", "0102" + "0807060504030201" + "1817161514131211" + "E807" + "AC02" + "AABB", Hex(CommandEnvelope.Encode(2, Id, 1000, 300, [0xAA, 0xBB], new ByteBuffer())) },
        { "meta", "01" + "E807" + "AC02" + "EFBEADDE00000000" + "01020102010301AC02", Hex(new ReplicaMeta(default, new Configuration([new(1), new(2)], [new(3)], [new(300)]), 1000, 300, 0xDEADBEEF).Encode()) },
        { "map", "010103" + "0103613A31" + "0203623A32" + "AC0203633A33" + "03" + "00030102AC02" + "01020102" + "020202AC02" + "0101010101010101010101", Hex(Bytes(Map.Write)[..46]) },
        { "replace map", "01" + "AC02" + "0101030103", Hex(ControlMachine.Replace(300, Map)[..8]) },
        { "sub-message", "05" + "03000000" + "010203", Hex(Bytes(b => { SubMessage.Begin(b, 5); b.Raw([1, 2, 3]); SubMessage.End(b, 0); })) },
        {
            "forward", "0700000001000000" + "02" + "09" + "82" + "AC02" + "0807060504030201" + "1817161514131211" + "C801" + "02AABB",
            Hex(Bytes(b => ForwardCodec.Write(
                new Forward
                {
                    Sequence = 0x100000007, Group = new(2), Machine = 9, IsWrite = true, Consistency = Consistency.Strong, NotBefore = new(300),
                    Id = Id, TicksLeft = 200, Body = new byte[] { 0xAA, 0xBB },
                }, b)))
        },
        {
            "answer", "0700000000000000" + "01" + "01" + "02" + "03" + "AC02" + "00" + "32" + "01AA",
            Hex(Bytes(b => ForwardCodec.WriteAnswer(
                7,
                new Answer
                {
                    Outcome = Outcome.NotDone, Reason = Reason.Overloaded, Group = new(2), Term = new(3), Position = new(300), StalenessMs = -1,
                    RetryAfterMs = 50, Body = new byte[] { 0xAA },
                },
                b)))
        },
        { "refusal", "0700000000000000" + "02" + "AC02" + "01", Hex(Bytes(b => ForwardCodec.WriteRefusal(7, new(2), new(300), true, b))) },
        { "session", "0053" + "0102030405060708" + "1112131415161718" + "2C01000000000000" + "E803000000000000" + "AA", Session() },
        { "map file", "56E4DDF323040000" + "010103", Hex(FileOf("map", disk => ReactorStart.FirstMap(disk, Map))[..11]) },
        { "members file", "6F1EFA560A000000" + "01" + "AC02" + "01" + "02" + "01BC05" + "0305" + "00", Hex(FileOf("members", Members)[..19]) },
        { "incarnation file", "21174B3A02000000" + "AC02" + "00", Hex(FileOf("incarnation", disk => MemberFile.FirstIncarnation(disk, new(300)))[..11]) },
        { "second copy", "21174B3A02000000" + "AC02" + "00", Hex(FileOf("incarnation", disk => MemberFile.FirstIncarnation(disk, new(300)))[4096..4107]) },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_format_has_these_bytes(string what, string expected, string actual) => Assert.Equal($"{what} {expected}", $"{what} {actual}");

    [Fact]
    public void The_map_ends_with_the_group_of_each_slot()
    {
        byte[] slots = Bytes(Map.Write)[^Slots.Count..];
        Assert.Equal(Enumerable.Range(0, Slots.Count).Select(s => (byte)(1 + (s / 512))), slots);
        Assert.NotNull(SlotMap.TryRead(Bytes(Map.Write)));
    }

    [Fact]
    public void Numbers_on_the_wire_stay()
    {
        string[] expected =
        [
            "Alive=1", "Forward=2", "ForwardAnswer=3", "ForwardRefused=4", "Quiesce=5", "Wake=6", "SnapshotBegin=7", "SnapshotChunk=8",
            "SnapshotProgress=9", "RepairRequest=10", "RepairAnswer=11", "Amnesiac=12", "Readmit=13", "Hello=14", "HelloAnswer=15",
            "StateRequest=16", "MapEpoch=17", "MapNews=18", "Retire=19", "Retired=20", "Raft=32",
        ];
        IEnumerable<string> actual = typeof(MessageKind).GetFields().Select(f => $"{f.Name}={f.GetRawConstantValue()}");
        Assert.Equal(expected, actual);
        Assert.Equal([0, 1, 2], Enum.GetValues<SnapshotVerdict>().Select(v => (int)v));
    }

    private static void Members(IDisk disk) =>
        new MemberFile(new(300), true, new Dictionary<int, BootId> { [3] = new(5), [1] = new(700) }).Write(disk);

    private static string Session()
    {
        var key = new ByteBuffer();
        var state = new OneEntry(key);
        Sessions.Remember(state, Id, 300, new(1000), [0xAA], new ByteBuffer());
        return Hex(key.ToArray());
    }

    private static byte[] FileOf(string name, Action<IDisk> write)
    {
        var disk = new SimulatedDisk(new Prng(1));
        write(disk);
        return disk.Peek(name);
    }

    private static byte[] Bytes(Action<ByteBuffer> write)
    {
        var buffer = new ByteBuffer();
        write(buffer);
        return buffer.ToArray();
    }

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes);

    /// <summary>Writes down what is put.</summary>
    private sealed class OneEntry(ByteBuffer written) : IOrderedState
    {
        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            written.Raw(key);
            written.Raw(value);
        }

        public void Delete(ReadOnlySpan<byte> key) => written.Clear();

        public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
        {
            value = default;
            return false;
        }

        public bool IsUnchangedSince(ReadOnlySpan<byte> key, LogIndex since) => false;

        public IOrderedCursor Range(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse = false) =>
            throw new NotSupportedException("a session is never looked for by range");
    }
}
