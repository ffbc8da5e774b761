using System.Diagnostics;

namespace Nines.EndToEnd.Tests.Cluster;

/// <summary>Waits for conditions of the world outside this process by asking again and again, never by hoping that a time is enough.</summary>
internal static class Eventually
{
    /// <summary>Generous, because the machine may be busy with other tests; no test waits that long unless something is wrong.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Asks until there is an answer; fails with <paramref name="why"/> when the patience ends.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> ask, Func<string> why, TimeSpan? patience = null)
        where T : class
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            if (Stopwatch.GetElapsedTime(started) > (patience ?? Patience))
            {
                throw new TimeoutException($"after {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s: {why()}");
            }

            await Task.Delay(Pause);
        }
    }

    public static Task HoldsAsync(Func<Task<bool>> condition, Func<string> why, TimeSpan? patience = null) =>
        GetAsync(async () => await condition() ? "yes" : null, why, patience);

    public static Task HoldsAsync(Func<bool> condition, Func<string> why, TimeSpan? patience = null) =>
        HoldsAsync(() => Task.FromResult(condition()), why, patience);
}
