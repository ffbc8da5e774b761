namespace Nines.Tables.Engines;

/// <summary>What is left of a call's time, over the several commands it may need.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan timeout)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Left
    {
        get
        {
            TimeSpan left = timeout - time.GetElapsedTime(_start);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
