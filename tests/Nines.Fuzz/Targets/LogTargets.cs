using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nines.Kernel;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Fuzz.Targets;

/// <summary>The log's files: each part by itself, then whole segments through recovery. The identity file too.</summary>
internal static class LogTargets
{
    private const long Batch = 7;
    private const int PieceAt = LogFormat.SegmentHeaderBytes;
    private const int TailAt = PieceAt + 96 + 64;

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("log.header", () => new Decoder("log.header", [Header(true), Header(false)], i => SegmentHeader.Read(i, 3) != null)
        {
            Checksums = static i => MendAt(i, 60),
        }),
        new("log.piece", () => new Decoder("log.piece", [.. Pieces()], i => LogPiece.TryRead(i, 3, PieceAt, out _) || LogPiece.TryRead(i, 3, TailAt, out _))
        {
            Checksums = MendPieces,
        }),
        new("log.frame", () => new Decoder("log.frame", [.. Frames()], TryFrames) { Checksums = static i => MendFrames(i, Batch) }),
        new("log.directory", () => new Decoder("log.directory", [Directory()], TryDirectory)),
        new("log.segments", static () => new SegmentsTarget()),
        new("node.identity", () => new Decoder("node.identity", [Identity()], TryIdentity) { Checksums = MendIdentity }),
    ];

    public static void MendFrames(Span<byte> frames, long batch)
    {
        int at = 0;
        while (at + LogFormat.FrameBytes <= frames.Length)
        {
            Span<byte> header = frames.Slice(at, LogFormat.FrameBytes);
            int payload = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
            bool fits = payload >= 0 && payload <= frames.Length - at - LogFormat.FrameBytes;
            if (fits)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Of(frames.Slice(at + LogFormat.FrameBytes, payload)));
            }

            ReadOnlySpan<long> place = [batch, at];
            uint state = Crc32C.Add(Crc32C.Start, MemoryMarshal.AsBytes(place));
            BinaryPrimitives.WriteUInt32LittleEndian(header, Crc32C.Finish(Crc32C.Add(state, header[4..])));
            if (!fits || header[4..].IndexOfAnyExcept((byte)0) < 0)
            {
                return;
            }

            at += LogFormat.FrameBytes + LogFormat.Padded(payload, LogFormat.FrameAlignment);
        }
    }

    private static void MendAt(Span<byte> input, int at)
    {
        if (input.Length >= at + 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(input[at..], Crc32C.Of(input[..at]));
        }
    }

    private static byte[] Header(bool started)
    {
        byte[] header = new byte[LogFormat.SegmentHeaderBytes];
        new SegmentHeader(started, 3, 300, 5).Write(header);
        return header;
    }

    private static IEnumerable<byte[]> Pieces()
    {
        foreach (uint magic in new[] { LogFormat.HeadMagic, LogFormat.TailMagic, LogFormat.SealMagic })
        {
            byte[] segment = new byte[320];
            new LogPiece(magic, 3, 300, PieceAt, 48, 64, 0xABCD).Write(segment.AsSpan(magic == LogFormat.TailMagic ? TailAt : PieceAt));
            yield return segment;
        }
    }

    private static void MendPieces(Span<byte> segment)
    {
        foreach (int at in (ReadOnlySpan<int>)[PieceAt, TailAt])
        {
            if (segment.Length >= at)
            {
                MendAt(segment[at..], 44);
            }
        }
    }

    private static IEnumerable<byte[]> Frames()
    {
        var frames = new ByteBuffer();
        for (int i = 0; i < 4; i++)
        {
            LogFrame.Append(frames, Batch, new(i), new LogEntry(new(3), new(10 + i), (EntryKind)(i % 3), new byte[i * 7]));
            yield return frames.ToArray();
        }
    }

    private static bool TryFrames(byte[] input)
    {
        bool any = false;
        for (int at = 0; LogFrame.TryRead(input, Batch, at, out LogFrame frame); at += frame.Size)
        {
            any |= frame.PayloadIsIntact(input, at);
        }

        return any;
    }

    private static byte[] Directory() => Bytes.Of(b =>
    {
        var group = new GroupId(4);
        DirectoryRecord[] records =
        [
            DirectoryRecord.Checkpoint(true), DirectoryRecord.State(group, new(new(3), new(2)), new(new(2), new(40))),
            DirectoryRecord.Held(group, 41, 10, 2), DirectoryRecord.Lost(new(5)), DirectoryRecord.Run(group, new(51), 3, new(3)),
            DirectoryRecord.HardState(group, new(new(300), new(1))), DirectoryRecord.At(RecordKind.Discard, group, new(new(2), new(45))),
            DirectoryRecord.At(RecordKind.Restart, group, new(new(3), new(900))), DirectoryRecord.At(RecordKind.Repair, group, new(new(3), new(901))),
            DirectoryRecord.Remove(group), DirectoryRecord.Echo(298, 299), DirectoryRecord.LossAccepted(),
        ];
        foreach (DirectoryRecord record in records)
        {
            record.Encode(b);
        }
    });

    private static bool TryDirectory(byte[] input)
    {
        var records = new List<DirectoryRecord>();
        bool read = DirectoryRecord.TryDecode(input, records);
        var group = new ReplayedGroup(new(4));
        foreach (DirectoryRecord record in records)
        {
            group.Apply(record);
        }

        return read;
    }

    private static byte[] Identity()
    {
        var disk = new MemoryDisk();
        NodeIdentity.Create(disk, new ClusterId(new UInt128(5, 6)), new NodeId(7));
        return disk.Peek(NodeIdentity.FileName);
    }

    private static void MendIdentity(Span<byte> input)
    {
        MendAt(input, 60);
        if (input.Length > 4096)
        {
            MendAt(input[4096..], 60);
        }
    }

    private static bool TryIdentity(byte[] input)
    {
        var disk = new MemoryDisk();
        disk.Place(NodeIdentity.FileName, input);
        try
        {
            NodeIdentity identity = NodeIdentity.Read(disk, [])!;
            try
            {
                identity.Start(disk);
            }
            catch (OverflowException) when (identity.Boot.Value == long.MaxValue)
            {
                // No node starts that often; a lower number would be worse than none.
            }

            return true;
        }
        catch (IdentityException)
        {
            return false;
        }
    }
}

/// <summary>Two segment files through recovery, and a flush into the log that comes out of it.</summary>
internal sealed class SegmentsTarget : FuzzTarget
{
    private const string First = "log/0000000000000001.log";
    private const string Second = "log/0000000000000002.log";

    private static readonly LogOptions Options = new()
    {
        SegmentBytes = 12 << 10, GrowingSegmentBytes = 12 << 10, MaxBytes = 1 << 20, ReserveBytes = 0, SpaceCheckBytes = 64 << 10,
    };

    private readonly MemoryDisk _disk = new();
    private readonly IReadOnlyList<byte[]> _corpus;

    public SegmentsTarget()
        : base("log.segments")
    {
        _corpus = [.. Enumerable.Range(1, 4).Select(Make)];
    }

    public override IReadOnlyList<byte[]> Corpus => _corpus;

    public override bool HasChecksums => true;

    // Holes become entries in memory: 2^20 of them at most in all groups together.
    public override long BytesAllowed(int length) => (96 << 20) + (64L * length);

    public override void Mend(Span<byte> input)
    {
        int second = Bytes.Split(input);
        if (second > 4)
        {
            MendSegment(input[4..second]);
        }

        MendSegment(input[Math.Min(second, input.Length)..]);
    }

    public override bool Try(byte[] input)
    {
        int second = Bytes.Split(input);
        _disk.Clear();
        _disk.Place(First, input.AsSpan(Math.Min(4, input.Length), Math.Max(0, second - 4)));
        _disk.Place(Second, input.AsSpan(second));
        LogRecovery recovery;
        try
        {
            recovery = SegmentedLog.Recover(_disk, "log", Options);
        }
        catch (DamagedException)
        {
            // A header of another version.
            return false;
        }

        foreach (RecoveredGroup group in recovery.Groups)
        {
            for (int i = 0; i < group.Entries.Count; i++)
            {
                Invariant.Assert(group.Entries[i].Index == group.Base.Index + i + 1);
            }
        }

        recovery.Log.SetHardState(new GroupId(77), new HardState(new Term(9), new NodeId(1)));
        LogFlush flush = recovery.Log.BeginFlush();
        while (flush.Step())
        {
        }

        recovery.Log.EndFlush(flush, null);
        recovery.Log.Dispose();
        return recovery.Groups.Count > 0;
    }

    private static void MendSegment(Span<byte> segment)
    {
        if (segment.Length >= LogFormat.SegmentHeaderBytes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(segment[60..], Crc32C.Of(segment[..60]));
        }

        for (int at = LogFormat.SegmentHeaderBytes; at + LogFormat.PieceBytes <= segment.Length; at += LogFormat.PieceAlignment)
        {
            Span<byte> piece = segment[at..];
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(piece);
            if (magic is not (LogFormat.HeadMagic or LogFormat.TailMagic or LogFormat.SealMagic))
            {
                continue;
            }

            int directory = BinaryPrimitives.ReadInt32LittleEndian(piece[32..]);
            if (directory >= 0 && directory <= piece.Length - LogFormat.PieceBytes)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(piece[40..], Crc32C.Of(piece.Slice(LogFormat.PieceBytes, directory)));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(piece[44..], Crc32C.Of(piece[..44]));
            int frames = LogFormat.PieceBytes + LogFormat.Padded(Math.Clamp(directory, 0, piece.Length), LogFormat.PieceAlignment);
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(piece[36..]);
            if (magic == LogFormat.HeadMagic && bytes > 0 && frames + (long)bytes <= piece.Length)
            {
                LogTargets.MendFrames(piece.Slice(frames, bytes), BinaryPrimitives.ReadInt64LittleEndian(piece[16..]));
            }
        }
    }

    private static byte[] Make(int variant)
    {
        var disk = new MemoryDisk();
        SegmentedLog log = SegmentedLog.Recover(disk, "log", Options).Log;
        var random = new Prng((ulong)variant);
        long[] last = new long[3];
        for (int round = 0; round < 3 * variant || !disk.Exists(Second); round++)
        {
            int group = random.Below(3);
            var id = new GroupId(group + 1);
            log.SetHardState(id, new HardState(new Term(1 + (round / 4)), new NodeId(1)));
            for (int i = random.Between(1, 4); i > 0; i--)
            {
                log.Append(id, new LogEntry(new(1 + (round / 4)), new(++last[group]), EntryKind.Command, new byte[random.Below(60 * variant)]));
            }

            Flush(log, log.BeginFlush());
            if (log.BeginSeal() is { } seal)
            {
                Flush(log, seal);
            }
        }

        return Bytes.Pair(disk.Peek(First), disk.Peek(Second));
    }

    private static void Flush(SegmentedLog log, LogFlush flush)
    {
        while (flush.Step())
        {
        }

        log.EndFlush(flush, null);
    }
}
