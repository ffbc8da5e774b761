namespace Nines.Kernel;

/// <summary>
/// Wakes the one thread that waits on it. Rings before the wait are remembered as one. Unlike the runtime's semaphores the waiter
/// sleeps at once instead of spinning: what it waits for (a flush, a message) takes longer than a spin, and with several nodes on
/// few processors a spinning thread takes the time of the one it waits for.
/// </summary>
public sealed class Doorbell
{
    private readonly object _gate = new();
    private bool _rung;

    /// <summary>Any thread, any time.</summary>
    public void Ring()
    {
        lock (_gate)
        {
            if (!_rung)
            {
                _rung = true;
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Sleeps until it is rung, or the time is up. True: it was rung, and that ring is used up.</summary>
    public bool Wait(TimeSpan timeout)
    {
        lock (_gate)
        {
            if (!_rung)
            {
                Monitor.Wait(_gate, timeout);
            }

            bool rung = _rung;
            _rung = false;
            return rung;
        }
    }
}
