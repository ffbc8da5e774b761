namespace Nines.Replication.Requests;

/// <summary>
/// Wakes requests at a tick: their deadline, or the next look at them. A ring of buckets by tick; a time beyond the ring is looked at
/// once per turn of the ring. Adding and firing cost the same however many requests wait. A request has one appointment at a time
/// (<see cref="Request.LookTick"/>); a newer one replaces it, and what is left of the older falls out here.
/// </summary>
internal sealed class DeadlineWheel
{
    private const int Buckets = 512;
    private readonly List<(Request Request, ulong Sequence, long Tick)>[] _ring = new List<(Request, ulong, long)>[Buckets];
    private List<(Request Request, ulong Sequence, long Tick)> _due = [];

    public DeadlineWheel()
    {
        for (int i = 0; i < Buckets; i++)
        {
            _ring[i] = [];
        }
    }

    public void Look(Request request, long tick)
    {
        if (request.LookTick != tick)
        {
            request.LookTick = tick;
            _ring[tick % Buckets].Add((request, request.Sequence, tick));
        }
    }

    /// <summary>
    /// The requests due at this tick. The list is valid until the next call. Completed requests fall out here; since request objects
    /// are used again, the sequence tells a new life from the old.
    /// </summary>
    public List<(Request Request, ulong Sequence, long Tick)> Fire(long now)
    {
        int bucket = (int)(now % Buckets);
        List<(Request Request, ulong Sequence, long Tick)> due = _ring[bucket];
        _due.Clear();
        _ring[bucket] = _due;
        _due = due;
        int kept = 0;
        for (int i = 0; i < due.Count; i++)
        {
            (Request request, ulong sequence, long tick) = due[i];
            if (!request.IsOpen(sequence) || request.LookTick != tick)
            {
                continue;
            }

            if (tick > now)
            {
                _ring[bucket].Add((request, sequence, tick));
            }
            else
            {
                due[kept++] = (request, sequence, tick);
            }
        }

        due.RemoveRange(kept, due.Count - kept);
        return due;
    }
}
