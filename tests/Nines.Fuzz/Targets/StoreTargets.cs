using System.Buffers.Binary;
using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Fuzz.Targets;

/// <summary>The sorted store's files: blocks, filters, footers, manifests, whole tables, whole stores, snapshots on their way in.</summary>
internal static class StoreTargets
{
    private const long FooterOffset = 1000;
    private const long Identity = 7;

    public static StoreOptions Options { get; } = new()
    {
        MemtableBytes = 8 << 10, BlockBytes = 200, TableBytes = 2 << 10, Level0Tables = 2, LevelBaseBytes = 6 << 10,
    };

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("store.block", () => new Decoder("store.block", [Block(1), Block(12), Block(40)], TryBlock)),
        new("store.filter", () => new Decoder("store.filter", [Filter()], TryFilter)),
        new("store.handle", () => new Decoder("store.handle", [Handle()], i => TableFormat.TryReadHandle(i, out _))),
        new("store.footer", () => new Decoder("store.footer", [Footer()], TryFooter) { Checksums = MendFooter }),
        new("store.manifest", () => new Decoder("store.manifest", [Golden()], i => Manifest.Decode(i) is not null) { Checksums = MendManifest }),
        new("store.table", () => new TableTarget()),
        new("store.open", () => new StoreTarget("store.open", asSnapshot: false)),
        new("store.snapshot", () => new StoreTarget("store.snapshot", asSnapshot: true)),
    ];

    public static byte[] Key(int number) => Bytes.Of($"key/{number:D5}");

    public static void MendManifest(Span<byte> input)
    {
        var reader = new ByteReader(input);
        reader.Fixed64();
        reader.Fixed32();
        reader.Blob();
        int end = reader.Offset;
        if (!reader.Failed && input.Length - end >= 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(input[end..], Crc32C.Of(input[..end]));
        }
    }

    /// <summary>From the blocks up: the handles in the index, the filter's and the index's in the footer, the footer's own.</summary>
    public static void MendTable(Span<byte> table, long identity)
    {
        long footerAt = table.Length - TableFormat.FooterBytes;
        if (footerAt <= 0)
        {
            return;
        }

        Span<byte> footer = table[(int)footerAt..];
        MendHandle(table, footer[36..], identity);
        (long offset, long length) = Place(footer[52..]);
        if (TableFooter.LiesBefore(new BlockHandle(offset, (int)Math.Min(length, int.MaxValue), 0), footerAt))
        {
            MendIndex(table, (int)offset, (int)length, identity);
            MendHandle(table, footer[52..], identity);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(footer[76..], TableFooter.ChecksumOf(footer, identity, footerAt));
    }

    private static void MendIndex(Span<byte> table, int offset, int length, long identity)
    {
        byte[] bytes = table.Slice(offset, length).ToArray();
        if (Nines.Storage.Store.Block.Parse(bytes) is not { } index)
        {
            return;
        }

        for (int i = 0; i < index.Count; i++)
        {
            BlockEntry entry = index.Entry(i);
            if (entry.ValueLength > 4 && TableFormat.TryReadHandle(index.ValueSpan(entry), out BlockHandle handle)
                && TableFooter.LiesBefore(handle, table.Length))
            {
                uint checksum = TableFormat.Checksum(identity, handle.Offset, table.Slice((int)handle.Offset, handle.Length));
                BinaryPrimitives.WriteUInt32LittleEndian(table[(offset + entry.ValueAt + entry.ValueLength - 4)..], checksum);
            }
        }
    }

    private static void MendHandle(Span<byte> table, Span<byte> handle, long identity)
    {
        (long offset, long length) = Place(handle);
        if (offset >= 0 && length > 0 && offset <= table.Length - length)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(
                handle[12..], TableFormat.Checksum(identity, offset, table.Slice((int)offset, (int)length)));
        }
    }

    private static (long Offset, long Length) Place(ReadOnlySpan<byte> handle) =>
        (BinaryPrimitives.ReadInt64LittleEndian(handle), BinaryPrimitives.ReadUInt32LittleEndian(handle[8..]));

    private static byte[] Block(int count)
    {
        var builder = new BlockBuilder();
        for (int i = 0; i < count; i++)
        {
            builder.Add(Key(i), new byte[i % 7], i % 5 == 4);
        }

        return Bytes.Of(builder.Finish);
    }

    private static bool TryBlock(byte[] input)
    {
        if (Nines.Storage.Store.Block.Parse(input) is not { } block)
        {
            return false;
        }

        byte[] last = [];
        for (int i = 0; i < Math.Min(block.Count, 8); i++)
        {
            byte[] key = block.KeyOf(i);
            Invariant.Assert(i == 0 || key.AsSpan().SequenceCompareTo(last) > 0);
            Invariant.Assert(block.LowerBound(key) == i);
            _ = block.Value(block.Entry(i));
            last = key;
        }

        return true;
    }

    private static byte[] Filter() => Bytes.Of(b => BloomFilter.Build([.. Enumerable.Range(0, 40).Select(i => KeyHash.Of(Key(i)))], 10, b));

    private static bool TryFilter(byte[] input)
    {
        BloomFilter? filter = BloomFilter.Parse(input);
        filter?.MayContain(ulong.MaxValue);
        filter?.MayContain(0);
        return filter is not null;
    }

    private static byte[] Handle() => Bytes.Of(b => TableFormat.WriteHandle(b, new BlockHandle(300, 4000, 0xABCDEF)));

    private static byte[] Footer() => Bytes.Of(b => new TableFooter
    {
        Identity = Identity, Entries = 300, Tombstones = 2, Filter = new(100, 50, 1), Index = new(150, 850, 2),
    }.Write(b, FooterOffset));

    private static void MendFooter(Span<byte> input)
    {
        if (input.Length >= 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(input[^4..], TableFooter.ChecksumOf(input, Identity, FooterOffset));
        }
    }

    private static bool TryFooter(byte[] input)
    {
        TableFooter? footer = input.Length < 4 ? null : TableFooter.Parse(input, Identity, FooterOffset);
        Invariant.Assert(footer is null || footer.Index.Offset + footer.Index.Length <= FooterOffset);
        return footer is not null;
    }

    private static byte[] Golden() => new Manifest
    {
        NextFile = 300,
        Point = new StorePoint(new(new(3), new(1000)), "meta"u8.ToArray()),
        Levels =
        [
            [Meta(250, "a", "z"), Meta(9, "b", "y")], [Meta(7, "", "k"), Meta(8, "l", "x")], [], [], [], [], [Meta(5, "middle", "middle")],
        ],
    }.Encode();

    private static TableMeta Meta(long number, string smallest, string largest) => new()
    {
        Number = number, Identity = number, Length = number * 1000, Entries = number, Tombstones = 2, FooterChecksum = 5,
        Smallest = Bytes.Of(smallest), Largest = Bytes.Of(largest),
    };
}

/// <summary>A whole table file, whose footer the manifest vouches for.</summary>
internal sealed class TableTarget : FuzzTarget
{
    private const string Directory = "t";
    private const long Number = 7;

    private readonly MemoryDisk _disk = new();
    private readonly List<TableMeta> _metas = [];
    private readonly List<byte[]> _corpus = [];
    private int _round;

    public TableTarget()
        : base("store.table")
    {
        foreach (int count in new[] { 3, 30 })
        {
            using var writer = new TableWriter(_disk, Directory, Number, StoreTargets.Options);
            for (int i = 0; i < count; i++)
            {
                writer.Add(StoreTargets.Key(i), new byte[i], i % 6 == 5);
            }

            _metas.Add(writer.Finish());
            _corpus.Add(_disk.Peek($"{Directory}/{TableFormat.Name(Number)}"));
        }
    }

    public override IReadOnlyList<byte[]> Corpus => _corpus;

    public override bool HasChecksums => true;

    // The block cache turns over what it holds.
    public override long BytesAllowed(int length) => (256 << 10) + (256L * length);

    public override void Mend(Span<byte> input) => StoreTargets.MendTable(input, Number);

    public override bool Try(byte[] input)
    {
        if (input.Length <= TableFormat.FooterBytes)
        {
            return false;
        }

        string path = $"{Directory}/x";
        _disk.Place(path, input);
        long footerAt = input.Length - TableFormat.FooterBytes;
        TableMeta meta = _metas[_round++ % _metas.Count] with
        {
            Length = input.Length,
            FooterChecksum = TableFooter.ChecksumOf(input.AsSpan((int)footerAt), Number, footerAt),
        };
        var reader = new TableReader(meta, path, _disk.Open(path, DiskOpen.Read), new BlockCache(1 << 20));
        try
        {
            var cursor = new TableCursor(new[] { reader }, reverse: _round % 4 < 2, keep: true);
            for (cursor.Seek(default); cursor.IsValid; cursor.Advance())
            {
                _ = reader.TryGet(cursor.Key, KeyHash.Of(cursor.Key), out _);
            }

            for (int piece = 0; piece < reader.Pieces(); piece++)
            {
                reader.Check(piece);
            }

            return true;
        }
        catch (DamagedException)
        {
            return false;
        }
        finally
        {
            reader.Close();
        }
    }
}

/// <summary>A manifest and a table, as a store's directory that is opened and read, or as a snapshot that is received and installed.</summary>
internal sealed class StoreTarget : FuzzTarget
{
    private const string Directory = "s";

    private readonly bool _asSnapshot;
    private readonly MemoryDisk _disk = new();
    private readonly StorePoint _point;
    private readonly TableMeta _table;
    private readonly IReadOnlyList<byte[]> _corpus;

    public StoreTarget(string name, bool asSnapshot)
        : base(name)
    {
        _asSnapshot = asSnapshot;
        SortedStore store = SortedStore.Open(_disk, Directory, StoreTargets.Options, new BlockCache(1 << 20));
        for (int i = 0; i < 20; i++)
        {
            WriteTransaction transaction = store.Begin(store.Applied.Next);
            transaction.Put(StoreTargets.Key(i), new byte[i * 3]);
            store.Commit(transaction);
        }

        _point = new StorePoint(new(new(1), store.Applied), "meta"u8.ToArray());
        store.Seal(_point);
        Run(store, store.TakeWork()!);
        byte[] manifest = _disk.Peek($"{Directory}/{ManifestFile.Name}");
        _table = Manifest.Decode(manifest)!.Tables.Single();
        _corpus = [Bytes.Pair(manifest, _disk.Peek($"{Directory}/{_table.Name}"))];
        store.Dispose();
    }

    public override IReadOnlyList<byte[]> Corpus => _corpus;

    public override bool HasChecksums => true;

    public override long BytesAllowed(int length) => (512 << 10) + (256L * length);

    public override void Mend(Span<byte> input)
    {
        int second = Bytes.Split(input);
        Span<byte> table = input[Math.Min(second, input.Length)..];
        StoreTargets.MendTable(table, _table.Identity);
        if (second <= 4)
        {
            return;
        }

        // The manifest holds the footer's checksum, and its table's length.
        Span<byte> manifest = input[4..second];
        Span<byte> old = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(old, _table.FooterChecksum);
        int at = manifest.IndexOf(old);
        if (at >= 0 && table.Length > 4)
        {
            table[^4..].CopyTo(manifest[at..]);
        }

        StoreTargets.MendManifest(manifest);
    }

    public override bool Try(byte[] input)
    {
        int second = Bytes.Split(input);
        ReadOnlySpan<byte> manifest = input.AsSpan(Math.Min(4, input.Length), Math.Max(0, second - 4));
        ReadOnlySpan<byte> table = input.AsSpan(second);
        _disk.Clear();
        return _asSnapshot ? TryInstall(manifest, table) : TryOpen(manifest, table);
    }

    private bool TryOpen(ReadOnlySpan<byte> manifest, ReadOnlySpan<byte> table)
    {
        _disk.Place($"{Directory}/{ManifestFile.Name}", manifest);
        _disk.Place($"{Directory}/{_table.Name}", table);
        try
        {
            using SortedStore store = SortedStore.Open(_disk, Directory, StoreTargets.Options, new BlockCache(1 << 20));
            return Read(store);
        }
        catch (DamagedException)
        {
            return false;
        }
    }

    private bool TryInstall(ReadOnlySpan<byte> manifest, ReadOnlySpan<byte> table)
    {
        using SortedStore store = SortedStore.Open(_disk, Directory, StoreTargets.Options, new BlockCache(1 << 20));
        SnapshotFile[] files = [new(ManifestFile.Name, manifest.Length), new(_table.Name, table.Length)];
        if (store.BeginInstall(_point, files) is not { } receiver)
        {
            return false;
        }

        Invariant.Assert(receiver.Write(0, 0, manifest) && receiver.Write(1, 0, table));
        bool installed = Run(store, receiver.Finish());
        Invariant.Assert(store.Failure is null);
        return installed && Read(store);
    }

    private static bool Read(SortedStore store)
    {
        using StoreView view = store.View();
        int count = 0;
        using IOrderedCursor cursor = view.Range(default, default);
        while (cursor.MoveNext())
        {
            count += cursor.Value.Length;
        }

        _ = view.TryGet(StoreTargets.Key(3), out _);
        return count >= 0;
    }

    private static bool Run(SortedStore store, IBackgroundWork work)
    {
        Exception? failure = null;
        try
        {
            while (work.Step())
            {
            }
        }
        catch (DamagedException e)
        {
            failure = e;
        }

        store.Complete(work, failure);
        return failure is null;
    }
}
