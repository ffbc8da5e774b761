using System.Runtime.InteropServices;
using Nines.Kernel;

namespace Nines.Loops;

/// <summary>
/// An event loop over epoll (Linux, epoll(7)): descriptors and their watchers. A watcher is called on the loop's thread and may watch and
/// unwatch whatever it likes: an event of a descriptor that was closed meanwhile reaches nobody, also if its number has a new owner.
/// </summary>
public sealed class EpollLoop : EventLoop
{
    private const int MaxEvents = 512;

    private int _epoll = Checked(Libc.NewEpoll(), "epoll_create1");
    private int _bell = Checked(Libc.NewEvent(), "eventfd");
    private readonly EpollEvents _events = new(MaxEvents);
    private (IWatcher? Watcher, int Life)[] _watched = new (IWatcher?, int)[64];
    private int _lives;

    public EpollLoop(string name)
        : base(name)
    {
        // Edge-triggered, so that nobody has to read what was rung.
        Checked(Libc.Control(_epoll, Libc.EpollAdd, _bell, Libc.EpollIn | Libc.EpollEdge, 0), "epoll_ctl");
    }

    /// <summary>
    /// Tells the watcher of the descriptor's events, until <see cref="Unwatch"/>. Loop's thread, or before it starts. False: the system refused.
    /// </summary>
    public bool TryWatch(int descriptor, uint events, IWatcher watcher)
    {
        if (descriptor >= _watched.Length)
        {
            Array.Resize(ref _watched, Math.Max(descriptor + 1, _watched.Length * 2));
        }

        Invariant.Assert(_watched[descriptor].Watcher is null);
        _watched[descriptor] = (watcher, ++_lives);
        if (Libc.Control(_epoll, Libc.EpollAdd, descriptor, events, _lives) >= 0)
        {
            return true;
        }

        _watched[descriptor] = default;
        return false;
    }

    /// <summary>The watcher hears nothing more. To be called before the descriptor is closed. Loop's thread.</summary>
    public void Unwatch(int descriptor)
    {
        _watched[descriptor] = default;
        _ = Libc.Control(_epoll, Libc.EpollDelete, descriptor, 0, 0);
    }

    /// <summary>As <see cref="Unwatch"/>, for a descriptor that the caller closes at once, which takes it from the kernel's list too.</summary>
    public void Forget(int descriptor) => _watched[descriptor] = default;

    protected override void WaitForEvents(int timeoutMs)
    {
        int count = _events.Wait(_epoll, timeoutMs == ILoopPart.Never ? -1 : timeoutMs);
        Invariant.Assert(count >= 0 || Marshal.GetLastPInvokeError() == Libc.Interrupted);
        Awoken();
        for (int i = 0; i < count; i++)
        {
            (uint events, int descriptor, int life) = _events[i];
            if (descriptor < _watched.Length && _watched[descriptor].Life == life)
            {
                _watched[descriptor].Watcher?.OnEvents(events);
            }

            GiveTurnsIfDue();
        }
    }

    protected override void Ring()
    {
        ulong one = 1;
        _ = Libc.WriteEvent(_bell, in one, sizeof(ulong));
    }

    protected override void Closed()
    {
        _ = Libc.Close(_bell);
        _ = Libc.Close(_epoll);

        // The numbers may have new owners by the time somebody unwatches something here.
        _bell = _epoll = -1;
    }

    private static int Checked(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed with error {Marshal.GetLastPInvokeError()}");
}

/// <summary>Hears the events of one descriptor.</summary>
public interface IWatcher
{
    /// <summary>Throws nothing: what it throws ends the process.</summary>
    /// <param name="events">As epoll_ctl(2) names them; see <see cref="Libc"/>.</param>
    void OnEvents(uint events);
}
