namespace Nines.Kernel;

/// <summary>
/// One thread that owns what is registered with it, so that none of it needs a lock. A round is: wait for events and handle them, run
/// the work that came back from elsewhere, give each part its turn. It waits only when a round left nothing to do.
/// </summary>
public abstract class EventLoop : Executor, IDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private List<IThreadPoolWorkItem> _posted = [];
    private List<IThreadPoolWorkItem> _running = [];
    private ILoopPart[] _parts = [];
    private bool _awake;
    private bool _sleeps;
    private bool _ended;
    private volatile bool _ending;

    protected EventLoop(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Milliseconds since some time, never going back; read once for each round.</summary>
    public long Now { get; private set; } = Environment.TickCount64;

    /// <summary>The calling thread is this loop's.</summary>
    public bool IsHere => ReferenceEquals(Current, this);

    public void Start() => _thread.Start();

    /// <summary>From now on the part has a turn in each round, after those that were here before. Any thread.</summary>
    public void Add(ILoopPart part)
    {
        lock (_gate)
        {
            _parts = [.. _parts, part];
        }

        Wake();
    }

    /// <summary>The part has no more turns once this returns. Any thread.</summary>
    public void Remove(ILoopPart part)
    {
        lock (_gate)
        {
            _parts = [.. _parts.Where(p => p != part)];
        }

        // A round that runs may still hold the old list; when it is over, so is that.
        Do(static () => { });
    }

    public override void Post(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            _posted.Add(work);
            WakeHeld();
        }
    }

    /// <summary>Runs the action on the loop's thread and waits for its end; at once when it is called there. False: the loop has ended, or hangs.</summary>
    public bool Do(Action action)
    {
        if (IsHere)
        {
            action();
            return true;
        }

        var errand = new Errand(action);
        lock (_gate)
        {
            if (_ended || !_thread.IsAlive)
            {
                return false;
            }

            _posted.Add(errand);
            WakeHeld();
        }

        return errand.Done.Wait(StopPatience);
    }

    /// <summary>There will be one more round, soon. Any thread.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            WakeHeld();
        }
    }

    /// <summary>Ends the thread after the round it is in. Parts and descriptors should have been taken away before.</summary>
    public void Dispose()
    {
        _ending = true;
        Wake();
        if (_thread.IsAlive && !IsHere)
        {
            _thread.Join(StopPatience);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Waits for events, at most that long, and handles those that are there.</summary>
    /// <param name="timeoutMs">0: takes only what is there; below 0: waits until <see cref="Ring"/>.</param>
    protected abstract void WaitForEvents(int timeoutMs);

    /// <summary>Ends the wait. Called by any thread, at most once for each wait, never after <see cref="Closed"/>.</summary>
    protected abstract void Ring();

    /// <summary>The thread ends.</summary>
    protected abstract void Closed();

    /// <summary>Gives each part its turn, outside of the usual order: for a wait that brought so much to do that the parts would starve.</summary>
    /// <returns>Milliseconds until one of them wants the next; <see cref="ILoopPart.Never"/> for none.</returns>
    protected int RunParts()
    {
        Now = Environment.TickCount64;
        int due = ILoopPart.Never;
        foreach (ILoopPart part in _parts)
        {
            due = Math.Min(due, part.Round());
        }

        return due;
    }

    /// <summary>Nobody needs to ring for it: it will look again before it sleeps.</summary>
    private void WakeHeld()
    {
        _awake = true;
        if (_sleeps)
        {
            _sleeps = false;
            Ring();
        }
    }

    private void Run()
    {
        Current = this;
        int due = 0;
        while (!_ending)
        {
            WaitForEvents(due > 0 && MaySleep() ? due : 0);
            EndSleep();
            Now = Environment.TickCount64;
            RunPosted();
            due = RunParts();
        }

        RunPosted();
        lock (_gate)
        {
            _ended = true;
            Closed();
        }
    }

    private bool MaySleep()
    {
        lock (_gate)
        {
            _sleeps = !_awake;
            _awake = false;
            return _sleeps;
        }
    }

    private void EndSleep()
    {
        if (Volatile.Read(ref _sleeps))
        {
            lock (_gate)
            {
                _sleeps = false;
            }
        }
    }

    private void RunPosted()
    {
        lock (_gate)
        {
            (_posted, _running) = (_running, _posted);
        }

        foreach (IThreadPoolWorkItem work in _running)
        {
            work.Execute();
        }

        _running.Clear();
    }

    private sealed class Errand(Action action) : IThreadPoolWorkItem
    {
        public ManualResetEventSlim Done { get; } = new();

        public void Execute()
        {
            action();
            Done.Set();
        }
    }
}

/// <summary>Something with a turn in each round of an <see cref="EventLoop"/>.</summary>
public interface ILoopPart
{
    /// <summary>No turn is wanted unless something happens.</summary>
    const int Never = int.MaxValue;

    /// <summary>Does what there is to do, and throws nothing.</summary>
    /// <returns>Milliseconds until it wants the next turn at the latest; 0 for at once.</returns>
    int Round();
}
