using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>
/// A group while its log is read again. Directories say which entries exist and with which terms; frames bring payloads. A payload
/// counts only while the terms agree with it, so the order in which damage leaves them does not matter.
/// </summary>
internal sealed class ReplayedGroup(GroupId group)
{
    /// <summary>More missing entries than this are no holes any more: the group is lost, a snapshot brings it back.</summary>
    private const int HoleEntriesMax = 1 << 20;

    private readonly Dictionary<long, Payload> _payloads = [];

    public GroupId Group { get; } = group;

    public bool Exists { get; set; }

    public bool Lost { get; set; }

    public HardState HardState { get; set; }

    public TermRuns Terms { get; } = new();

    public void Apply(in DirectoryRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Run or RecordKind.Held:
                Exists = true;
                Terms.Append(record.Index, record.Count, record.Term);
                break;
            case RecordKind.HardState:
                Exists = true;
                HardState = record.ToHardState();
                break;
            case RecordKind.Discard:
                Forget(record.Index);
                Terms.DropThrough(record.ToPosition());
                break;
            case RecordKind.Restart:
                Exists = true;
                Lost = false;
                _payloads.Clear();
                Terms.Restart(record.ToPosition());
                break;
            case RecordKind.State:
                Exists = true;
                Lost = false;
                HardState = record.ToHardState();
                Forget(record.Index);
                Terms.Restart(record.ToPosition());
                break;
            case RecordKind.Remove:
                Reset();
                break;
            case RecordKind.Lost:
                Lost = true;
                break;
            case RecordKind.Repair or RecordKind.Checkpoint or RecordKind.Echo or RecordKind.LossAccepted:
                break;
        }
    }

    /// <summary>Not named by a checkpoint, or removed.</summary>
    public void Reset()
    {
        Exists = false;
        Lost = false;
        HardState = default;
        _payloads.Clear();
        Terms.Restart(LogPosition.Zero);
    }

    public void Fill(in LogFrame frame, ReadOnlySpan<byte> frames, LogSegment segment)
    {
        long index = frame.Position.Index.Value;
        if (index > Terms.Base.Index.Value)
        {
            byte[] payload = frames.Slice(frame.PayloadOffset, frame.PayloadBytes).ToArray();
            _payloads[index] = new Payload(frame.Position.Term, frame.Kind, payload, segment);
        }
    }

    /// <summary>The group as the reactor gets it, and as the log goes on with it.</summary>
    public (RecoveredGroup Recovered, GroupLog Live) Finish()
    {
        var entries = new List<LogEntry>();
        var holes = new List<LogHole>();
        var live = new GroupLog(Group);
        Lost |= HasUnknownTerms() || Terms.Last - Terms.Base.Index.Value - _payloads.Count > HoleEntriesMax;
        if (!Lost)
        {
            if (Planted.Is(PlantedBug.LogCutTooEarly))
            {
                ForgetMissingFront();
            }

            Collect(entries, holes, live);
        }

        live.Exists = Exists;
        live.Lost = Lost;
        live.HardState = HardState;
        live.StagedExists = Exists;
        live.StagedBase = Terms.Base.Index.Value;
        live.StagedLast = Terms.Last;
        live.StagedTerm = HardState.Term;
        live.Terms.Restart(Terms.Base);
        for (int i = 0; i < Terms.Count; i++)
        {
            (long first, long last, long term) = Terms[i];
            live.Terms.Append(first, last - first + 1, term);
        }

        var recovered = new RecoveredGroup
        {
            Group = Group, HardState = HardState, Base = Terms.Base, Entries = entries, Holes = holes, Lost = Lost,
        };
        return (recovered, live);
    }

    private void Collect(List<LogEntry> entries, List<LogHole> holes, GroupLog live)
    {
        entries.Capacity = (int)(Terms.Last - Terms.Base.Index.Value);
        var segments = new List<LogSegment?>(entries.Capacity);
        for (int i = 0; i < Terms.Count; i++)
        {
            (long first, long last, long value) = Terms[i];
            var term = new Term(value);
            for (long at = first; at <= last; at++)
            {
                var index = new LogIndex(at);
                if (_payloads.TryGetValue(at, out Payload payload) && payload.Term == term)
                {
                    entries.Add(new LogEntry(term, index, payload.Kind, payload.Bytes));
                    segments.Add(payload.Segment);
                }
                else
                {
                    entries.Add(new LogEntry(term, index, LogHole.EntryKind, default));
                    segments.Add(null);
                    AddHole(holes, index, term);
                }
            }
        }

        Place(live, Terms.Base.Index.Value + 1, segments);
    }

    /// <summary>
    /// Tells the live log which segments the entries need. A repaired entry lies in a later segment than those behind it, and
    /// spans must ascend; segments go oldest first, so each entry counts to the oldest segment that it or any later one needs.
    /// </summary>
    private static void Place(GroupLog live, long first, List<LogSegment?> segments)
    {
        LogSegment? oldest = null;
        for (int i = segments.Count - 1; i >= 0; i--)
        {
            if (oldest == null || (segments[i] is { } own && own.Sequence < oldest.Sequence))
            {
                oldest = segments[i];
            }

            segments[i] = oldest;
        }

        for (int i = 0; i < segments.Count; i++)
        {
            if (segments[i] is { } segment)
            {
                live.Place(first + i, first + i, segment);
            }
        }
    }

    private static void AddHole(List<LogHole> holes, LogIndex index, Term term)
    {
        if (holes.Count > 0 && holes[^1].Term == term && holes[^1].Last.Next == index)
        {
            holes[^1] = holes[^1] with { Last = index };
        }
        else
        {
            holes.Add(new LogHole(index, index, term));
        }
    }

    private bool HasUnknownTerms()
    {
        for (int i = 0; i < Terms.Count; i++)
        {
            if (Terms[i].Term == TermRuns.Unknown)
            {
                return true;
            }
        }

        return false;
    }

    private void ForgetMissingFront()
    {
        long index = Terms.Base.Index.Value;
        while (index < Terms.Last && !_payloads.ContainsKey(index + 1))
        {
            index++;
        }

        if (index > Terms.Base.Index.Value)
        {
            Terms.DropThrough(new LogPosition(new Term(Terms.TermAt(index)), new LogIndex(index)));
        }
    }

    private void Forget(long upTo)
    {
        long from = Terms.Base.Index.Value;
        if (upTo - from > _payloads.Count)
        {
            foreach (long index in _payloads.Keys.Where(index => index <= upTo).ToArray())
            {
                _payloads.Remove(index);
            }

            return;
        }

        for (long index = from + 1; index <= upTo; index++)
        {
            _payloads.Remove(index);
        }
    }

    private readonly record struct Payload(Term Term, EntryKind Kind, byte[] Bytes, LogSegment Segment);
}
