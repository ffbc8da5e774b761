namespace Nines.Node.Commands.Tables;

/// <summary>
/// How long to wait before a request is sent again: it doubles from <see cref="First"/> to <see cref="Longest"/>, half of it by chance, so
/// that those who were refused together do not come back together.
/// </summary>
internal static class Backoff
{
    /// <summary>With these waits some 20 seconds: longer than any failover.</summary>
    public const int AttemptsMax = 12;

    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);

    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(4);

    /// <param name="attempt">How many attempts have failed, from 1.</param>
    /// <param name="chance">From 0 to 1.</param>
    /// <param name="wanted">What the server asked for, if anything; no longer than <see cref="Longest"/> is believed.</param>
    public static TimeSpan Delay(int attempt, double chance, TimeSpan wanted = default)
    {
        TimeSpan full = First * Math.Pow(2, Math.Min(attempt - 1, 20));
        full = full < Longest ? full : Longest;
        TimeSpan own = full * (0.5 + (0.5 * chance));
        TimeSpan asked = wanted < Longest ? wanted : Longest;
        return own > asked ? own : asked;
    }

    public static Task WaitAsync(int attempt, TimeSpan wanted, TimeProvider time, CancellationToken cancel)
    {
#pragma warning disable CA5394 // Chance spreads load here, it keeps no secret.
        return Task.Delay(Delay(attempt, Random.Shared.NextDouble(), wanted), time, cancel);
#pragma warning restore CA5394
    }
}
