using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// Checks a received snapshot to the last byte, makes it durable, and puts it in the store's place. The switch is the same rename
/// of the manifest as for a flush: before it the old tables are the store, after it the new ones, never some of each.
/// </summary>
internal sealed class InstallWork(StoreFiles files, SnapshotReceiver receiver) : StoreWork
{
    private readonly List<TableReader> _tables = [];

    public SnapshotReceiver Receiver => receiver;

    public Version? After { get; private set; }

    public override void End(Exception? failure, List<string> obsolete)
    {
        base.End(failure, obsolete);
        receiver.CloseFiles();

        // The received manifest is only needed until its tables are in our own.
        obsolete.Add(receiver.LocalName(0));
        if (failure is null)
        {
            return;
        }

        foreach (TableReader table in _tables)
        {
            table.Close();
        }

        obsolete.AddRange(receiver.LocalNames().Skip(1));
        obsolete.Add(ManifestFile.NewName);
    }

    protected override IEnumerable<Pause> Steps()
    {
        Manifest manifest = ReadManifest();
        yield return default;
        int number = 1;
        var levels = new List<TableReader[]>();
        foreach (IReadOnlyList<TableMeta> level in manifest.Levels)
        {
            var tables = new TableReader[level.Count];
            for (int i = 0; i < tables.Length; i++)
            {
                TableReader table = tables[i] = OpenTable(number, level[i]);
                number++;
                yield return default;
                for (int piece = 0; piece < table.Pieces(); piece++)
                {
                    table.Check(piece);
                    yield return default;
                }
            }

            levels.Add(tables);
        }

        After = new Version(manifest.Point, [.. levels]);
        foreach (Pause pause in ManifestFile.Switch(files.Disk, files.Directory, Manifest.Of(After, files.Numbers.Next)))
        {
            yield return pause;
        }
    }

    private Manifest ReadManifest()
    {
        string path = files.Path(receiver.LocalName(0));
        using IDiskFile file = receiver.Take(0) ?? throw new DamagedException(path, 0, "the manifest was not received");
        byte[] bytes = new byte[receiver.Files[0].Length];
        int count = file.Read(0, bytes);
        Manifest? manifest = Manifest.Decode(bytes.AsSpan(0, count));
        if (manifest is null || manifest.Point.Position != receiver.Point.Position
            || !manifest.Point.Metadata.Span.SequenceEqual(receiver.Point.Metadata.Span))
        {
            throw new DamagedException(path, 0, "not the manifest of the announced snapshot");
        }

        if (!manifest.Tables.Select(t => new SnapshotFile(t.Name, t.Length)).SequenceEqual(receiver.Files.Skip(1)))
        {
            throw new DamagedException(path, 0, "the manifest names other files than were announced");
        }

        return manifest;
    }

    private TableReader OpenTable(int number, TableMeta meta)
    {
        string path = files.Path(receiver.LocalName(number));
        using (IDiskFile file = receiver.Take(number) ?? throw new DamagedException(path, 0, "the table was not received"))
        {
            file.Sync();
        }

        TableMeta local = meta with { Number = receiver.LocalNumber(number) };
        var table = new TableReader(local, path, files.Disk.Open(path, DiskOpen.Read), files.Cache);
        _tables.Add(table);
        return table;
    }
}
