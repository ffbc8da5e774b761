using Nines.Kernel;
using Nines.Simulation.Disk;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Storage.Tests.Log;

/// <summary>Freezes the bytes of docs/formats/log.md. A change here is a new format version, and the old one must still be read.</summary>
public class LogFormatTests
{
    private const string Header =
        "4E494E45534C4F4702000000000000000100000000000000010000000000000055443322110000000000000000000000"
        + "0000000000000000000000007CFA3789";

    private const string Prepared =
        "4E494E45534E585402000000000000000100000000000000000000000000000055443322110000000000000000000000"
        + "000000000000000000000000E5625C66";

    // Of version 1, which did not name a life.
    private const string OldHeader =
        "4E494E45534C4F4701000000000000000100000000000000010000000000000000000000000000000000000000000000"
        + "000000000000000000000000CDAF6851";

    private const string FirstHead =
        "4E394248010000000100000000000000010000000000000040000000000000001B000000002000003FDD0FC5B39DA501"
        + "07000000000002010001AB020001010101AB02000402E8070007000000000000";

    private const string SecondBatch =
        "4E3942480100000001000000000000000200000000000000E0200000000000001500000080000000140E10DABC17408B"
        + "02010002AC020001010202AC02000102E9070108000000000000000000000000ACB80212050000004CBB719A01000000"
        + "2C0100000000000002000000000000000200000068656C6C6F000000D3EDE4EF04000000F48C3029010000002C010000"
        + "000000000300000000000000010000000102030429C41F5C010000009D88CF2A020000000800000000000000E9030000"
        + "000000000100000009000000000000004E3942540100000001000000000000000200000000000000E020000000000000"
        + "1500000080000000140E10DAB09CE40502010002AC020001010202AC02000102E9070108000000000000000000000000";

    private const string Seal =
        "4E39534C01000000010000000000000002000000000000000040000000000000360000000000000098184220CB03BBAC"
        + "0B000100000002010001AB020001010101AB02000402E8070007000B000200000002010002AC020001010202AC020001"
        + "02E90701080000000000000000000000";

    private const string Identity =
        "4E494E455349414D01000000050000001817161514131211080706050403020101000000000000000000000000000000"
        + "00000000000000000000000072AA6373";

    private const long Life = 0x1122334455;

    // Header, two pieces of 80 bytes, and the first batch's frames, padded to 8 KiB.
    private const int SecondBatchOffset = 64 + (2 * 80) + 8192;

    [Fact]
    public void A_segment_has_these_bytes()
    {
        byte[] bytes = Segment();
        Assert.Equal(Header, Hex(bytes, 0, 64));
        Assert.Equal(FirstHead, Hex(bytes, 64, FirstHead.Length / 2));
        Assert.Equal(SecondBatch, Hex(bytes, SecondBatchOffset, SecondBatch.Length / 2));
        int seal = bytes.AsSpan().IndexOf("N9SL"u8);
        Assert.Equal(16384, seal);
        Assert.Equal(Seal, Hex(bytes, seal, Seal.Length / 2));
    }

    [Fact]
    public void These_bytes_are_read_back()
    {
        var disk = new SimulatedDisk(new Prng(1));
        disk.CreateDirectory("log");
        using (IDiskFile file = disk.Open("log/0000000000000001.log", DiskOpen.Create))
        {
            file.Write(0, Convert.FromHexString(Header));
            file.Write(64, Convert.FromHexString(FirstHead));
            file.Write(SecondBatchOffset, Convert.FromHexString(SecondBatch));
            file.Write(16384, Convert.FromHexString(Seal));
        }

        // The first batch's frames are not in the golden bytes: its directory says what is missing.
        LogRecovery recovery = SegmentedLog.Recover(disk, "log", LogRig.Small, Life);
        RecoveredGroup group = recovery.Groups[0];
        Assert.Equal(new HardState(new Term(300), new NodeId(2)), group.HardState);
        Assert.Equal([new LogHole(new LogIndex(1), new LogIndex(1), new Term(299))], group.Holes);
        Assert.Equal("hello"u8.ToArray(), group.Entries[1].Payload.ToArray());
        Assert.Equal(EntryKind.Configuration, group.Entries[1].Kind);
    }

    [Fact]
    public void A_prepared_segment_has_these_bytes()
    {
        var disk = new SimulatedDisk(new Prng(1));
        SegmentedLog log = SegmentedLog.Recover(disk, "log", LogRig.Small, Life).Log;
        LogMaintenance work = log.TakeMaintenance()!;
        while (work.Step())
        {
        }

        log.EndMaintenance(work, null);
        byte[] bytes = disk.Peek("log/0000000000000001.log");
        Assert.Equal(Prepared, Hex(bytes, 0, 64));
        Assert.Equal(-1, bytes.AsSpan(64).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_log_of_an_older_version_is_refused_with_its_version()
    {
        var disk = new SimulatedDisk(new Prng(1));
        disk.CreateDirectory("log");
        using (IDiskFile file = disk.Open("log/0000000000000001.log", DiskOpen.Create))
        {
            file.Write(0, Convert.FromHexString(OldHeader));
        }

        DamagedException refused = Assert.Throws<DamagedException>(() => SegmentedLog.Recover(disk, "log", LogRig.Small, Life));
        Assert.Contains("version 1, this build knows version 2", refused.Message);
    }

    [Fact]
    public void The_identity_has_these_bytes_twice()
    {
        var disk = new SimulatedDisk(new Prng(1));
        NodeIdentity.Create(disk, new ClusterId(new UInt128(0x0102030405060708, 0x1112131415161718)), new NodeId(5));
        byte[] bytes = disk.Peek(NodeIdentity.FileName);
        Assert.Equal(Identity, Hex(bytes, 0, 64));
        Assert.Equal(Identity, Hex(bytes, 4096, 64));
        Assert.Equal(4096 + 64, bytes.Length);
    }

    [Fact]
    public void Numbers_on_disk_stay()
    {
        string[] expected =
        [
            "Run=1", "HardState=2", "Discard=3", "Restart=4", "Remove=5", "Repair=6", "Checkpoint=7", "State=8", "Held=9", "Lost=10",
            "Echo=11", "LossAccepted=12",
        ];
        Type kinds = typeof(SegmentedLog).Assembly.GetType("Nines.Storage.Log.RecordKind", throwOnError: true)!;
        Assert.Equal(expected, Enum.GetValues(kinds).Cast<object>().Select(kind => $"{kind}={Convert.ToInt32(kind)}"));
    }

    private static byte[] Segment()
    {
        var disk = new SimulatedDisk(new Prng(1));
        SegmentedLog log = SegmentedLog.Recover(disk, "log", LogRig.Small with { GrowingSegmentBytes = 64 << 10 }, Life).Log;
        log.SetHardState(new GroupId(1), new HardState(new Term(299), new NodeId(1)));
        log.Append(new GroupId(1), new LogEntry(new Term(299), new LogIndex(1), EntryKind.Noop, default));
        log.SetBase(new GroupId(2), new LogPosition(new Term(7), new LogIndex(1000)));
        log.BeginFlush().RunToEnd(log);
        log.SetHardState(new GroupId(1), new HardState(new Term(300), new NodeId(2)));
        log.Append(new GroupId(1), new LogEntry(new Term(300), new LogIndex(2), EntryKind.Configuration, "hello"u8.ToArray()));
        log.Append(new GroupId(1), new LogEntry(new Term(300), new LogIndex(3), EntryKind.Command, new byte[] { 1, 2, 3, 4 }));
        log.Append(new GroupId(2), new LogEntry(new Term(8), new LogIndex(1001), EntryKind.Command, new byte[] { 9 }));
        log.BeginFlush().RunToEnd(log);
        log.BeginSeal()!.RunToEnd(log);
        return disk.Peek("log/0000000000000001.log");
    }

    private static string Hex(byte[] bytes, int offset, int count) =>
        Convert.ToHexString(bytes.AsSpan(offset, Math.Min(count, bytes.Length - offset)));
}
