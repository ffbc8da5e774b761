using Nines.Kernel;

namespace Nines.Node.Adapters;

/// <summary>A piece of background work that ended, on its way back to the reactor that started it.</summary>
/// <param name="Error">The exception that ended the work, or null.</param>
public readonly record struct BackgroundCompletion(
    IBackgroundWork Work, Action<IBackgroundWork, Exception?> Completed, Exception? Error)
{
    /// <summary>Called on the reactor's own thread, in one of its turns.</summary>
    public void Deliver() => Completed(Work, Error);
}

/// <summary>
/// The background port on real threads: one per lane, which runs the lane's work in the order it was started. A thread of its own
/// and not the pool's, because a flush must not wait behind whatever keeps the pool busy.
/// </summary>
public sealed class RealBackground : IBackground, IDisposable
{
    /// <summary>Work waiting in one lane. A reactor starts few pieces at once; more is a leak.</summary>
    private const int MaxWaiting = 65_536;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly Action<BackgroundCompletion> _post;
    private readonly LaneThread[] _lanes;

    /// <param name="post">Takes a completion into the reactor's inbox; called from the lanes' threads, must not block.</param>
    public RealBackground(Action<BackgroundCompletion> post)
    {
        _post = post;
        _lanes = [.. Enum.GetValues<Lane>().Select(lane => new LaneThread(lane, this))];
    }

    public void Start(Lane lane, IBackgroundWork work, Action<IBackgroundWork, Exception?> completed) =>
        _lanes[(int)lane].Add(work, completed);

    /// <summary>Finishes the piece each lane is in, drops what waits behind it without completion, and ends the threads.</summary>
    public void Dispose()
    {
        foreach (LaneThread lane in _lanes)
        {
            lane.Stop();
        }

        foreach (LaneThread lane in _lanes)
        {
            lane.Join(StopPatience);
        }
    }

    private sealed class LaneThread
    {
        /// <summary>Only so that a lost ring could never hang a lane for good.</summary>
        private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(1);

        private readonly RealBackground _owner;
        private readonly Thread _thread;
        private readonly Doorbell _doorbell = new();
        private readonly Lock _lock = new();
        private readonly Queue<(IBackgroundWork Work, Action<IBackgroundWork, Exception?> Completed)> _queue = new();
        private volatile bool _stopping;

        public LaneThread(Lane lane, RealBackground owner)
        {
            _owner = owner;
            _thread = new Thread(Run) { IsBackground = true, Name = $"nines-{lane}" };
            _thread.Start();
        }

        public void Add(IBackgroundWork work, Action<IBackgroundWork, Exception?> completed)
        {
            lock (_lock)
            {
                Invariant.Assert(_queue.Count < MaxWaiting);
                _queue.Enqueue((work, completed));
            }

            _doorbell.Ring();
        }

        public void Stop()
        {
            _stopping = true;
            _doorbell.Ring();
        }

        public void Join(TimeSpan patience) => _thread.Join(patience);

        private void Run()
        {
            while (!_stopping)
            {
                if (!TryTake(out (IBackgroundWork Work, Action<IBackgroundWork, Exception?> Completed) next))
                {
                    _doorbell.Wait(LookAnyway);
                    continue;
                }

                if (RunToEnd(next.Work, out Exception? error))
                {
                    _owner._post(new BackgroundCompletion(next.Work, next.Completed, error));
                }
            }
        }

        private bool TryTake(out (IBackgroundWork Work, Action<IBackgroundWork, Exception?> Completed) next)
        {
            lock (_lock)
            {
                return _queue.TryDequeue(out next);
            }
        }

        /// <summary>False: left in the middle, because the node is stopping.</summary>
        private bool RunToEnd(IBackgroundWork work, out Exception? error)
        {
            error = null;
            try
            {
                while (work.Step())
                {
                    if (_stopping)
                    {
                        return false;
                    }
                }
            }
            catch (Exception e)
            {
                // Whatever ended the work belongs to its owner, who decides whether the node goes on.
                error = e;
            }

            return true;
        }
    }
}
