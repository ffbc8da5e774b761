namespace Nines.Client;

/// <summary>
/// Which node to ask: the preferred one, and while that has just failed the next that has not. A node that fails is left alone for a
/// second, then twice as long each time, up to half a minute; when all have failed, the one that is due first is asked.
/// </summary>
internal sealed class NodeChoice(int count, int preferred, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private const int MaxDoublings = 5;

    private readonly Lock _lock = new();
    private readonly (int Failures, long Since)[] _failed = new (int, long)[count];

    /// <summary>The node to ask now.</summary>
    public int Next()
    {
        lock (_lock)
        {
            int best = preferred;
            TimeSpan bestLeft = TimeSpan.MaxValue;
            for (int i = 0; i < count; i++)
            {
                int node = (preferred + i) % count;
                TimeSpan left = Left(_failed[node]);
                if (left <= TimeSpan.Zero)
                {
                    return node;
                }

                if (left < bestLeft)
                {
                    (best, bestLeft) = (node, left);
                }
            }

            return best;
        }
    }

    /// <summary>The node has not answered, or answered that it cannot.</summary>
    public void Failed(int node)
    {
        lock (_lock)
        {
            // Calls that were under way together fail together: that is one failure.
            if (Left(_failed[node]) <= TimeSpan.Zero)
            {
                _failed[node] = (_failed[node].Failures + 1, time.GetTimestamp());
            }
        }
    }

    /// <summary>The node has answered.</summary>
    public void Answered(int node)
    {
        lock (_lock)
        {
            _failed[node] = default;
        }
    }

    private TimeSpan Left((int Failures, long Since) failed) =>
        failed.Failures == 0 ? TimeSpan.Zero
        : (FirstPause * (1 << Math.Min(failed.Failures - 1, MaxDoublings))) - time.GetElapsedTime(failed.Since);
}
