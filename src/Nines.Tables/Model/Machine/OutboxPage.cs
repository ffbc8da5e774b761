using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// The answer to ReadOutbox.
/// <code>
///   00 | waiting n | their bytes n | more u8 | count n | { number 10 bytes | entry blob }
/// </code>
/// </summary>
/// <param name="Waiting">How many entries the outbox has.</param>
/// <param name="WaitingBytes">What they weigh.</param>
/// <param name="More">More entries follow those of the page.</param>
/// <param name="Entries">The first ones, in their order.</param>
public sealed record OutboxPage(long Waiting, long WaitingBytes, bool More, IReadOnlyList<(OutboxNumber Number, OutboxEntry Entry)> Entries)
{
    /// <summary>Appends the answer.</summary>
    public void Encode(ByteBuffer to)
    {
        TableAnswer.Write(to, AnswerStatus.Done);
        to.Count(Waiting);
        to.Count(WaitingBytes);
        to.Byte(More ? (byte)1 : (byte)0);
        IndexBatch.Encode(Entries, to);
    }

    /// <summary>Reads an answer; null when the bytes are none.</summary>
    public static OutboxPage? TryDecode(ReadOnlyMemory<byte> answer)
    {
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        long waiting = reader.Count();
        long bytes = reader.Count();
        byte more = reader.Byte();
        List<(OutboxNumber, OutboxEntry)>? entries = IndexBatch.Decode(ref reader);
        return done && more <= 1 && entries is not null && reader.IsComplete ? new OutboxPage(waiting, bytes, more == 1, entries) : null;
    }
}

/// <summary>
/// The command ApplyIndexEdits: what a group has for the index entries of another, in the order it happened.
/// <code>
///   source group n | count n | { number 10 bytes | entry blob }
/// </code>
/// </summary>
public sealed record IndexBatch(GroupId Source, IReadOnlyList<(OutboxNumber Number, OutboxEntry Entry)> Entries)
{
    /// <summary>Appends the command, version and kind first.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(TableCommand.Version);
        to.Byte((byte)TableCommandKind.ApplyIndexEdits);
        to.Count(Source.Value);
        Encode(Entries, to);
    }

    /// <summary>Reads what follows version and kind; null when the bytes are something else.</summary>
    public static IndexBatch? TryDecode(ref ByteReader reader)
    {
        long source = reader.Count();
        List<(OutboxNumber, OutboxEntry)>? entries = Decode(ref reader);
        return entries is not null && reader.IsComplete && source is > 0 and <= int.MaxValue
            ? new IndexBatch(new GroupId((int)source), entries)
            : null;
    }

    internal static void Encode(IReadOnlyList<(OutboxNumber Number, OutboxEntry Entry)> entries, ByteBuffer to)
    {
        var bytes = new ByteBuffer(512);
        to.Count(entries.Count);
        foreach ((OutboxNumber number, OutboxEntry entry) in entries)
        {
            number.Write(to);
            bytes.Clear();
            entry.Encode(bytes);
            to.Blob(bytes.Written);
        }
    }

    /// <summary>Reads entries, each behind the one before; null when the bytes are none.</summary>
    internal static List<(OutboxNumber Number, OutboxEntry Entry)>? Decode(ref ByteReader reader)
    {
        int count = reader.Items(OutboxNumber.Length + 1);
        var entries = new List<(OutboxNumber, OutboxEntry)>(reader.Failed ? 0 : count);
        OutboxNumber last = OutboxNumber.None;
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            var number = OutboxNumber.Read(ref reader);
            if (OutboxEntry.TryDecode(reader.BlobMemory()) is not { } entry || number <= last)
            {
                reader.Fail();
                break;
            }

            entries.Add((number, entry));
            last = number;
        }

        return reader.Failed ? null : entries;
    }
}
