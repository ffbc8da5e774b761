using Nines.Kernel;

namespace Nines.Storage.Store;

/// <summary>
/// The tables that together hold the data up to one point: what the manifest names. Immutable; a flush or a compaction makes
/// the next one. Level 0 holds flushed memtables, newest first, which overlap; each deeper level is sorted and does not.
/// <para>
/// A table holds one version per key, the newest of what it was made of. That is enough, because a view holds on to the version
/// it started with: no reader ever needs an old value from a table that was written after its view was taken.
/// </para>
/// </summary>
internal sealed class Version
{
    public const int LevelCount = 7;

    private readonly TableReader[][] _levels;
    private readonly LevelSize[] _sizes;
    private readonly bool _isEmpty;
    private int _references = 1;

    public Version(StorePoint point, TableReader[][] levels)
    {
        Invariant.Assert(levels.Length == LevelCount);
        Point = point;
        _levels = levels;
        _sizes = [.. levels.Select(l => new LevelSize(l.Length, l.Sum(t => t.Meta.Length)))];
        _isEmpty = levels.All(l => l.Length == 0);
        foreach (TableReader table in Tables)
        {
            table.Acquire();
        }
    }

    /// <summary>Everything up to here is in the tables, and nothing behind it.</summary>
    public StorePoint Point { get; }

    public IEnumerable<TableReader> Tables => _levels.SelectMany(l => l);

    public ReadOnlySpan<TableReader> Level(int level) => _levels[level];

    public IReadOnlyList<LevelSize> Sizes => _sizes;

    public void Acquire() => Interlocked.Increment(ref _references);

    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        Invariant.Assert(left >= 0);
        if (left == 0)
        {
            foreach (TableReader table in Tables)
            {
                table.Release();
            }
        }
    }

    /// <summary>The version after a change of tables.</summary>
    public Version With(StorePoint point, int level, IReadOnlyList<TableReader> added, IReadOnlyList<TableReader> removed)
    {
        var levels = new TableReader[LevelCount][];
        for (int i = 0; i < LevelCount; i++)
        {
            IEnumerable<TableReader> tables = _levels[i].Where(t => !removed.Contains(t));
            if (i == level)
            {
                tables = i == 0
                    ? added.Concat(tables)
                    : tables.Concat(added).Order(Comparer<TableReader>.Create(
                        static (a, b) => a.Meta.Smallest.AsSpan().SequenceCompareTo(b.Meta.Smallest)));
            }

            levels[i] = [.. tables];
        }

        return new Version(point, levels);
    }

    public Lookup TryGet(ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (_isEmpty)
        {
            return Lookup.Missing;
        }

        ulong hash = KeyHash.Of(key);
        foreach (TableReader table in _levels[0])
        {
            Lookup found = table.Meta.Overlaps(key, key) ? table.TryGet(key, hash, out value) : Lookup.Missing;
            if (found != Lookup.Missing)
            {
                return found;
            }
        }

        for (int level = 1; level < LevelCount; level++)
        {
            TableReader? table = Covering(level, key);
            Lookup found = table is null ? Lookup.Missing : table.TryGet(key, hash, out value);
            if (found != Lookup.Missing)
            {
                return found;
            }
        }

        return Lookup.Missing;
    }

    /// <summary>Adds the cursors that a walk from one key to another needs, newest source first.</summary>
    public void AddCursors(List<SourceCursor> cursors, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool reverse)
    {
        for (int i = 0; i < _levels[0].Length; i++)
        {
            if (Touches(_levels[0][i].Meta, from, to))
            {
                cursors.Add(new TableCursor(_levels[0].AsMemory(i, 1), reverse, keep: true));
            }
        }

        for (int level = 1; level < LevelCount; level++)
        {
            int first = FirstEndingAtOrAfter(_levels[level], from);
            if (first < _levels[level].Length && Touches(_levels[level][first].Meta, from, to))
            {
                cursors.Add(new TableCursor(_levels[level], reverse, keep: true));
            }
        }
    }

    /// <summary>No level below this one may hold a key of the range.</summary>
    public bool IsBottom(int level, ReadOnlySpan<byte> smallest, ReadOnlySpan<byte> largest)
    {
        for (int deeper = level + 1; deeper < LevelCount; deeper++)
        {
            int first = FirstEndingAtOrAfter(_levels[deeper], smallest);
            if (first < _levels[deeper].Length && _levels[deeper][first].Meta.Overlaps(smallest, largest))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>No level below this one may hold the key: a deletion has nothing left to hide.</summary>
    public bool IsBottom(int level, ReadOnlySpan<byte> key)
    {
        for (int deeper = level + 1; deeper < LevelCount; deeper++)
        {
            if (Covering(deeper, key) is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The place of the first table whose largest key is not before the key; the number of tables when all end earlier.</summary>
    public static int FirstEndingAtOrAfter(ReadOnlySpan<TableReader> tables, ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = tables.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (tables[middle].Meta.Largest.AsSpan().SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private TableReader? Covering(int level, ReadOnlySpan<byte> key)
    {
        TableReader[] tables = _levels[level];
        int place = FirstEndingAtOrAfter(tables, key);
        return place < tables.Length && tables[place].Meta.Smallest.AsSpan().SequenceCompareTo(key) <= 0
            ? tables[place]
            : null;
    }

    private static bool Touches(TableMeta meta, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        meta.Largest.AsSpan().SequenceCompareTo(from) >= 0
        && (to.IsEmpty || meta.Smallest.AsSpan().SequenceCompareTo(to) < 0);
}
