using Nines.Kernel;
using Nines.Replication.Requests;

namespace Nines.Replication;

/// <summary>
/// Requests that wait because nobody is known who could answer them, and those that have to be fetched back from a node that cannot
/// any more. A request is never left with a node that does not lead its group: whenever this node learns of another leader, or that a
/// node fell silent, what was sent to the wrong one is routed again, with the same id.
/// </summary>
public sealed partial class Reactor
{
    /// <summary>By group, in the order they came. Some of a list may be somewhere else by now; the state tells.</summary>
    private readonly SortedList<int, List<(Request Request, ulong Sequence)>> _held = [];
    private List<(Request Request, ulong Sequence)> _released = [];

    private void Hold(Request request)
    {
        if (request.State == RequestState.Completed)
        {
            return;
        }

        request.State = RequestState.Held;
        _forwarded.Remove(request.Sequence);
        if (!_held.TryGetValue(request.Group.Value, out List<(Request Request, ulong Sequence)>? held))
        {
            held = [];
            _held.Add(request.Group.Value, held);
        }

        held.Add((request, request.Sequence));
        _wheel.Look(request, request.DeadlineTick);
    }

    /// <summary>Another try for everything that is held, all of a group together.</summary>
    private void RetryHeld()
    {
        if (_now % _options.RerouteTicks != 0)
        {
            return;
        }

        for (int i = 0; i < _held.Count; i++)
        {
            ReleaseHeld(new(_held.GetKeyAtIndex(i)));
        }
    }

    /// <summary>Routes what waited for a leader of the group. What still has nowhere to go is held again.</summary>
    private void ReleaseHeld(GroupId group)
    {
        if (!_held.TryGetValue(group.Value, out List<(Request Request, ulong Sequence)>? held) || held.Count == 0)
        {
            return;
        }

        // The two lists change places; a routing that holds again adds to the other one.
        Invariant.Assert(_released.Count == 0);
        _held[group.Value] = _released;
        _released = held;
        foreach ((Request request, ulong sequence) in held)
        {
            if (request.IsOpen(sequence) && request.State == RequestState.Held)
            {
                request.Hops = 0;
                Route(request);
            }
        }

        held.Clear();
    }

    /// <summary>Requests sent to a node that is gone, or silent: they go elsewhere, and their ids keep a second effect away.</summary>
    private void RecallFrom(NodeId node)
    {
        List<Request>? recalled = null;
        foreach (Request request in _forwarded.Values)
        {
            if (request.SentTo == node)
            {
                (recalled ??= []).Add(request);
            }
        }

        HoldAll(recalled);
    }

    /// <summary>
    /// Requests of a group that need its leader and were sent to anybody else, whoever was thought to lead then.
    /// </summary>
    private void RecallFromOthers(GroupId group, NodeId leader)
    {
        List<Request>? recalled = null;
        foreach (Request request in _forwarded.Values)
        {
            bool needsLeader = request.IsWrite || request.Consistency == Consistency.Strong;
            if (request.Group == group && request.SentTo != leader && needsLeader)
            {
                (recalled ??= []).Add(request);
            }
        }

        HoldAll(recalled);
    }

    private void HoldAll(List<Request>? recalled)
    {
        recalled?.Sort(static (a, b) => a.Sequence.CompareTo(b.Sequence));
        foreach (Request request in recalled ?? [])
        {
            Hold(request);
        }
    }

    /// <summary>A node that said nothing for an election timeout answers nothing either, and its connection may look well for long.</summary>
    private void RecallFromSilent()
    {
        foreach ((int node, PeerState peer) in _peers)
        {
            bool silent = IsSilent(new(node));
            if (silent && !peer.WasSilent)
            {
                RecallFrom(new(node));
            }

            peer.WasSilent = silent;
        }
    }
}
