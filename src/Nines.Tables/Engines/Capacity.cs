namespace Nines.Tables.Engines;

/// <summary>DynamoDB's capacity arithmetic: a write unit per KB, a read unit per 4 KB, half of it when not strong; at least one.</summary>
internal static class Capacity
{
    private const int WriteUnitBytes = 1024;
    private const int ReadUnitBytes = 4096;

    /// <summary>A write costs the larger of the item before and after.</summary>
    public static decimal OfWrite(long oldSize, long newSize) => Units(Math.Max(oldSize, newSize), WriteUnitBytes);

    /// <summary>A read costs the whole item, whatever is projected.</summary>
    public static decimal OfRead(long size, bool isStrong) => Units(size, ReadUnitBytes) * (isStrong ? 1m : 0.5m);

    private static decimal Units(long size, int unit) => Math.Max(1, (size + unit - 1) / unit);
}
