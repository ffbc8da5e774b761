namespace Nines.Kernel;

/// <summary>
/// Where work goes on that waited for an answer. A thread that runs an event loop is one of these, and what it asked for comes back to it
/// instead of to a pool: its connections need no locks, and one wake-up serves many answers.
/// </summary>
public abstract class Executor
{
    [ThreadStatic]
    private static Executor? t_current;

    /// <summary>The pool's threads.</summary>
    public static Executor Pool { get; } = new PoolExecutor();

    /// <summary>That of the calling thread; <see cref="Pool"/> for every thread that set none.</summary>
    public static Executor Current
    {
        get => t_current ?? Pool;
        set => t_current = value;
    }

    /// <summary>Runs the work soon, on a thread of this executor. Any thread. The work throws nothing.</summary>
    public abstract void Post(IThreadPoolWorkItem work);

    private sealed class PoolExecutor : Executor
    {
        public override void Post(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
    }
}
