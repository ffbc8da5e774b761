using System.Collections.Concurrent;

namespace Nines.Replication.Requests;

/// <summary>
/// Takes the answers of a turn from the reactor's thread to the pool's, many at a time: to wake a thread costs more than to write an
/// answer, so one thread writes several.
/// </summary>
internal sealed class Completions
{
    /// <summary>One thread's share; a turn with more answers wakes more threads.</summary>
    private const int BatchSize = 16;

    private const int MaxPooled = 256;

    private readonly ConcurrentQueue<Batch> _pool = new();
    private Batch? _filling;

    /// <summary>Reactor's thread, in its turn.</summary>
    public void Add(AwaitableRequest request, in ReadTicket ticket)
    {
        _filling ??= _pool.TryDequeue(out Batch? pooled) ? pooled : new Batch(this);
        _filling.Add(request, ticket);
        if (_filling.Count == BatchSize)
        {
            Flush();
        }
    }

    /// <summary>Reactor's thread, at the end of its turn.</summary>
    public void Flush()
    {
        if (_filling is { } batch)
        {
            _filling = null;
            ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
        }
    }

    private sealed class Batch(Completions owner) : IThreadPoolWorkItem
    {
        private readonly (AwaitableRequest Request, ReadTicket Ticket)[] _answers = new (AwaitableRequest, ReadTicket)[BatchSize];

        public int Count { get; private set; }

        public void Add(AwaitableRequest request, in ReadTicket ticket) => _answers[Count++] = (request, ticket);

        public void Execute()
        {
            for (int i = 0; i < Count; i++)
            {
                _answers[i].Request.Continue(_answers[i].Ticket);
            }

            Array.Clear(_answers, 0, Count);
            Count = 0;
            if (owner._pool.Count < MaxPooled)
            {
                owner._pool.Enqueue(this);
            }
        }
    }
}
