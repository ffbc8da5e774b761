namespace Nines.Tables.Tests.Support;

/// <summary>Time that passes when told to; timers fire inside <see cref="Tick"/>.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    /// <summary>Begins where the clock of the groups in memory does.</summary>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(MemoryReplicated.FirstTimeMs).AddTicks(_ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_timers)
        {
            _timers.Add(timer);
            _created.SetResult();
            _created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return timer;
    }

    /// <summary>Waits until so many timers were made, by whatever thread.</summary>
    public async Task CreatedAsync(int count)
    {
        while (true)
        {
            Task next;
            lock (_timers)
            {
                if (_timers.Count >= count)
                {
                    return;
                }

                next = _created.Task;
            }

            await next.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public void Tick(TimeSpan by)
    {
        _ticks += by.Ticks;
        Timer[] timers;
        lock (_timers)
        {
            timers = [.. _timers];
        }

        foreach (Timer timer in timers)
        {
            timer.FireIfDue();
        }
    }

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private long _dueAt = long.MaxValue;
        private long _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _dueAt = dueTime < TimeSpan.Zero ? long.MaxValue : time._ticks + dueTime.Ticks;
            _period = period.Ticks;
            return true;
        }

        public void FireIfDue()
        {
            if (time._ticks >= _dueAt)
            {
                _dueAt = _period > 0 ? _dueAt + _period : long.MaxValue;
                callback(state);
            }
        }

        public void Dispose() => _dueAt = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
