using Nines.Kernel;

namespace Nines.Storage.Log;

/// <summary>What a directory record says. The numbers are on disk: append only.</summary>
internal enum RecordKind : byte
{
    /// <summary>Consecutive entries of one term, whose frames are in this batch. Cuts the group's log before the first.</summary>
    Run = 1,

    HardState = 2,

    /// <summary>Entries up to here are durable in the store.</summary>
    Discard = 3,

    /// <summary>A snapshot was installed: the group's log is empty and starts behind this position.</summary>
    Restart = 4,

    /// <summary>The group left this log.</summary>
    Remove = 5,

    /// <summary>A frame of this batch fills a hole.</summary>
    Repair = 6,

    /// <summary>First record of a segment's first batch: the <see cref="State"/> and <see cref="Held"/> records after it say everything.</summary>
    Checkpoint = 7,

    /// <summary>A group's term, vote and base before this batch.</summary>
    State = 8,

    /// <summary>Consecutive entries of one term that earlier batches hold.</summary>
    Held = 9,

    /// <summary>Of this group something was lost that it may have promised.</summary>
    Lost = 10,

    /// <summary>The records after it, up to the next of its kind or the end, repeat what earlier batches said, merged.</summary>
    Echo = 11,

    /// <summary>What may be lost of groups the log does not know was dealt with: takes back the mark of a checkpoint.</summary>
    LossAccepted = 12,
}

/// <summary>One record of a batch's directory. What the numbers mean depends on the kind: see the factories.</summary>
internal readonly record struct DirectoryRecord(RecordKind Kind, GroupId Group, long Index, long Count, long Term, long Extra)
{
    public static DirectoryRecord Run(GroupId group, LogIndex first, long count, Term term) =>
        new(RecordKind.Run, group, first.Value, count, term.Value, 0);

    public static DirectoryRecord HardState(GroupId group, HardState state) =>
        new(RecordKind.HardState, group, 0, state.Vote.Value, state.Term.Value, 0);

    public static DirectoryRecord At(RecordKind kind, GroupId group, LogPosition position) =>
        new(kind, group, position.Index.Value, 0, position.Term.Value, 0);

    public static DirectoryRecord LossAccepted() => new(RecordKind.LossAccepted, GroupId.Control, 0, 0, 0, 0);

    public static DirectoryRecord Remove(GroupId group) => new(RecordKind.Remove, group, 0, 0, 0, 0);

    public static DirectoryRecord Checkpoint(bool anyGroupMayBeLost) =>
        new(RecordKind.Checkpoint, GroupId.Control, 0, anyGroupMayBeLost ? 1 : 0, 0, 0);

    public static DirectoryRecord State(GroupId group, HardState state, LogPosition @base) =>
        new(RecordKind.State, group, @base.Index.Value, state.Vote.Value, state.Term.Value, @base.Term.Value);

    public static DirectoryRecord Lost(GroupId group) => new(RecordKind.Lost, group, 0, 0, 0, 0);

    public static DirectoryRecord Held(GroupId group, long first, long count, long term) =>
        new(RecordKind.Held, group, first, count, term, 0);

    public static DirectoryRecord Echo(long firstBatch, long lastBatch) =>
        new(RecordKind.Echo, GroupId.Control, firstBatch, lastBatch - firstBatch, 0, 0);

    public long Last => Index + Count - 1;

    public HardState ToHardState() => new(new Term(Term), new NodeId((int)Count));

    public LogPosition ToPosition() => new(new Term(Kind == RecordKind.State ? Extra : Term), new LogIndex(Index));

    public void Encode(ByteBuffer to)
    {
        to.Byte((byte)Kind);
        to.Count(Group.Value);
        to.Count(Index);
        to.Count(Count);
        to.Count(Term);
        to.Count(Extra);
    }

    /// <summary>Reads all records of a directory. False when the bytes are none.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, List<DirectoryRecord> records)
    {
        records.Clear();
        var reader = new ByteReader(bytes);
        while (reader.Left > 0)
        {
            var kind = (RecordKind)reader.Byte();
            long group = reader.Count();
            var record = new DirectoryRecord(
                kind, new GroupId((int)Math.Min(group, int.MaxValue)), reader.Count(), reader.Count(), reader.Count(), reader.Count());
            if (reader.Failed || group > int.MaxValue || !record.IsPlausible())
            {
                records.Clear();
                return false;
            }

            records.Add(record);
        }

        return true;
    }

    private bool IsPlausible() => Kind switch
    {
        RecordKind.Run or RecordKind.Held => Index > 0 && Count > 0 && Index <= long.MaxValue - Count,
        RecordKind.HardState or RecordKind.State => Count <= int.MaxValue && Index < long.MaxValue,
        RecordKind.Discard or RecordKind.Restart or RecordKind.Remove or RecordKind.Repair or RecordKind.Checkpoint
            or RecordKind.Lost or RecordKind.LossAccepted => Index < long.MaxValue,
        RecordKind.Echo => Index > 0 && Index <= long.MaxValue - Count,
        _ => false,
    };
}
