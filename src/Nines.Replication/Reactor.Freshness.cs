using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Requests;

namespace Nines.Replication;

/// <summary>
/// Asks now and then, for the replicas that answer weak reads here, how fresh they are: an empty strong read through whoever leads.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>While somebody reads, a replica's freshness is asked for this often: 250 ms.</summary>
    private const int FreshnessTicks = 10;

    /// <summary>No state machine: the answer is a position and nothing else.</summary>
    internal const byte NoMachine = 0;

    private void AskFreshness()
    {
        if (_now % FreshnessTicks != 0)
        {
            return;
        }

        foreach (Replica replica in _replicas.Values)
        {
            if (replica.IsReadable && !replica.IsAskingFreshness && replica.TakeFreshnessWanted())
            {
                replica.IsAskingFreshness = true;
                Submit(new FreshnessRequest(replica, SteadyMs)
                {
                    Group = replica.Group,
                    Machine = NoMachine,
                    Consistency = Consistency.Strong,
                    TimeoutTicks = 2L * _options.ElectionTimeoutTicks,
                });
            }
        }
    }

    private sealed class FreshnessRequest(Replica replica, long beganMs) : Request
    {
        protected internal override void Complete(in Answer answer, IOrderedReader? state, IStateMachine? machine)
        {
            (state as IDisposable)?.Dispose();
            replica.IsAskingFreshness = false;
            if (answer.IsDone)
            {
                replica.NoteConfirmed(answer.Position, beganMs);
            }
        }
    }
}
