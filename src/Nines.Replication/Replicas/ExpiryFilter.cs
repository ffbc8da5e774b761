using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>
/// Tells compactions which entries are past their time: session records, and what state machines say so of. A group's clocks only rise,
/// and such an entry is ignored from the moment it is past its time, so that no reader can tell whether it was dropped.
/// </summary>
internal sealed class ExpiryFilter(long sessionWindowMs, IReadOnlyDictionary<byte, IStateMachine> machines) : ICompactionFilter
{
    private long _timeMs;
    private long _sessionMs;

    /// <summary>The group's clocks as of the last applied command. Set by the reactor, read by background threads.</summary>
    public void Set(long timeMs, long sessionMs)
    {
        Volatile.Write(ref _timeMs, timeMs);
        Volatile.Write(ref _sessionMs, sessionMs);
    }

    public bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        long sessionMs = Volatile.Read(ref _sessionMs);
        return Sessions.IsExpired(key, value, sessionMs, sessionWindowMs)
            || (!key.IsEmpty && machines.TryGetValue(key[0], out IStateMachine? machine)
                && machine.IsExpired(key[1..], value, Volatile.Read(ref _timeMs), sessionMs));
    }
}
