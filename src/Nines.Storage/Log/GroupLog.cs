using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// What the log knows of one group: what is on the disk (changed when a flush ends), and where the staged records lead (changed
/// at once). It holds no entries, only which terms they have and which segments they lie in.
/// </summary>
internal sealed class GroupLog(GroupId group)
{
    private readonly List<Span> _spans = [];

    public GroupId Group { get; } = group;

    /// <summary>On the disk. False before the first record and after a removal.</summary>
    public bool Exists { get; set; }

    public bool Lost { get; set; }

    public HardState HardState { get; set; }

    public TermRuns Terms { get; } = new();

    /// <summary>With everything that is staged or in flight.</summary>
    public bool StagedExists { get; set; }

    public long StagedBase { get; set; }

    public long StagedLast { get; set; }

    public Term StagedTerm { get; set; }

    /// <summary>The last batch that cut entries of this log, and the lowest index it cut.</summary>
    public long CutInBatch { get; set; }

    public long CutFrom { get; set; }

    /// <summary>In the batch that is being staged.</summary>
    public GroupMarks Staged { get; } = new();

    /// <summary>In the echo that is being gathered.</summary>
    public GroupMarks Echoed { get; } = new();

    public LogSegment? OldestSegment => _spans.Count == 0 ? null : _spans[0].Segment;

    /// <summary>A batch with this record is on the disk.</summary>
    public void Apply(in DirectoryRecord record, LogSegment segment)
    {
        switch (record.Kind)
        {
            case RecordKind.Run:
                Exists = true;
                Terms.Append(record.Index, record.Count, record.Term);
                Place(record.Index, record.Last, segment);
                break;
            case RecordKind.HardState:
                Exists = true;
                HardState = record.ToHardState();
                break;
            case RecordKind.Discard:
                Terms.DropThrough(record.ToPosition());
                Release(record.Index);
                break;
            case RecordKind.Restart:
                Exists = true;
                Lost = false;
                Terms.Restart(record.ToPosition());
                Release(long.MaxValue);
                break;
            case RecordKind.Remove:
                Exists = false;
                Lost = false;
                HardState = default;
                Terms.Restart(LogPosition.Zero);
                Release(long.MaxValue);
                break;
            case RecordKind.Repair:
                break;
            case RecordKind.Checkpoint or RecordKind.State or RecordKind.Held or RecordKind.Lost or RecordKind.Echo
                or RecordKind.LossAccepted:
                Invariant.Assert(record.Kind == RecordKind.Run);
                break;
        }
    }

    /// <summary>Entries lie in a segment; spans behind the first of them are cut. Segments come in ascending order.</summary>
    public void Place(long first, long last, LogSegment segment)
    {
        while (_spans.Count > 0 && _spans[^1].First >= first)
        {
            _spans[^1].Segment.Groups--;
            _spans.RemoveAt(_spans.Count - 1);
        }

        if (_spans.Count > 0 && ReferenceEquals(_spans[^1].Segment, segment))
        {
            _spans[^1] = _spans[^1] with { Last = last };
            return;
        }

        if (_spans.Count > 0 && _spans[^1].Last >= first)
        {
            _spans[^1] = _spans[^1] with { Last = first - 1 };
        }

        _spans.Add(new Span(segment, first, last));
        segment.Groups++;
    }

    private void Release(long upTo)
    {
        int gone = 0;
        while (gone < _spans.Count && _spans[gone].Last <= upTo)
        {
            _spans[gone].Segment.Groups--;
            gone++;
        }

        _spans.RemoveRange(0, gone);
    }

    private readonly record struct Span(LogSegment Segment, long First, long Last);
}
