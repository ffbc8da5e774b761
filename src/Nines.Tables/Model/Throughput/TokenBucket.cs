namespace Nines.Tables.Model.Throughput;

/// <summary>
/// What may still be consumed of a provisioned rate. Fills with time, keeps at most what was left unused of the last
/// <see cref="BurstSeconds"/>, and may be overdrawn: what a request costs is known only after it.
/// Over any time t it gives at most rate * t, the burst, and the part of the last request that overdraws it.
/// </summary>
/// <param name="Rate">Units per second, at most <see cref="Catalogue.CapacityLimits.TableUnitsMax"/>.</param>
/// <param name="Level">What is there, in thousandths of a unit: a rate of one fills it by one each millisecond. Negative: overdrawn.</param>
/// <param name="AtMs">When that was, on a clock of the caller's that does not go back.</param>
public readonly record struct TokenBucket(long Rate, long Level, long AtMs)
{
    /// <summary>How many seconds of unused capacity are kept; DynamoDB's five minutes.</summary>
    public const long BurstSeconds = 300;

    /// <summary>Thousandths of a unit in a unit.</summary>
    public const long Unit = 1000;

    /// <summary>A bucket of a table that has had no time to save anything up: there is what one second gives.</summary>
    public static TokenBucket New(long rate, long nowMs) => new(rate, rate * Unit, nowMs);

    /// <summary>A request may go through; it need not be covered.</summary>
    public bool IsOpen => Level > 0;

    private long Full => Rate * Unit * BurstSeconds;

    /// <summary>The bucket as it is later on.</summary>
    public TokenBucket At(long nowMs)
    {
        long passed = Math.Max(0, nowMs - AtMs);
        return this with { Level = Math.Min(Full, Level + (Rate * passed)), AtMs = AtMs + passed };
    }

    /// <summary>What is left when this much is consumed, in thousandths of a unit.</summary>
    public TokenBucket Take(long thousandths) => this with { Level = Level - thousandths };

    /// <summary>Fills at another rate from now on. What was saved up stays, as far as the new burst goes.</summary>
    public TokenBucket WithRate(long rate, long nowMs)
    {
        TokenBucket changed = At(nowMs) with { Rate = rate };
        return changed with { Level = Math.Min(changed.Full, changed.Level) };
    }
}
