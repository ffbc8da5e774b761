using Nines.Kernel;

namespace Nines.Tables.Model.Machine;

/// <summary>
/// What one change of an item means for global indexes, kept in the group of the item, in the same step as the change, until the
/// groups of the index entries have taken it in. Entries of a group are numbered by its log, so their order is that of the changes.
/// <code>
///   version 1 | time, ms n | table id n | count n | { index id n | place blob | item blob, empty to delete }
/// </code>
/// </summary>
public sealed record OutboxEntry(long TimeMs, ulong TableId, IReadOnlyList<IndexEdit> Edits)
{
    private const byte Version = 1;

    /// <summary>Appends the entry.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(Version);
        to.Count(TimeMs);
        to.Varint(TableId);
        to.Count(Edits.Count);
        foreach (IndexEdit edit in Edits)
        {
            to.Varint(edit.IndexId);
            to.Blob(edit.Place);
            to.Blob(edit.Item.Span);
        }
    }

    /// <summary>Reads an entry to the end of the bytes; null when they are none.</summary>
    public static OutboxEntry? TryDecode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == Version;
        long time = reader.Count();
        ulong tableId = reader.Varint();
        int count = reader.Items(3);
        var edits = new IndexEdit[reader.Failed ? 0 : count];
        for (int i = 0; i < edits.Length && !reader.Failed; i++)
        {
            edits[i] = new IndexEdit(reader.Varint(), reader.Blob().ToArray(), reader.BlobMemory());
        }

        return known && reader.IsComplete ? new OutboxEntry(time, tableId, edits) : null;
    }
}
