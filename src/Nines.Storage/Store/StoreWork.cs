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
