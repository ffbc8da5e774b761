namespace Nines.Tables.Model.Catalogue;

/// <summary>When provisioned capacity was changed. Times are milliseconds since 1970, agreed through the log; zero for never.</summary>
/// <param name="LastIncreaseMs">The last time reads or writes got more.</param>
/// <param name="LastDecreaseMs">The last time reads or writes got less.</param>
/// <param name="DecreasesThatDay">How often they got less on the UTC day of <paramref name="LastDecreaseMs"/>.</param>
public readonly record struct ThroughputHistory(long LastIncreaseMs, long LastDecreaseMs, long DecreasesThatDay)
{
    private const long DayMs = 24L * 60 * 60 * 1000;

    /// <summary>How often capacity was decreased on the UTC day of a time.</summary>
    public long DecreasesOn(long timeMs) => LastDecreaseMs / DayMs == timeMs / DayMs ? DecreasesThatDay : 0;

    /// <summary>The history as it is to be shown at a time: what was counted on an earlier day no longer counts.</summary>
    public ThroughputHistory At(long timeMs) => this with { DecreasesThatDay = DecreasesOn(timeMs) };

    /// <summary>The history with one more change.</summary>
    public ThroughputHistory Add(bool increased, bool decreased, long timeMs) => new(
        increased ? timeMs : LastIncreaseMs,
        decreased ? timeMs : LastDecreaseMs,
        decreased ? DecreasesOn(timeMs) + 1 : DecreasesThatDay);
}

/// <summary>When the table class was changed, the last time and the time before: milliseconds since 1970, zero for never.</summary>
public readonly record struct ClassHistory(long LastMs, long BeforeMs);
