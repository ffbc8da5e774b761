namespace Nines.Http.Epoll;

/// <summary>
/// The connections of one listener, counted over all its loops: the kernel gives connections to the loops as it likes, and the limit is
/// the listener's. Any thread.
/// </summary>
internal sealed class ConnectionCount(int most)
{
    private int _open;

    /// <summary>False: there are as many as may be.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _open) <= most)
        {
            return true;
        }

        Give();
        return false;
    }

    public void Give() => Interlocked.Decrement(ref _open);
}
