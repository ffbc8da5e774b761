using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>How a command or query ended. Sent between nodes and kept with the first answer of a request id: append only.</summary>
public enum AnswerStatus : byte
{
    /// <summary>Done; what was asked for follows.</summary>
    Done = 0,

    /// <summary>Refused by the rules; the error follows. Nothing was written.</summary>
    Refused = 1,

    /// <summary>This group has no live registration of the table: the asker's catalogue is old, or the group's is.</summary>
    UnknownTable = 2,

    /// <summary>The bytes are no command or query of this version. Nothing was written.</summary>
    Malformed = 3,

    /// <summary>A stored value cannot be read. Nothing was written.</summary>
    Damaged = 4,

    /// <summary>A transaction holds the item; which one follows. Nothing was written.</summary>
    Locked = 5,
}

/// <summary>Writes and reads the machine's answers; docs/formats/tables.md draws them. Reading never throws.</summary>
public static class TableAnswer
{
    private const byte HasItem = 1;
    private const byte HasSizes = 2;
    private const byte HasWork = 4;
    private const byte HasCosts = 8;
    private const int NamesMax = TableDescription.MaxTables;

    /// <summary>An answer of its status alone.</summary>
    public static void Write(ByteBuffer to, AnswerStatus status)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte((byte)status);
    }

    /// <summary>A refusal.</summary>
    public static void Write(ByteBuffer to, TableError error)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(error);
        to.Byte((byte)AnswerStatus.Refused);
        to.Text(error.Type);
        to.Text(error.Message);
        to.Count(error.Status);
        to.Byte(error.Item is null ? (byte)0 : HasItem);
        if (error.Item is not null)
        {
            ItemCodec.Encode(error.Item, to);
        }
    }

    /// <summary>Done, with sizes when they were asked for; an encoded item may follow when <paramref name="hasItem"/>.</summary>
    public static void BeginItem(
        ByteBuffer to, (long Old, long New)? sizes, bool hasItem, bool hasWork = false, IReadOnlyList<IndexCost>? costs = null)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte((byte)AnswerStatus.Done);
        to.Byte((byte)((hasItem ? HasItem : 0) | (sizes is null ? 0 : HasSizes) | (hasWork ? HasWork : 0) | (costs is { Count: > 0 } ? HasCosts : 0)));
        if (sizes is { } both)
        {
            to.Count(both.Old);
            to.Count(both.New);
        }

        if (costs is { Count: > 0 })
        {
            WriteCosts(to, costs);
        }
    }

    /// <summary>Whether the command left work behind which the group's leader has to see to: changes to send to other groups.</summary>
    public static bool HasWorkIn(ReadOnlySpan<byte> answer) =>
        answer.Length > 1 && answer[0] == (byte)AnswerStatus.Done && (answer[1] & HasWork) != 0;

    /// <summary>Not done: a transaction holds the item. For how long, by the group's clock, when that is known.</summary>
    public static void Write(ByteBuffer to, ItemLock held, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte((byte)AnswerStatus.Locked);
        held.Transaction.Write(to);
        to.Count(Math.Max(0, nowMs - held.SinceMs));
    }

    /// <summary>Who holds an item; null when the bytes say something else.</summary>
    public static TransactionId? TryReadLock(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool locked = reader.Byte() == (byte)AnswerStatus.Locked;
        TransactionId transaction = TransactionId.Read(ref reader);
        _ = reader.Count();
        return locked && reader.IsComplete ? transaction : null;
    }

    /// <summary>Done, with a catalogue row.</summary>
    public static void Write(ByteBuffer to, TableDescription row)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(row);
        to.Byte((byte)AnswerStatus.Done);
        row.Encode(to);
    }

    /// <summary>The status, or <see cref="AnswerStatus.Malformed"/> for anything that is no answer.</summary>
    public static AnswerStatus StatusOf(ReadOnlySpan<byte> answer) =>
        answer.IsEmpty || answer[0] > (byte)AnswerStatus.Locked ? AnswerStatus.Malformed : (AnswerStatus)answer[0];

    /// <summary>The error of a refusal; null when the bytes are none.</summary>
    public static TableError? TryReadError(ReadOnlyMemory<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool refused = reader.Byte() == (byte)AnswerStatus.Refused;
        string type = reader.Text();
        string message = reader.Text();
        long status = reader.Count();
        byte flags = reader.Byte();
        Item? item = (flags & HasItem) != 0 ? ItemCodec.DecodeItem(ref reader) : null;
        return refused && reader.IsComplete && status is >= 400 and <= 599 ? new TableError(type, message, (int)status, item) : null;
    }

    /// <summary>The item of an item operation's answer: sizes (zero when not asked for) and the encoded item (empty when there is none).</summary>
    public static bool TryReadItem(ReadOnlyMemory<byte> answer, out long oldSize, out long newSize, out ReadOnlyMemory<byte> item) =>
        TryReadItem(answer, out oldSize, out newSize, out _, out item);

    /// <summary>The same, with what the write cost in indexes.</summary>
    public static bool TryReadItem(
        ReadOnlyMemory<byte> answer, out long oldSize, out long newSize, out IReadOnlyList<IndexCost> costs, out ReadOnlyMemory<byte> item)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        byte flags = reader.Byte();
        oldSize = (flags & HasSizes) != 0 ? reader.Count() : 0;
        newSize = (flags & HasSizes) != 0 ? reader.Count() : 0;
        costs = (flags & HasCosts) != 0 ? ReadCosts(ref reader) : [];
        item = (flags & HasItem) != 0 && !reader.Failed ? answer[reader.Offset..] : default;
        return done && !reader.Failed && flags <= (HasItem | HasSizes | HasWork | HasCosts) && item.IsEmpty == ((flags & HasItem) == 0)
            && (!item.IsEmpty || reader.Left == 0);
    }

    /// <summary>The table that a group has yet to be told of, or of an index of it; null when the bytes say something else.</summary>
    public static ulong? TryReadUnknown(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool unknown = reader.Byte() == (byte)AnswerStatus.UnknownTable;
        ulong tableId = reader.Fixed64();
        return unknown && reader.IsComplete ? tableId : null;
    }

    /// <summary>The shape of a table; null when there is none.</summary>
    public static TableShape? TryReadShape(ReadOnlyMemory<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        TableShape? shape = done ? TableShape.TryDecode(ref reader) : null;
        return reader.IsComplete ? shape : null;
    }

    /// <summary>Appends what a write cost in indexes.</summary>
    internal static void WriteCosts(ByteBuffer to, IReadOnlyList<IndexCost> costs)
    {
        to.Count(costs.Count);
        foreach (IndexCost cost in costs)
        {
            to.Varint(cost.IndexId);
            to.Count(cost.Units);
        }
    }

    /// <summary>Reads what a write cost in indexes; the reader fails when the bytes are none.</summary>
    internal static IndexCost[] ReadCosts(ref ByteReader reader)
    {
        int count = reader.Items(2);
        var costs = new IndexCost[reader.Failed ? 0 : count];
        for (int i = 0; i < costs.Length; i++)
        {
            costs[i] = new IndexCost(reader.Varint(), reader.Count());
        }

        return costs;
    }

    /// <summary>The catalogue row of an answer; null when there is none.</summary>
    public static TableDescription? TryReadRow(ReadOnlySpan<byte> answer) =>
        StatusOf(answer) == AnswerStatus.Done && answer.Length > 1 ? TableDescription.TryDecode(answer[1..]) : null;

    /// <summary>Done, with rows that are not ACTIVE.</summary>
    public static List<TableDescription>? TryReadRows(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        int count = reader.Items(32);
        var rows = new List<TableDescription>();
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            if (TableDescription.TryDecode(ref reader) is { } row)
            {
                rows.Add(row);
            }
        }

        return done && reader.IsComplete ? rows : null;
    }

    /// <summary>Done, with a page of names and whether more follow.</summary>
    public static (List<string> Names, bool More)? TryReadNames(ReadOnlySpan<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        byte more = reader.Byte();
        int count = reader.Items(1);
        var names = new List<string>();
        for (int i = 0; i < count && i < NamesMax && !reader.Failed; i++)
        {
            names.Add(reader.Text());
        }

        return done && reader.IsComplete && more <= 1 ? (names, more == 1) : null;
    }

    /// <summary>Done, with one truth: whether more is to do.</summary>
    public static void WriteMore(ByteBuffer to, bool more)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte((byte)AnswerStatus.Done);
        to.Byte(more ? (byte)1 : (byte)0);
    }

    /// <summary>Reads <see cref="WriteMore"/>; null when the bytes are something else.</summary>
    public static bool? TryReadMore(ReadOnlySpan<byte> answer) =>
        answer.Length == 2 && answer[0] == (byte)AnswerStatus.Done && answer[1] <= 1 ? answer[1] == 1 : null;
}
