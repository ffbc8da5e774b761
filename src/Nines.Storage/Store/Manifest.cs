using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// The one small file that says which tables are the store and up to which point of the log they hold it. Tables and point
/// are one record, so there is no moment at which data and applied position could disagree. It is written whole each time: the
/// tables of a 10 GB store take some 50 KiB, a fraction of a percent of the flush that changes them.
/// <code>
/// magic: u64 | version: u32 | body: blob | checksum of all before: u32
/// body:  next file: varint | term: varint | index: varint | metadata: blob | tables: count, then each
///        level: u8 | number: varint | identity: varint | length: varint | entries: varint | tombstones: varint |
///        footer checksum: u32 | smallest key: blob | largest key: blob
/// </code>
/// </summary>
internal sealed record Manifest
{
    public const ulong Magic = 0x4E414D53454E494E;
    public const uint FormatVersion = 1;

    /// <summary>More is not a manifest but damage, or somebody's attempt on our memory.</summary>
    public const int MaxBytes = 64 << 20;

    private const int SmallestTableBytes = 12;

    /// <summary>Files with this number or a larger one belong to nobody.</summary>
    public required long NextFile { get; init; }

    public required StorePoint Point { get; init; }

    /// <summary>One list per level; level 0 newest first, the others by key.</summary>
    public required IReadOnlyList<IReadOnlyList<TableMeta>> Levels { get; init; }

    public IEnumerable<TableMeta> Tables => Levels.SelectMany(l => l);

    public static Manifest Empty { get; } = new()
    {
        NextFile = 1,
        Point = StorePoint.Start,
        Levels = [.. Enumerable.Range(0, Version.LevelCount).Select(_ => Array.Empty<TableMeta>())],
    };

    public static Manifest Of(Version version, long nextFile)
    {
        var levels = new IReadOnlyList<TableMeta>[Version.LevelCount];
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = version.Level(i).ToArray().Select(t => t.Meta).ToArray();
        }

        return new Manifest { NextFile = nextFile, Point = version.Point, Levels = levels };
    }

    public byte[] Encode()
    {
        var body = new ByteBuffer(4096);
        body.Count(NextFile);
        body.Count(Point.Position.Term.Value);
        body.Count(Point.Position.Index.Value);
        body.Blob(Point.Metadata.Span);
        body.Count(Tables.Count());
        for (int level = 0; level < Levels.Count; level++)
        {
            foreach (TableMeta table in Levels[level])
            {
                body.Byte((byte)level);
                body.Count(table.Number);
                body.Count(table.Identity);
                body.Count(table.Length);
                body.Count(table.Entries);
                body.Count(table.Tombstones);
                body.Fixed32(table.FooterChecksum);
                body.Blob(table.Smallest);
                body.Blob(table.Largest);
            }
        }

        var file = new ByteBuffer(body.Length + 32);
        file.Fixed64(Magic);
        file.Fixed32(FormatVersion);
        file.Blob(body.Written);
        file.Fixed32(Crc32C.Of(file.Written));
        return file.ToArray();
    }

    /// <summary>Null when the bytes are not a manifest in which everything fits together.</summary>
    public static Manifest? Decode(ReadOnlySpan<byte> bytes)
    {
        var file = new ByteReader(bytes);
        bool isManifest = file.Fixed64() == Magic && file.Fixed32() == FormatVersion;
        ReadOnlySpan<byte> body = file.Blob();
        int checkedBytes = file.Offset;
        uint checksum = file.Fixed32();
        return isManifest && file.IsComplete && Crc32C.Of(bytes[..checkedBytes]) == checksum ? DecodeBody(body) : null;
    }

    private static Manifest? DecodeBody(ReadOnlySpan<byte> body)
    {
        var reader = new ByteReader(body);
        long nextFile = reader.Count();
        var position = new LogPosition(new Term(reader.Count()), new LogIndex(reader.Count()));
        byte[] metadata = reader.Blob().ToArray();
        int count = reader.Items(SmallestTableBytes);
        var levels = new List<TableMeta>[Version.LevelCount];
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = [];
        }

        var numbers = new HashSet<long>();
        for (int i = 0; i < count; i++)
        {
            int level = reader.Byte();
            TableMeta table = DecodeTable(ref reader);
            if (reader.Failed || level >= levels.Length || !IsPlausible(table, nextFile) || !numbers.Add(table.Number))
            {
                return null;
            }

            levels[level].Add(table);
        }

        return reader.IsComplete && levels.Skip(1).All(IsSorted)
            ? new Manifest { NextFile = nextFile, Point = new StorePoint(position, metadata), Levels = levels }
            : null;
    }

    private static TableMeta DecodeTable(ref ByteReader reader) => new()
    {
        Number = reader.Count(),
        Identity = reader.Count(),
        Length = reader.Count(),
        Entries = reader.Count(),
        Tombstones = reader.Count(),
        FooterChecksum = reader.Fixed32(),
        Smallest = reader.Blob().ToArray(),
        Largest = reader.Blob().ToArray(),
    };

    private static bool IsPlausible(TableMeta table, long nextFile) =>
        table.Number < nextFile
        && table.Length > TableFormat.FooterBytes
        && table.Entries > 0
        && table.Tombstones <= table.Entries
        && table.Smallest.AsSpan().SequenceCompareTo(table.Largest) <= 0;

    private static bool IsSorted(List<TableMeta> level)
    {
        for (int i = 1; i < level.Count; i++)
        {
            if (level[i - 1].Largest.AsSpan().SequenceCompareTo(level[i].Smallest) >= 0)
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>
/// Reads the manifest and replaces it in one atomic step: new file, sync, rename over the old one, sync of the directory.
/// </summary>
internal static class ManifestFile
{
    public const string Name = "MANIFEST";
    public const string NewName = "MANIFEST.new";

    /// <exception cref="DamagedException">It is not readable. Nothing is guessed and nothing deleted.</exception>
    public static Manifest Read(IDisk disk, string directory)
    {
        string path = $"{directory}/{Name}";
        using IDiskFile file = disk.Open(path, DiskOpen.Read);
        if (file.Length > Manifest.MaxBytes)
        {
            throw new DamagedException(path, 0, "too long for a manifest");
        }

        byte[] bytes = new byte[file.Length];
        try
        {
            int count = file.Read(0, bytes);
            return Manifest.Decode(bytes.AsSpan(0, count)) ?? throw new DamagedException(path, 0, "not a manifest");
        }
        catch (DiskException e)
        {
            throw new DamagedException(path, 0, "unreadable", e);
        }
    }

    /// <summary>
    /// Makes the manifest durable, in steps. The tables it names are synced already; their names become durable here, before the
    /// manifest can speak of them. An exception before the rename leaves the old manifest in force. One from the rename on leaves
    /// it unknown which is in force: that is a failure of the device, whatever its kind, and ends the store.
    /// </summary>
    public static IEnumerable<Pause> Switch(IDisk disk, string directory, Manifest manifest)
    {
        string newPath = $"{directory}/{NewName}";
        using (IDiskFile file = disk.Open(newPath, DiskOpen.Create))
        {
            file.Write(0, manifest.Encode());
            yield return default;
            file.Sync();
        }

        yield return default;
        disk.SyncDirectory(directory);
        yield return default;
        Finally(() => disk.Rename(newPath, $"{directory}/{Name}"));
        yield return default;
        Finally(() => disk.SyncDirectory(directory));
    }

    private static void Finally(Action action)
    {
        try
        {
            action();
        }
        catch (DiskException e)
        {
            throw new DiskException(DiskFailure.Device, "the manifest's rename may or may not be durable", e);
        }
    }
}
