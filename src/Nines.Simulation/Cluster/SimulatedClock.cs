namespace Nines.Simulation;

/// <summary>
/// A machine's clock as one start of its process sees it: timestamps never jump, wall time may be wrong, and timers fire as events of
/// the world. A process that ended hears of no timer any more, one that is paused hears of it afterwards.
/// </summary>
internal sealed class SimulatedClock(SimulatedHost host, SimulatedWorld world) : TimeProvider
{
    private readonly long _start = host.Starts;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => world.NowUs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(host.WallClockMs);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(SimulatedClock clock, TimerCallback callback, object? state) : ITimer, IEventTarget
    {
        private long _generation;
        private long _periodUs;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _generation++;
            _periodUs = period > TimeSpan.Zero ? (long)period.TotalMicroseconds : 0;
            if (dueTime >= TimeSpan.Zero)
            {
                clock.Schedule((long)dueTime.TotalMicroseconds, this, _generation);
            }

            return true;
        }

        public void Fire(in SimulationEvent happened)
        {
            if (happened.A != _generation || !clock.IsAlive)
            {
                return;
            }

            if (clock.PauseUs is > 0 and long pause)
            {
                clock.Schedule(pause, this, _generation);
                return;
            }

            if (_periodUs > 0)
            {
                clock.Schedule(_periodUs, this, _generation);
            }

            clock.Run(() => callback(state));
        }

        public void Dispose() => _generation++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }

    private bool IsAlive => host.IsRunning && host.Starts == _start;

    private long PauseUs => host.PausedUntilUs - world.NowUs;

    private void Schedule(long delayUs, IEventTarget timer, long generation) =>
        world.Schedule(delayUs, timer, EventKind.NodeTimer, host.Id.Value, generation);

    private void Run(Action timer) => host.Submit(_ => timer());
}
