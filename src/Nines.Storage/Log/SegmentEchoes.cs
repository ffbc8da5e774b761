namespace Nines.Storage.Log;

/// <summary>
/// The echoes of a segment that are needed because batches they cover have no readable directory. Such a block of batches is replayed as
/// one: the echo's records first, then the frames of those batches that are there.
/// </summary>
internal sealed class SegmentEchoes
{
    /// <summary>More batches than this are not looked for one by one.</summary>
    public const int MissingMax = 1 << 20;

    private readonly List<(long First, long Last, List<DirectoryRecord> Records)> _blocks = [];

    public static SegmentEchoes Of(SegmentScan scan, ScannedContent content, long next, long proven, long end)
    {
        var echoes = new SegmentEchoes();
        List<long> missing = Missing(scan, content, next, proven, end);
        if (missing.Count == 0)
        {
            return echoes;
        }

        foreach (ScannedBatch batch in scan.Batches.Values)
        {
            if (content.ReadDirectory(scan, batch))
            {
                echoes.Take(content.Records, missing, next);
            }
        }

        foreach (LogPiece seal in scan.Seals)
        {
            if (content.ReadSeal(scan, seal))
            {
                echoes.Take(content.Records, missing, next);
            }
        }

        return echoes;
    }

    /// <summary>An echo says what this batch did.</summary>
    public bool Covers(long batch)
    {
        foreach ((long first, long last, _) in _blocks)
        {
            if (batch >= first && batch <= last)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The records of the block that begins with this batch.</summary>
    public List<DirectoryRecord>? Starting(long batch)
    {
        foreach ((long first, _, List<DirectoryRecord> records) in _blocks)
        {
            if (batch == first)
            {
                return records;
            }
        }

        return null;
    }

    private static List<long> Missing(SegmentScan scan, ScannedContent content, long next, long proven, long end)
    {
        var missing = new List<long>();
        foreach ((long number, ScannedBatch batch) in scan.Batches)
        {
            if (number >= next && number < end)
            {
                AddRange(missing, next, number);
                next = number + 1;
                if (!content.ReadDirectory(scan, batch))
                {
                    missing.Add(number);
                }
            }
        }

        AddRange(missing, next, proven + 1);

        return missing;
    }

    private static void AddRange(List<long> missing, long from, long to)
    {
        for (long number = from; number < to && missing.Count < MissingMax; number++)
        {
            missing.Add(number);
        }
    }

    private void Take(List<DirectoryRecord> records, List<long> missing, long next)
    {
        for (int at = 0; at < records.Count;)
        {
            DirectoryRecord echo = records[at++];
            if (echo.Kind != RecordKind.Echo)
            {
                continue;
            }

            int end = at;
            while (end < records.Count && records[end].Kind != RecordKind.Echo)
            {
                end++;
            }

            long last = echo.Index + echo.Count;
            bool disjoint = _blocks.TrueForAll(block => last < block.First || echo.Index > block.Last);
            if (echo.Index >= next && disjoint && missing.Exists(batch => batch >= echo.Index && batch <= last))
            {
                _blocks.Add((echo.Index, last, records.GetRange(at, end - at)));
            }

            at = end;
        }
    }
}
