using Nines.Kernel;

namespace Nines.Simulation.Disk;

/// <summary>
/// The names of a disk, once as the running system sees them and once as a power loss leaves them. A change waits in a journal
/// until its directory is synced; a power loss keeps or loses each waiting change by itself, a rename always as one.
/// Directories themselves are durable at once, as the port promises.
/// </summary>
internal sealed class SimulatedDirectoryTree
{
    private readonly SortedDictionary<string, SortedDictionary<string, SimulatedInode>> _live = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SimulatedInode> _durable = new(StringComparer.Ordinal);
    private readonly List<NameChange> _journal = [];

    public IEnumerable<string> Directories => _live.Keys;

    /// <summary>All files by path, in ordinal order of directory, then name.</summary>
    public IEnumerable<(string Path, SimulatedInode Inode)> Files
    {
        get
        {
            foreach ((string directory, SortedDictionary<string, SimulatedInode> names) in _live)
            {
                foreach ((string name, SimulatedInode inode) in names)
                {
                    yield return (Join(directory, name), inode);
                }
            }
        }
    }

    public IReadOnlyList<string> List(string directory) =>
        _live.TryGetValue(directory, out SortedDictionary<string, SimulatedInode>? names) ? [.. names.Keys] : [];

    public bool HasDirectory(string directory) => directory.Length == 0 || _live.ContainsKey(directory);

    public SimulatedInode? Find(string path)
    {
        (string directory, string name) = Split(path);
        return _live.TryGetValue(directory, out SortedDictionary<string, SimulatedInode>? names)
            && names.TryGetValue(name, out SimulatedInode? inode)
            ? inode
            : null;
    }

    public void AddDirectory(string directory)
    {
        for (string each = directory; each.Length > 0; each = Split(each).Directory)
        {
            _live.TryAdd(each, new SortedDictionary<string, SimulatedInode>(StringComparer.Ordinal));
        }
    }

    public void Bind(string path, SimulatedInode inode)
    {
        SetLive(path, inode);
        _journal.Add(new NameChange(null, path, inode));
    }

    public void Unbind(string path, SimulatedInode inode)
    {
        RemoveLive(path);
        _journal.Add(new NameChange(path, null, inode));
    }

    public void Rename(string from, string to, SimulatedInode inode)
    {
        RemoveLive(from);
        SetLive(to, inode);
        _journal.Add(new NameChange(from, to, inode));
    }

    public void Sync(string directory)
    {
        int kept = 0;
        for (int i = 0; i < _journal.Count; i++)
        {
            NameChange change = _journal[i];
            if (change.Touches(directory))
            {
                Apply(change);
            }
            else
            {
                _journal[kept++] = change;
            }
        }

        _journal.RemoveRange(kept, _journal.Count - kept);
    }

    public void Crash(Prng prng, double keepName)
    {
        foreach (NameChange change in _journal)
        {
            if (prng.Chance(keepName))
            {
                Apply(change);
            }
        }

        _journal.Clear();
        foreach (SortedDictionary<string, SimulatedInode> names in _live.Values)
        {
            names.Clear();
        }

        foreach ((string path, SimulatedInode inode) in _durable)
        {
            SetLive(path, inode);
        }
    }

    public void Clear()
    {
        _live.Clear();
        _durable.Clear();
        _journal.Clear();
    }

    public static (string Directory, string Name) Split(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? ("", path) : (path[..slash], path[(slash + 1)..]);
    }

    private static string Join(string directory, string name) => directory.Length == 0 ? name : $"{directory}/{name}";

    private void Apply(in NameChange change)
    {
        if (change.From != null
            && _durable.TryGetValue(change.From, out SimulatedInode? bound) && ReferenceEquals(bound, change.Inode))
        {
            _durable.Remove(change.From);
        }

        if (change.To != null)
        {
            _durable[change.To] = change.Inode;
        }
    }

    private void SetLive(string path, SimulatedInode inode)
    {
        (string directory, string name) = Split(path);
        if (!_live.TryGetValue(directory, out SortedDictionary<string, SimulatedInode>? names))
        {
            Invariant.Assert(directory.Length == 0);
            names = new SortedDictionary<string, SimulatedInode>(StringComparer.Ordinal);
            _live.Add(directory, names);
        }

        names[name] = inode;
    }

    private void RemoveLive(string path)
    {
        (string directory, string name) = Split(path);
        _live[directory].Remove(name);
    }

    private readonly record struct NameChange(string? From, string? To, SimulatedInode Inode)
    {
        public bool Touches(string directory) =>
            (From != null && Split(From).Directory == directory) || (To != null && Split(To).Directory == directory);
    }
}
