namespace Nines.Storage.Store;

/// <summary>
/// Levelled compaction (O'Neil et al., "The log-structured merge-tree", 1996; the shape of LevelDB): level 0 is due by the
/// number of its tables, since each costs every point read; a deeper level by its size, each being a fixed factor larger than the one
/// above. So a key is rewritten at most about a factor's worth of times per level, and only a tenth of the data is above the
/// deepest level.
/// </summary>
internal static class CompactionPlanner
{
    /// <summary>The level most in need of being merged into the next, or -1 when none is.</summary>
    public static int LevelDue(IReadOnlyList<LevelSize> levels, StoreOptions options)
    {
        int due = -1;
        double highest = 1;
        for (int level = 0; level < levels.Count - 1; level++)
        {
            double need = level == 0
                ? (double)levels[0].Tables / options.Level0Tables
                : levels[level].Bytes / TargetBytes(level, options);
            if (need >= highest && (need > highest || due < 0))
            {
                highest = need;
                due = level;
            }
        }

        return due;
    }

    public static double TargetBytes(int level, StoreOptions options) =>
        options.LevelBaseBytes * Math.Pow(options.LevelRatio, level - 1);

    /// <summary>
    /// What is merged. From level 0 all tables, because a newer one must never sink below an older one that it overlaps. From
    /// deeper levels one table, each in its turn by key, so that the whole key range gets compacted evenly.
    /// </summary>
    public static Compaction Plan(Version version, int level, ReadOnlySpan<byte> after)
    {
        ReadOnlySpan<TableReader> candidates = version.Level(level);
        TableReader[] upper;
        if (level == 0)
        {
            upper = candidates.ToArray();
        }
        else
        {
            int next = Version.FirstEndingAtOrAfter(candidates, after);
            if (next < candidates.Length && candidates[next].Meta.Largest.AsSpan().SequenceEqual(after))
            {
                next++;
            }

            upper = [candidates[next % candidates.Length]];
        }

        byte[] smallest = upper[0].Meta.Smallest;
        byte[] largest = upper[0].Meta.Largest;
        foreach (TableReader table in upper)
        {
            smallest = table.Meta.Smallest.AsSpan().SequenceCompareTo(smallest) < 0 ? table.Meta.Smallest : smallest;
            largest = table.Meta.Largest.AsSpan().SequenceCompareTo(largest) > 0 ? table.Meta.Largest : largest;
        }

        TableReader[] lower = [.. version.Level(level + 1).ToArray().Where(t => t.Meta.Overlaps(smallest, largest))];
        return new Compaction(version, level, upper, lower, largest);
    }
}

/// <param name="Version">What the tables belong to.</param>
/// <param name="Level">Where <paramref name="Upper"/> lies; the result goes one level deeper.</param>
/// <param name="Upper">Newest first if from level 0.</param>
/// <param name="Lower">The tables of the next level with keys in the same range.</param>
/// <param name="Largest">The largest key of <paramref name="Upper"/>, where the next compaction of the level goes on.</param>
internal sealed record Compaction(
    Version Version, int Level, TableReader[] Upper, TableReader[] Lower, byte[] Largest)
{
    public long Bytes => Upper.Concat(Lower).Sum(t => t.Meta.Length);

    /// <summary>
    /// One table over nothing: it can sink as it is. Not with deletions at the bottom, which a rewrite gets rid of.
    /// </summary>
    public bool IsMove =>
        Upper.Length == 1 && Lower.Length == 0
        && (Upper[0].Meta.Tombstones == 0 || !Version.IsBottom(Level + 1, Upper[0].Meta.Smallest, Largest));

    public TableReader[] Inputs => [.. Upper, .. Lower];
}
