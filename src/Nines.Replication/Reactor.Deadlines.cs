using Nines.Kernel;
using Nines.Replication.Requests;

namespace Nines.Replication;

/// <summary>What happens to a request as time passes: another try, and at its deadline the truth about what is known.</summary>
public sealed partial class Reactor
{
    /// <summary>Each resend waits twice as long as the one before, up to so many doublings: lost messages are rare, slow answers are not.</summary>
    private const int MaxResendDoublings = 2;

    private readonly DeadlineWheel _wheel = new();

    /// <summary>The next look at a request, at its deadline at the latest.</summary>
    private void LookAgain(Request request, long ticks) =>
        _wheel.Look(request, Math.Min(request.DeadlineTick, _now + ticks));

    private void FireDeadlines()
    {
        foreach ((Request request, ulong sequence, long tick) in _wheel.Fire(_now))
        {
            if (!request.IsOpen(sequence) || request.LookTick != tick)
            {
                continue;
            }

            if (_now >= request.DeadlineTick)
            {
                CompleteLocal(request, Ended(request, DeadlineReason(request)), null, null);
            }
            else if (request.State == RequestState.Forwarded)
            {
                // The message or its answer may be lost. Sent again it has the same id.
                Route(request);
            }
            else
            {
                LookAgain(request, _options.ResendTicks);
            }
        }
    }

    /// <summary>How long an answer from another node is waited for before the request is sent again.</summary>
    private int ResendAfter(Request request) =>
        _options.ResendTicks << Math.Clamp(request.Sends - 1, 0, MaxResendDoublings);

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
