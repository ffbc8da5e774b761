using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>Where a group's latest records lie in one <see cref="RecordList"/>, so that the next can be merged into them.</summary>
internal sealed class GroupMarks
{
    /// <summary>The state of the list that the places below belong to.</summary>
    public long Stamp { get; private set; } = -1;

    public int OpenRun { get; set; }

    public int HardState { get; set; }

    public int Discard { get; set; }

    public void Clear(long stamp)
    {
        Stamp = stamp;
        OpenRun = -1;
        HardState = -1;
        Discard = -1;
    }
}

/// <summary>
/// Directory records in order, in which a group's consecutive entries of one term are one, and so are repeated hard states and
/// discards. Order is kept within a group, which is all that counts.
/// </summary>
internal sealed class RecordList
{
    private const int CapacityMin = 64;

    private DirectoryRecord[] _records = new DirectoryRecord[CapacityMin];

    /// <param name="stamp">Differs from the stamp of any other state of a list that uses the same marks.</param>
    public RecordList(long stamp)
    {
        Stamp = stamp;
    }

    public long Stamp { get; private set; }

    public int Count { get; private set; }

    public ReadOnlySpan<DirectoryRecord> Records => _records.AsSpan(0, Count);

    public void Reset(long stamp)
    {
        Stamp = stamp;
        Count = 0;
    }

    public void Add(in DirectoryRecord record, GroupMarks marks)
    {
        if (marks.Stamp != Stamp)
        {
            marks.Clear(Stamp);
        }

        switch (record.Kind)
        {
            case RecordKind.Run:
                marks.OpenRun = AddRun(record, marks.OpenRun);
                break;
            case RecordKind.HardState:
                marks.HardState = Replace(record, marks.HardState);
                break;
            case RecordKind.Discard:
                marks.Discard = Replace(record, marks.Discard);
                break;
            case RecordKind.Restart or RecordKind.Remove:
                // The group begins anew; what came before in this list keeps its place before it.
                marks.Clear(Stamp);
                Append(record);
                break;
            case RecordKind.Repair:
                Append(record);
                break;
            case RecordKind.Checkpoint or RecordKind.State or RecordKind.Held or RecordKind.Lost or RecordKind.Echo
                or RecordKind.LossAccepted:
                Invariant.Assert(record.Kind == RecordKind.Run);
                break;
        }
    }

    /// <summary>A record that belongs to no group.</summary>
    public int Append(in DirectoryRecord record)
    {
        if (Count == _records.Length)
        {
            Array.Resize(ref _records, _records.Length * 2);
        }

        _records[Count] = record;
        return Count++;
    }

    private int AddRun(in DirectoryRecord record, int open)
    {
        if (open >= 0 && _records[open].Last + 1 == record.Index && _records[open].Term == record.Term)
        {
            _records[open] = _records[open] with { Count = _records[open].Count + record.Count };
            return open;
        }

        return Append(record);
    }

    private int Replace(in DirectoryRecord record, int at)
    {
        if (at < 0)
        {
            return Append(record);
        }

        _records[at] = record;
        return at;
    }
}
