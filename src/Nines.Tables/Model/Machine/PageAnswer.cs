using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Machine;

/// <summary>What a page came to: items looked at, those among them that are returned, and what the former weigh in bytes.</summary>
public readonly record struct PageTotals(int Scanned, int Returned, long Bytes)
{
    /// <summary>The part of the bytes that was read from the table for entries of an index.</summary>
    public long FetchedBytes { get; init; }

    /// <summary>What those items cost, each on its own, in read units of a strong read.</summary>
    public long FetchedUnits { get; init; }

    /// <summary>Of two pages together.</summary>
    public static PageTotals operator +(PageTotals a, PageTotals b) => Add(a, b);

    /// <summary>Of two pages together.</summary>
    public static PageTotals Add(PageTotals left, PageTotals right) =>
        new(left.Scanned + right.Scanned, left.Returned + right.Returned, left.Bytes + right.Bytes)
        {
            FetchedBytes = left.FetchedBytes + right.FetchedBytes,
            FetchedUnits = left.FetchedUnits + right.FetchedUnits,
        };
}

/// <summary>
/// The answer to a <see cref="PageQuery"/>.
/// <code>
///   00 | scanned n | returned n | bytes n | flags u8 [| fetched bytes n | fetched units n] [| key attributes of the last, an item] | { item blob }
///   flags       1 the last item's key, 2 items were fetched
/// </code>
/// </summary>
public static class PageAnswer
{
    private const byte HasLast = 1;
    private const byte HasFetched = 2;

    /// <summary>Done. <paramref name="last"/>: the key attributes of the item behind which the page was full; null: it was not.</summary>
    public static void Write(ByteBuffer to, PageTotals totals, ReadOnlySpan<byte> items = default, Item? last = null)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Byte((byte)AnswerStatus.Done);
        to.Count(totals.Scanned);
        to.Count(totals.Returned);
        to.Count(totals.Bytes);
        to.Byte((byte)((last is null ? 0 : HasLast) | (totals.FetchedUnits == 0 ? 0 : HasFetched)));
        if (totals.FetchedUnits > 0)
        {
            to.Count(totals.FetchedBytes);
            to.Count(totals.FetchedUnits);
        }

        if (last is not null)
        {
            ItemCodec.Encode(last, to);
        }

        to.Raw(items);
    }

    /// <summary>Reads an answer; false when the bytes are none. The encoded items go to <paramref name="items"/> and share the memory.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> answer, List<ReadOnlyMemory<byte>> items, out PageTotals totals, out Item? last)
    {
        ArgumentNullException.ThrowIfNull(items);
        var reader = new ByteReader(answer);
        bool done = reader.Byte() == (byte)AnswerStatus.Done;
        long scanned = reader.Count();
        long returned = reader.Count();
        long bytes = reader.Count();
        byte flags = reader.Byte();
        (long fetchedBytes, long fetchedUnits) = (flags & HasFetched) != 0 ? (reader.Count(), reader.Count()) : (0, 0);
        last = (flags & HasLast) != 0 ? ItemCodec.DecodeItem(ref reader) : null;
        while (!reader.Failed && reader.Left > 0)
        {
            items.Add(reader.BlobMemory());
        }

        bool isGood = done && reader.IsComplete && flags <= (HasLast | HasFetched) && scanned <= int.MaxValue && returned <= scanned;
        totals = isGood
            ? new PageTotals((int)scanned, (int)returned, bytes) { FetchedBytes = fetchedBytes, FetchedUnits = fetchedUnits }
            : default;
        return isGood;
    }
}
