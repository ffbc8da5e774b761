using System.Globalization;

namespace Nines.Simulation.Tables;

/// <summary>One operation of a client on lists or accounts, over all its sendings.</summary>
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

    public bool IsDone => End == OperationEnd.Done;

    public override string ToString()
    {
        string ended = EndedUs == long.MaxValue ? "?" : (EndedUs / 1e6).ToString("F6", CultureInfo.InvariantCulture);
        string reads = string.Concat(Reads.Select(static r => $" {r.Key}=[{string.Join(" ", r.Value)}]"));
        return string.Create(CultureInfo.InvariantCulture, $"t{number} {what} from {invokedUs / 1e6:F6} to {ended} s {End}{reads}");
    }
}
