namespace Nines.Tables.Tests.Support;

/// <summary>Timers of the system, and a wall clock that stands where the clock of the groups in memory begins.</summary>
public sealed class DoorTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(MemoryReplicated.FirstTimeMs);
}
