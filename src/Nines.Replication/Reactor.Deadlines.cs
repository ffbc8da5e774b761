using Nines.Kernel;
using Nines.Replication.Requests;

namespace Nines.Replication;

/// <summary>What happens to a request as time passes: another try, and at its deadline the truth about what is known.</summary>
public sealed partial class Reactor
{
    private void FireDeadlines()
    {
        foreach ((Request request, _, _) in _wheel.Fire(_now))
        {
            if (request.State == RequestState.Completed)
            {
                continue;
            }

            if (_now >= request.DeadlineTick)
            {
                CompleteLocal(request, Ended(request, DeadlineReason(request)), null, null);
                continue;
            }

            Retry(request);
        }
    }

    private void Retry(Request request)
    {
        long next = _now + _options.ResendTicks;
        if (request.State == RequestState.Held)
        {
            request.Hops = 0;
            RemoveHeld(request);
            Route(request);
            next = request.State == RequestState.Held ? request.DeadlineTick : next;
        }
        else if (request.State == RequestState.Forwarded)
        {
            // The message or its answer may be lost. Sent again it has the same id.
            Route(request);
        }

        if (request.State != RequestState.Completed)
        {
            _wheel.Add(request, Math.Min(request.DeadlineTick, next));
        }
    }

    private void RemoveHeld(Request request)
    {
        if (_held.TryGetValue(request.Group.Value, out List<Request>? held))
        {
            held.Remove(request);
        }
    }

    private static Reason DeadlineReason(Request request) =>
        !request.IsWrite && request.Consistency == Consistency.Sequential ? Reason.Behind
        : request.State == RequestState.Held ? Reason.NoLeader
        : Reason.DeadlinePassed;

    private static Answer Ended(Request request, Reason reason) => new()
    {
        Outcome = request.IsWrite && request.MayHaveHappened ? Outcome.Unknown : Outcome.NotDone,
        Reason = reason,
        Group = request.Group,
        RetryAfterMs = 100,
    };

    private void FailAllRequests()
    {
        foreach (Request request in _open.OrderBy(r => r.Sequence).ToArray())
        {
            CompleteLocal(request, Ended(request, Reason.Unavailable), null, null);
        }
    }
}
