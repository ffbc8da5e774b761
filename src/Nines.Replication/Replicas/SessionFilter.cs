using Nines.Storage.Store;

namespace Nines.Replication.Replicas;

/// <summary>
/// Tells compactions which session records are past their window. The group's session clock only rises, and a record is ignored from the
/// moment it is past the window, so that no reader can tell whether it was dropped.
/// </summary>
internal sealed class SessionFilter(long windowMs) : ICompactionFilter
{
    private long _sessionMs;

    /// <summary>The group's session clock as of the last applied command. Written by the reactor, read by background threads.</summary>
    public long SessionMs
    {
        get => Volatile.Read(ref _sessionMs);
        set => Volatile.Write(ref _sessionMs, value);
    }

    public bool IsExpired(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        Sessions.IsExpired(key, value, SessionMs, windowMs);
}
