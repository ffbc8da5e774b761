using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>
/// Tells compactions which session records are past their window. The group's time only rises, and a record is ignored from the
/// moment it is past the window, so that no reader can tell whether it was dropped.
/// </summary>
internal sealed class SessionFilter(long windowMs) : ICompactionFilter
{
    private long _timeMs;

    /// <summary>The group's time as of the last applied command. Written by the reactor, read by background threads.</summary>
    public long TimeMs
    {
        get => Volatile.Read(ref _timeMs);
        set => Volatile.Write(ref _timeMs, value);
    }

    public bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        Sessions.IsExpired(key, value, TimeMs, windowMs);
}
