using Nines.Kernel;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines.Transactions;

/// <summary>
/// Waits for an item that a transaction holds, by asking again after growing pauses. One that stays held for long has lost its coordinator
/// and is resolved. One for each call.
/// </summary>
internal sealed class LockWait(TransactionCoordinator coordinator, TimeProvider time, Deadline deadline)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LastPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ResolveAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(5);

    private readonly long _began = time.GetTimestamp();
    private TimeSpan _pause = FirstPause;
    private bool _isResolved;

    /// <summary>False: there is no time left to wait.</summary>
    public async ValueTask<bool> WaitAsync(TransactionId holder, GroupId group)
    {
        TimeSpan waited = time.GetElapsedTime(_began);
        if (waited >= GiveUpAfter || deadline.Left <= _pause)
        {
            return false;
        }

        if (waited >= ResolveAfter && !_isResolved)
        {
            _isResolved = await coordinator.ResolveAsync(holder, group);
            return true;
        }

        await Task.Delay(_pause, time);
        _pause = _pause * 2 < LastPause ? _pause * 2 : LastPause;
        return true;
    }
}
