namespace Nines.Http.Epoll;

/// <summary>
/// The bytes that one listener holds for its clients beyond a small buffer for each: requests that have not arrived whole, answers that are not taken.
/// Bounds on each connection alone would allow their sum. Any thread.
/// </summary>
internal sealed class ByteBudget(long most)
{
    private long _held;

    /// <summary>False: there is no room for so many.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= most)
        {
            return true;
        }

        Give(bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref _held, -bytes);
}
