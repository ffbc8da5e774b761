using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>Writes and reads the commands, queries and answers about time to live; docs/formats/tables.md draws them.</summary>
public static class ExpiryCommand
{
    private const byte HasMore = 1;
    private const byte HasWork = 4;

    /// <summary>Switches time to live of a table on or off.</summary>
    public static void UpdateTimeToLive(ByteBuffer to, string name, string attribute, bool enabled)
    {
        TableCommand.Begin(to, (byte)TableCommandKind.UpdateTimeToLive);
        to.Text(name);
        to.Text(attribute);
        to.Byte(enabled ? (byte)1 : (byte)0);
    }

    /// <summary>Every data group has the shape of a revision.</summary>
    public static void SettleTable(ByteBuffer to, string name, ulong tableId, ulong revision) =>
        Row(to, TableCommandKind.SettleTable, name, tableId, revision);

    /// <summary>In every data group the items are in the queue of what expires, after the change of a log index.</summary>
    public static void FinishTimeToLive(ByteBuffer to, string name, ulong tableId, ulong changedAt) =>
        Row(to, TableCommandKind.FinishTimeToLive, name, tableId, changedAt);

    /// <summary>The group shall put the next items from a key on into the queue, under a shape of at least a revision.</summary>
    public static void FillExpiry(ByteBuffer to, ulong tableId, ulong revision, ReadOnlySpan<byte> from)
    {
        TableCommand.Begin(to, (byte)TableCommandKind.FillExpiry);
        to.Fixed64(tableId);
        to.Varint(revision);
        to.Blob(from);
    }

    /// <summary>The group shall delete the next items whose time has come by its own clock.</summary>
    public static void ExpireItems(ByteBuffer to) => TableCommand.Begin(to, (byte)TableCommandKind.ExpireItems);

    /// <summary>How many entries of the queue are due at a second, counted up to a limit.</summary>
    public static void DueItems(ByteBuffer to, long nowSecond, int limit)
    {
        TableCommand.Begin(to, (byte)TableQueryKind.DueItems);
        to.Count(Math.Max(0, nowSecond));
        to.Count(limit);
    }

    /// <summary>FillExpiry is done up to a key; empty: to the table's end.</summary>
    internal static void WriteFilled(ByteBuffer to, ReadOnlySpan<byte> next)
    {
        TableAnswer.WriteMore(to, !next.IsEmpty);
        to.Raw(next);
    }

    /// <summary>Where FillExpiry goes on, empty at the table's end; null when the answer is none of it.</summary>
    public static byte[]? TryReadFilled(ReadOnlySpan<byte> answer) =>
        answer.Length < 2 || answer[0] != (byte)AnswerStatus.Done || answer[1] > 1 || (answer[1] == 1) != (answer.Length > 2)
            ? null
            : answer[2..].ToArray();

    /// <summary>ExpireItems is done: whether more is due, and whether something is to be sent to other groups.</summary>
    internal static void WriteExpired(ByteBuffer to, bool more, bool hasWork)
    {
        TableAnswer.Write(to, AnswerStatus.Done);
        to.Byte((byte)((more ? HasMore : 0) | (hasWork ? HasWork : 0)));
    }

    /// <summary>Whether more is due; null when the answer is none of ExpireItems.</summary>
    public static bool? TryReadExpired(ReadOnlySpan<byte> answer) =>
        answer.Length == 2 && answer[0] == (byte)AnswerStatus.Done && (answer[1] & ~(HasMore | HasWork)) == 0 ? (answer[1] & HasMore) != 0 : null;

    /// <summary>How many entries are due; null when the answer is none of DueItems.</summary>
    public static int? TryReadDue(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        long count = reader.Count();
        return done && reader.IsComplete && count <= int.MaxValue ? (int)count : null;
    }

    private static void Row(ByteBuffer to, TableCommandKind kind, string name, ulong tableId, ulong change)
    {
        TableCommand.Begin(to, (byte)kind);
        to.Varint(change);
        to.Fixed64(tableId);
        to.Text(name);
    }
}
