using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>Writes a sealed memtable as a table of level 0.</summary>
internal sealed class FlushWork(StoreFiles files, Version version, Memtable memtable) : VersionWork(files, version)
{
    public Memtable Memtable => memtable;

    protected override IEnumerable<Pause> Steps()
    {
        if (Planted.Is(PlantedBug.AppliedIndexApart))
        {
            Version early = Before.With(memtable.End, 0, [], []);
            foreach (Pause pause in ManifestFile.Switch(
                Files.Disk, Files.Directory, Manifest.Of(early, Files.Numbers.Next)))
            {
                yield return pause;
            }

            early.Release();
        }

        // Without writes there is no table, but the point moves all the same.
        var cursor = new MemtableCursor(memtable, Memtable.Everything, reverse: false);
        cursor.Seek(default);
        while (cursor.IsValid)
        {
            TableWriter writer = Writer();
            long before = writer.Length;
            while (cursor.IsValid && writer.Length == before)
            {
                writer.Add(cursor.Key, cursor.Value.Span, cursor.IsTombstone);
                cursor.Advance();
            }

            yield return default;
        }

        if (IsWriting)
        {
            foreach (Pause pause in FinishTable())
            {
                yield return pause;
            }
        }

        foreach (Pause pause in Switch(Before.With(memtable.End, 0, Outputs, [])))
        {
            yield return pause;
        }
    }
}
