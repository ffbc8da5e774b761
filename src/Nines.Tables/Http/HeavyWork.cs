namespace Nines.Tables;

/// <summary>
/// Runs what takes long (to decompress and parse a large body, to write a large answer) one at a time, away from the event loop that brought it: the
/// loop has other clients, and on a small machine the heartbeats of the node.
/// </summary>
internal sealed class HeavyWork
{
    private readonly TaskFactory _oneAtATime = new(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

    /// <summary>Runs the work on a thread of the pool, where the caller goes on too. How many wait is bounded by the connections.</summary>
    public Task<T> RunAsync<T>(Func<T> work) => _oneAtATime.StartNew(work);
}
