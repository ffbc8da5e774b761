using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Nines.Kernel;

namespace Nines.Replication.Requests;

/// <summary>A request that a door awaits. Pooled: taken, submitted, awaited exactly once, then back in the pool.</summary>
internal sealed class AwaitableRequest : Request, IValueTaskSource<ReadTicket>
{
    private const int MaxPooled = 4096;
    private static readonly ConcurrentQueue<AwaitableRequest> Pool = new();
    private ManualResetValueTaskSourceCore<ReadTicket> _source;
    private Completions? _completions;
    private Executor _executor = Executor.Pool;

    /// <param name="completions">Carries the answer to the executor of the thread that takes the request here.</param>
    public static AwaitableRequest Take(Completions completions)
    {
        AwaitableRequest request = Pool.TryDequeue(out AwaitableRequest? pooled) ? pooled : new();
        request._completions = completions;
        request._executor = Executor.Current;
        return request;
    }

    public ValueTask<ReadTicket> Task => new(this, _source.Version);

    public ReadTicket GetResult(short token)
    {
        ReadTicket ticket = _source.GetResult(token);
        _source.Reset();
        Body = default;
        if (Pool.Count < MaxPooled)
        {
            Pool.Enqueue(this);
        }

        return ticket;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    protected internal override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine) =>
        _completions!.Add(this, _executor, new(answer, state, machine, FreshAtMs));

    /// <summary>Runs what waits for the answer, on the caller's thread.</summary>
    public void Continue(in ReadTicket ticket) => _source.SetResult(ticket);
}

/// <summary>An answer, or the state and the machine to get its body from, and since when that state is known to be complete.</summary>
internal readonly record struct ReadTicket(Answer Answer, IOrderedReader? State, IStateMachine? Machine, long FreshAtMs);
