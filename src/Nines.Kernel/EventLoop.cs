using System.Runtime.ExceptionServices;

namespace Nines.Kernel;

/// <summary>
/// One thread that owns what is registered with it, so that none of it needs a lock. A round is: wait for events and handle them, run
/// the work that came back from elsewhere, give each part its turn. It waits only when a round left nothing to do.
/// </summary>
public abstract class EventLoop : Executor, IDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    /// <summary>Handlers and posted work that take longer let the parts have a turn in between: a heartbeat is not to wait for a crowd.</summary>
    private const int MaxHandlingMs = 5;

    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private List<IThreadPoolWorkItem> _posted = [];
    private List<IThreadPoolWorkItem> _running = [];
    private volatile ILoopPart[] _parts = [];
    private long _handlingSince;
    private bool _awake;
    private bool _sleeps;
    private bool _started;
    private volatile bool _ended;
    private volatile bool _ending;

    protected EventLoop(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Milliseconds since some time, never going back; read when a wait ends and when the parts have their turn.</summary>
    public long Now { get; private set; } = Environment.TickCount64;

    /// <summary>The calling thread is this loop's.</summary>
    public bool IsHere => ReferenceEquals(Current, this);

    /// <summary>Its thread runs nothing any more; what is still posted is dropped.</summary>
    public bool HasEnded => _ended;

    /// <summary>
    /// Handlers had their time, and the parts wait for their turn: a handler that could go on for long posts itself and returns. Loop's thread.
    /// </summary>
    public bool IsTurnDue => Environment.TickCount64 - _handlingSince > MaxHandlingMs;

    public void Start()
    {
        lock (_gate)
        {
            Invariant.Assert(!_started && !_ended);
            _started = true;
        }

        _thread.Start();
    }

    /// <summary>From now on the part has a turn in each round, after those that were here before. Any thread.</summary>
    public void Add(ILoopPart part)
    {
        lock (_gate)
        {
            _parts = [.. _parts, part];
        }

        Wake();
    }

    /// <summary>The part has no more turns once this returns, unless the loop hangs in one. Any thread.</summary>
    public void Remove(ILoopPart part)
    {
        lock (_gate)
        {
            _parts = [.. _parts.Where(p => p != part)];
        }

        // A turn may be under way; when the loop comes to this, it is over.
        Do(static () => { });
    }

    public override void Post(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                _posted.Add(work);
                WakeHeld();
            }
        }
    }

    /// <summary>
    /// Runs the action on the loop's thread and waits for its end; at once when it is called there. What the action throws, this throws.
    /// </summary>
    /// <returns>
    /// False: the loop is not started or <see cref="HasEnded"/>, and never runs it; or it hangs, and runs it should it come to itself.
    /// </returns>
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
            if (_ended || !_started)
            {
                return false;
            }

            _posted.Add(errand);
            WakeHeld();
        }

        return errand.Wait(StopPatience);
    }

    /// <summary>The parts have one more turn, soon. Any thread.</summary>
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
        lock (_gate)
        {
            WakeHeld();
            if (!_started && !_ended)
            {
                _ended = true;
                Closed();
            }
        }

        if (_thread.IsAlive && !IsHere)
        {
            _thread.Join(StopPatience);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Waits for events, at most that long, says <see cref="Awoken"/>, and handles those that are there, with <see cref="GiveTurnsIfDue"/>
    /// after each.
    /// </summary>
    /// <param name="timeoutMs">0: takes only what is there; <see cref="ILoopPart.Never"/>: waits until <see cref="Ring"/>.</param>
    protected abstract void WaitForEvents(int timeoutMs);

    /// <summary>Ends the wait. Called by any thread, at most once for each wait, never after <see cref="Closed"/>.</summary>
    protected abstract void Ring();

    /// <summary>The thread ends, or was never started.</summary>
    protected abstract void Closed();

    /// <summary>The wait is over: nobody needs to ring any more, and handling begins.</summary>
    protected void Awoken()
    {
        if (Volatile.Read(ref _sleeps))
        {
            lock (_gate)
            {
                _sleeps = false;
            }
        }

        BeginHandling();
    }

    /// <summary>Between two handlers: the parts have a turn outside of the usual order when otherwise they would starve.</summary>
    protected void GiveTurnsIfDue()
    {
        if (IsTurnDue)
        {
            RunParts();
            BeginHandling();
        }
    }

    private void BeginHandling() => Now = _handlingSince = Environment.TickCount64;

    /// <summary>Gives each part its turn.</summary>
    /// <returns>Milliseconds until one of them wants the next; <see cref="ILoopPart.Never"/> for none.</returns>
    private int RunParts()
    {
        Now = Environment.TickCount64;
        int due = ILoopPart.Never;
        ILoopPart[] parts = _parts;
        foreach (ILoopPart part in parts)
        {
            // One of them may have removed another.
            if (ReferenceEquals(parts, _parts) || Array.IndexOf(_parts, part) >= 0)
            {
                due = Math.Min(due, part.Round());
            }
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
            RunPosted();
            due = RunParts();
        }

        RunPosted();
        End();
    }

    /// <summary>Who posted an errand too late is told; nothing else that came too late has anybody who waits for it.</summary>
    private void End()
    {
        lock (_gate)
        {
            _ended = true;
            Closed();
        }

        foreach (Errand errand in _posted.OfType<Errand>())
        {
            errand.Refuse();
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

    private void RunPosted()
    {
        lock (_gate)
        {
            (_posted, _running) = (_running, _posted);

            // Whoever woke it before this is served by this round: the parts' turns come behind.
            _awake = false;
        }

        foreach (IThreadPoolWorkItem work in _running)
        {
            work.Execute();
            GiveTurnsIfDue();
        }

        _running.Clear();
    }

    private sealed class Errand(Action action) : IThreadPoolWorkItem
    {
        private readonly object _gate = new();
        private bool _over;
        private bool _ran;
        private ExceptionDispatchInfo? _failure;

        public void Execute()
        {
            try
            {
                action();
            }
            catch (Exception failure)
            {
                // It belongs to the thread that sent the errand.
                _failure = ExceptionDispatchInfo.Capture(failure);
            }

            End(ran: true);
        }

        public void Refuse() => End(ran: false);

        /// <summary>False: it was refused, or the patience is over.</summary>
        public bool Wait(TimeSpan patience)
        {
            lock (_gate)
            {
                // Nobody but the end pulses it.
                if (!_over && !Monitor.Wait(_gate, patience))
                {
                    return false;
                }
            }

            _failure?.Throw();
            return _ran;
        }

        private void End(bool ran)
        {
            lock (_gate)
            {
                _ran = ran;
                _over = true;
                Monitor.PulseAll(_gate);
            }
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
