using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>Where background work can be interrupted, delayed or crashed.</summary>
internal readonly record struct Pause;

/// <summary>Background work written as a sequence with pauses.</summary>
internal abstract class StoreWork : IBackgroundWork
{
    private IEnumerator<Pause>? _steps;

    public bool Step() => (_steps ??= Steps().GetEnumerator()).MoveNext();

    /// <summary>
    /// Called once by the store when the work has ended, well or not, on the writer's thread. After a failure it closes what it
    /// opened; the names of files that nobody will need go to <paramref name="obsolete"/>.
    /// </summary>
    public virtual void End(Exception? failure, List<string> obsolete)
    {
        _steps?.Dispose();
    }

    protected abstract IEnumerable<Pause> Steps();
}

/// <summary>Hands out file numbers; used by the writer's thread and by the work in progress.</summary>
internal sealed class FileNumbers(long next)
{
    private long _next = next;

    /// <summary>No number from here on has been handed out.</summary>
    public long Next => Interlocked.Read(ref _next);

    public long Take() => Interlocked.Increment(ref _next) - 1;
}

/// <summary>What all work on a store's files needs.</summary>
internal sealed record StoreFiles(
    IDisk Disk, string Directory, StoreOptions Options, BlockCache Cache, FileNumbers Numbers)
{
    public string Path(string name) => $"{Directory}/{name}";
}

/// <summary>
/// Work that writes tables and then makes a new version durable. What it writes is in nobody's way until the manifest names it, so
/// a crash or a failure at any step leaves the old version whole and at most some files that nobody knows.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "The writer lives from step to step; End closes it.")]
internal abstract class VersionWork(StoreFiles files, Version version) : StoreWork
{
    private readonly List<TableReader> _outputs = [];
    private TableWriter? _writer;
    private string? _unfinished;

    protected StoreFiles Files => files;

    /// <summary>The version that the work started from. Pinned until the end.</summary>
    public Version Before => version;

    /// <summary>The version that is durable after the last step.</summary>
    public Version? After { get; protected set; }

    protected IReadOnlyList<TableReader> Outputs => _outputs;

    public long BytesWritten => _outputs.Sum(t => t.Meta.Length);

    public override void End(Exception? failure, List<string> obsolete)
    {
        base.End(failure, obsolete);
        if (failure is null)
        {
            return;
        }

        _writer?.Dispose();
        if (_unfinished is not null)
        {
            obsolete.Add(_unfinished);
        }

        foreach (TableReader table in _outputs)
        {
            obsolete.Add(table.Meta.Name);
            table.Close();
        }

        obsolete.Add(ManifestFile.NewName);
    }

    /// <summary>The table being written; starts one when there is none.</summary>
    protected TableWriter Writer()
    {
        if (_writer is null)
        {
            long number = files.Numbers.Take();
            _unfinished = TableFormat.Name(number);
            _writer = new TableWriter(files.Disk, files.Directory, number, files.Options);
        }

        return _writer;
    }

    protected bool IsWriting => _writer is not null;

    protected IEnumerable<Pause> FinishTable()
    {
        TableWriter writer = Writer();
        TableMeta meta = writer.Finish();
        yield return default;
        writer.Sync();
        yield return default;
        _outputs.Add(writer.ToReader(meta, files.Cache));
        _writer = null;
        _unfinished = null;
    }

    protected IEnumerable<Pause> Switch(Version next)
    {
        After = next;
        return ManifestFile.Switch(files.Disk, files.Directory, Manifest.Of(next, files.Numbers.Next));
    }
}

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
        var cursor = new MemtableCursor(memtable, ulong.MaxValue, reverse: false);
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

/// <summary>Merges tables into the next level.</summary>
internal sealed class CompactionWork(StoreFiles files, Compaction compaction) : VersionWork(files, compaction.Version)
{
    private const int EntriesPerStep = 512;

    public Compaction Compaction => compaction;

    protected override IEnumerable<Pause> Steps()
    {
        int target = compaction.Level + 1;
        IReadOnlyList<TableReader> added = compaction.Upper;
        if (!compaction.IsMove)
        {
            foreach (Pause pause in Rewrite(target))
            {
                yield return pause;
            }

            added = Outputs;
        }

        Version next = compaction.Version.With(compaction.Version.Point, target, added, compaction.Inputs);
        foreach (Pause pause in Switch(next))
        {
            yield return pause;
        }
    }

    private IEnumerable<Pause> Rewrite(int target)
    {
        var merge = new Merge(Sources(), reverse: false);
        merge.Seek(default);
        while (merge.IsValid)
        {
            long before = IsWriting ? Writer().Length : 0;
            for (int i = 0; i < EntriesPerStep && merge.IsValid && (!IsWriting || Writer().Length == before); i++)
            {
                Write(merge.Current, target);
                merge.Advance();
            }

            if (IsWriting && Writer().Length >= Files.Options.TableBytes)
            {
                foreach (Pause pause in FinishTable())
                {
                    yield return pause;
                }
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
    }

    private void Write(SourceCursor entry, int target)
    {
        ReadOnlySpan<byte> key = entry.Key;
        ReadOnlySpan<byte> value = entry.Value.Span;
        bool isTombstone = entry.IsTombstone || Files.Options.Filter?.IsExpired(key, value) == true;
        if (!isTombstone)
        {
            Writer().Add(key, value, isTombstone: false);
        }
        else if (!compaction.Version.IsBottom(target, key) && !Planted.Is(PlantedBug.TombstoneDroppedEarly))
        {
            // An older value may lie deeper: what is gone here must go on hiding it there.
            Writer().Add(key, default, isTombstone: true);
        }
    }

    private List<SourceCursor> Sources()
    {
        var sources = new List<SourceCursor>();
        if (compaction.Level == 0)
        {
            for (int i = 0; i < compaction.Upper.Length; i++)
            {
                sources.Add(new TableCursor(compaction.Upper.AsMemory(i, 1), reverse: false, keep: false));
            }
        }
        else
        {
            sources.Add(new TableCursor(compaction.Upper, reverse: false, keep: false));
        }

        sources.Add(new TableCursor(compaction.Lower, reverse: false, keep: false));
        return sources;
    }
}

/// <summary>Deletes files that no version needs, one per step. Those that views still read stay readable to them.</summary>
internal sealed class DeleteWork(StoreFiles files, List<string> names) : StoreWork
{
    private int _deleted;

    public override void End(Exception? failure, List<string> obsolete)
    {
        base.End(failure, obsolete);
        obsolete.AddRange(names.Skip(_deleted));
    }

    protected override IEnumerable<Pause> Steps()
    {
        for (; _deleted < names.Count; _deleted++)
        {
            files.Disk.Delete(files.Path(names[_deleted]));
            yield return default;
        }
    }
}

/// <summary>Where a scrub goes on.</summary>
internal readonly record struct ScrubPlace(long Number, int Piece);

/// <summary>Reads a portion of all tables from the disk and checks it.</summary>
internal sealed class ScrubWork(StoreFiles files, Version version, ScrubPlace place) : StoreWork
{
    public Version Version => version;

    public ScrubPlace Place { get; private set; } = place;

    public long Bytes { get; private set; }

    /// <summary>The last table has been checked; the next scrub begins anew.</summary>
    public bool IsRound { get; private set; }

    protected override IEnumerable<Pause> Steps()
    {
        foreach (TableReader table in version.Tables.OrderBy(t => t.Meta.Number))
        {
            if (table.Meta.Number < Place.Number)
            {
                continue;
            }

            int first = table.Meta.Number == Place.Number ? Place.Piece : 0;
            for (int piece = first; piece < table.Pieces(); piece++)
            {
                Bytes += table.Check(piece);
                Place = new ScrubPlace(table.Meta.Number, piece + 1);
                yield return default;
                if (Bytes >= files.Options.ScrubBytes)
                {
                    yield break;
                }
            }
        }

        Place = default;
        IsRound = true;
    }
}
