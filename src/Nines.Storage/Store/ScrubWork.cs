namespace Nines.Storage.Store;

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
