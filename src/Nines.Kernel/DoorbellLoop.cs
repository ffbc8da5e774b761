namespace Nines.Kernel;

/// <summary>An event loop that waits for nothing but its bell: for systems without epoll, and for tests.</summary>
public sealed class DoorbellLoop(string name) : EventLoop(name)
{
    private readonly Doorbell _bell = new();

    protected override void WaitForEvents(int timeoutMs)
    {
        if (timeoutMs > 0)
        {
            _bell.Wait(timeoutMs == ILoopPart.Never ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(timeoutMs));
        }

        Awoken();
    }

    protected override void Ring() => _bell.Ring();

    protected override void Closed()
    {
    }
}
