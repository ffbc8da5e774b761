using System.Globalization;

namespace Nines.Simulation.Tables;

/// <summary>One operation of a client, over all its sendings.</summary>
internal sealed class TableOperation(long number, string what, long invokedUs)
{
    public long Number => number;

    public string What => what;

    public long InvokedUs => invokedUs;

    /// <summary>When its end was known; never, while it may still be done.</summary>
    public long EndedUs { get; set; } = long.MaxValue;

    /// <summary>Pending counts as unknown.</summary>
    public OperationEnd End { get; set; } = OperationEnd.Pending;

    /// <summary>The lists it appends to.</summary>
    public IReadOnlyList<string> Appends { get; init; } = [];

    /// <summary>The lists it read and what was in them.</summary>
    public SortedDictionary<string, long[]> Reads { get; } = new(StringComparer.Ordinal);

    /// <summary>The items for each of which it leaves a record in a stream when it is done: "table/key".</summary>
    public IReadOnlyList<string> Keys { get; set; } = [];

    /// <summary>It may be acknowledged before all groups have done their parts; locks hide that, and streams come a little later.</summary>
    public bool IsTransaction { get; set; }

    /// <summary>The item that a deletion found, and its version.</summary>
    public (string Key, long Version)? Removed { get; set; }

    public bool IsDone => End == OperationEnd.Done;

    public override string ToString()
    {
        string ended = EndedUs == long.MaxValue ? "?" : (EndedUs / 1e6).ToString("F6", CultureInfo.InvariantCulture);
        string reads = string.Concat(Reads.Select(static r => $" {r.Key}=[{string.Join(" ", r.Value)}]"));
        return string.Create(CultureInfo.InvariantCulture, $"t{number} {what} from {invokedUs / 1e6:F6} to {ended} s {End}{reads}");
    }
}
