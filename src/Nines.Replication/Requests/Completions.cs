using System.Collections.Concurrent;
using Nines.Kernel;

namespace Nines.Replication.Requests;

/// <summary>
/// Takes the answers of a turn from the reactor's thread to the threads that wait for them, many at a time: to wake a thread costs more than
/// to write an answer, so one thread writes several.
/// </summary>
internal sealed class Completions
{
    /// <summary>One wake-up's share; of a pool's threads several come for a turn with more answers.</summary>
    private const int BatchSize = 16;

    private const int MaxPooled = 256;

    private readonly ConcurrentQueue<Batch> _pool = new();

    /// <summary>Those of this turn, one for each executor. There are a few event loops and the pool.</summary>
    private readonly List<Batch> _filling = [];

    /// <summary>Those of this turn that are waited for on the reactor's own loop.</summary>
    private readonly List<(AwaitableRequest Request, ReadTicket Ticket)> _here = [];

    /// <summary>Reactor's thread, in its turn.</summary>
    public void Add(AwaitableRequest request, Executor executor, in ReadTicket ticket)
    {
        if (ReferenceEquals(executor, Executor.Current) && executor != Executor.Pool)
        {
            _here.Add((request, ticket));
            return;
        }

        Batch batch = BatchOf(executor);
        batch.Add(request, ticket);
        if (batch.Count == BatchSize)
        {
            _filling.Remove(batch);
            executor.Post(batch);
        }
    }

    /// <summary>Reactor's thread, at the end of its turn.</summary>
    public void Flush()
    {
        foreach (Batch batch in _filling)
        {
            batch.Executor!.Post(batch);
        }

        _filling.Clear();
        foreach ((AwaitableRequest request, ReadTicket ticket) in _here)
        {
            request.Continue(ticket);
        }

        _here.Clear();
    }

    private Batch BatchOf(Executor executor)
    {
        foreach (Batch batch in _filling)
        {
            if (ReferenceEquals(batch.Executor, executor))
            {
                return batch;
            }
        }

        Batch taken = _pool.TryDequeue(out Batch? pooled) ? pooled : new Batch(this);
        taken.Executor = executor;
        _filling.Add(taken);
        return taken;
    }

    private sealed class Batch(Completions owner) : IThreadPoolWorkItem
    {
        private readonly (AwaitableRequest Request, ReadTicket Ticket)[] _answers = new (AwaitableRequest, ReadTicket)[BatchSize];

        public Executor? Executor { get; set; }

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
            Executor = null;
            if (owner._pool.Count < MaxPooled)
            {
                owner._pool.Enqueue(this);
            }
        }
    }
}
