using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// The terms of a group's entries behind its base, as runs of consecutive entries with one term. There are as many runs as there
/// were leaders, so this stays small whatever the log's length.
/// </summary>
internal sealed class TermRuns
{
    /// <summary>The term of an entry that is known to exist, but not what it is.</summary>
    public const long Unknown = -1;

    private readonly List<(long First, long Term)> _runs = [];

    public LogPosition Base { get; private set; }

    public long Last { get; private set; }

    public int Count => _runs.Count;

    /// <summary>A run by its place: first and last index, and the term or <see cref="Unknown"/>.</summary>
    public (long First, long Last, long Term) this[int run] =>
        (_runs[run].First, run + 1 < _runs.Count ? _runs[run + 1].First - 1 : Last, _runs[run].Term);

    /// <summary>Empty behind a base.</summary>
    public void Restart(LogPosition @base)
    {
        _runs.Clear();
        Base = @base;
        Last = @base.Index.Value;
    }

    /// <summary>Entries of one term from an index on; what was there before is cut. A gap before them has unknown terms.</summary>
    public void Append(long first, long count, long term)
    {
        long end = first + count - 1;
        if (end <= Base.Index.Value)
        {
            return;
        }

        first = Math.Max(first, Base.Index.Value + 1);
        TruncateTo(first - 1);
        if (Last < first - 1)
        {
            Add(Last + 1, Unknown);
        }

        Add(first, term);
        Last = end;
    }

    public void TruncateTo(long last)
    {
        while (_runs.Count > 0 && _runs[^1].First > last)
        {
            _runs.RemoveAt(_runs.Count - 1);
        }

        Last = Math.Clamp(last, Base.Index.Value, Last);
    }

    /// <summary>Moves the base up; entries behind it stay.</summary>
    public void DropThrough(LogPosition @base)
    {
        long index = @base.Index.Value;
        if (index >= Last)
        {
            Restart(@base);
        }
        else if (index > Base.Index.Value)
        {
            int gone = 0;
            while (gone + 1 < _runs.Count && _runs[gone + 1].First <= index + 1)
            {
                gone++;
            }

            _runs.RemoveRange(0, gone);
            _runs[0] = (index + 1, _runs[0].Term);
            Base = @base;
        }
    }

    /// <summary>The term of an entry or of the base; <see cref="Unknown"/> outside, too.</summary>
    public long TermAt(long index)
    {
        if (index == Base.Index.Value)
        {
            return Base.Term.Value;
        }

        if (index > Last)
        {
            return Unknown;
        }

        for (int run = _runs.Count - 1; run >= 0; run--)
        {
            if (_runs[run].First <= index)
            {
                return _runs[run].Term;
            }
        }

        return Unknown;
    }

    private void Add(long first, long term)
    {
        if (_runs.Count == 0 || _runs[^1].Term != term)
        {
            _runs.Add((first, term));
        }
    }
}
