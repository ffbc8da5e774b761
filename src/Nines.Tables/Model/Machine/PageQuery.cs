using Nines.Kernel;
using Nines.Tables.Model.Expressions;

namespace Nines.Tables.Model.Machine;

/// <summary>How a page is read. The numbers are sent between nodes: append only.</summary>
[Flags]
public enum PageFlags : byte
{
    /// <summary>Upwards, everything.</summary>
    None = 0,

    /// <summary>Downwards from the end of the range.</summary>
    Reverse = 1,

    /// <summary>A filter follows: only items that meet it are returned, though all count.</summary>
    Filter = 2,

    /// <summary>A projection follows.</summary>
    Projection = 4,

    /// <summary>Items are counted and not returned.</summary>
    CountOnly = 8,

    /// <summary>An index is read; its id follows.</summary>
    Index = 16,

    /// <summary>The items of the index's entries are read from the table.</summary>
    Fetch = 32,
}

/// <summary>
/// What a group is asked for by Query and Scan: the items of one table, or the entries of one of its indexes, from a key on up to another, until a limit of items or of bytes is
/// reached, both counted before the filter.
/// </summary>
/// <param name="TableId">The table.</param>
/// <param name="From">The first item key (slot first), included.</param>
/// <param name="To">The key behind the last, excluded; empty: the end of the table.</param>
/// <param name="Flags">Direction and what follows; those of filter and projection are set by their presence.</param>
/// <param name="LimitItems">How many items are looked at at most; 0: any number.</param>
/// <param name="LimitBytes">Looks at no further item once those seen weigh as much, by DynamoDB's arithmetic. At most 1 MB.</param>
/// <param name="KeyNames">The attributes of the last item that was looked at which come back, to go on behind it.</param>
public sealed record PageQuery(
    ulong TableId,
    ReadOnlyMemory<byte> From,
    ReadOnlyMemory<byte> To,
    PageFlags Flags,
    int LimitItems,
    int LimitBytes,
    IReadOnlyList<string> KeyNames)
{
    /// <summary>No page weighs more, by DynamoDB's rules, but for the item that reaches the limit.</summary>
    public const int BytesMax = 1 << 20;

    // Keys of a table and of an index.
    private const int KeyNamesMax = 4;
    private const int KeyBytesMax = 16384;
    private const PageFlags Known = (PageFlags)63;

    /// <summary>The index whose entries are read, in place of items; 0: none.</summary>
    public ulong IndexId { get; init; }

    /// <summary>Items must meet it to be returned.</summary>
    public Condition? Filter { get; init; }

    /// <summary>The parts of items that are returned.</summary>
    public ProjectionPlan? Projection { get; init; }

    /// <summary>Appends the query, version and kind first.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte(TableCommand.Version);
        to.Byte((byte)TableQueryKind.ReadPage);
        to.Fixed64(TableId);
        PageFlags flags = Flags & (PageFlags.Reverse | PageFlags.CountOnly | PageFlags.Fetch);
        flags |= IndexId == 0 ? 0 : PageFlags.Index;
        flags |= Filter is null ? 0 : PageFlags.Filter;
        flags |= Projection is null ? 0 : PageFlags.Projection;
        to.Byte((byte)flags);
        if (IndexId != 0)
        {
            to.Varint(IndexId);
        }

        to.Blob(From.Span);
        to.Blob(To.Span);
        to.Count(LimitItems);
        to.Count(LimitBytes);
        to.Count(KeyNames.Count);
        foreach (string name in KeyNames)
        {
            to.Text(name);
        }

        if (Filter is not null)
        {
            ExpressionCodec.Encode(Filter, to);
        }

        if (Projection is not null)
        {
            ExpressionCodec.Encode(Projection, to);
        }
    }

    /// <summary>Reads what follows version and kind; null when the bytes are something else.</summary>
    public static PageQuery? TryDecode(ref ByteReader query)
    {
        ulong tableId = query.Fixed64();
        var flags = (PageFlags)query.Byte();
        ulong indexId = (flags & PageFlags.Index) != 0 ? query.Varint() : 0;
        byte[] from = query.Blob().ToArray();
        byte[] to = query.Blob().ToArray();
        long limitItems = query.Count();
        long limitBytes = query.Count();
        var names = new List<string>();
        for (int left = query.Items(1); left > 0 && names.Count <= KeyNamesMax && !query.Failed; left--)
        {
            names.Add(query.Text());
        }

        Condition? filter = (flags & PageFlags.Filter) != 0 ? ExpressionCodec.DecodeCondition(ref query) : null;
        ProjectionPlan? projection = (flags & PageFlags.Projection) != 0 ? ExpressionCodec.DecodeProjection(ref query) : null;
        bool isGood = query.IsComplete && (flags & ~Known) == 0 && indexId < ulong.MaxValue && names.Count <= KeyNamesMax
            && from.Length <= KeyBytesMax && to.Length <= KeyBytesMax
            && limitItems <= int.MaxValue && limitBytes is > 0 and <= BytesMax;
        return !isGood ? null : new PageQuery(tableId, from, to, flags, (int)limitItems, (int)limitBytes, names)
        {
            IndexId = indexId,
            Filter = filter,
            Projection = projection,
        };
    }
}
