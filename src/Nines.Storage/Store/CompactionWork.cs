using Nines.Kernel;

namespace Nines.Storage.Store;

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
