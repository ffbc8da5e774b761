namespace Nines.Replication.Requests;

/// <summary>
/// Wakes requests at a tick: their deadline, or the next look at them. A ring of buckets by tick; a time beyond the ring is looked at
/// once per turn of the ring. Adding and firing cost the same however many requests wait.
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

    public void Add(Request request, long tick) => _ring[tick % Buckets].Add((request, request.Sequence, tick));

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
        for (int i = due.Count - 1; i >= 0; i--)
        {
            (Request request, ulong sequence, long tick) = due[i];
            bool alive = request.Sequence == sequence && request.State != RequestState.Completed;
            if (!alive || tick > now)
            {
                due.RemoveAt(i);
                if (alive)
                {
                    _ring[bucket].Add((request, sequence, tick));
                }
            }
        }

        return due;
    }
}
