using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>M1: replicas move, machines are replaced, leaders hand over, now and then several at once.</summary>
internal sealed class MembershipChanges(FaultContext context, Membership membership) : IFault
{
    public FaultClasses Class => FaultClasses.M1;

    public bool Strike()
    {
        List<NodeId> nodes = [.. context.Cluster.Hosts.Where(h => !h.IsRetired && !h.NeedsReplacement).Select(h => h.Id)];
        switch (context.Random.Below(4))
        {
            case 0:
                return !membership.IsBusy && context.Atlas.HarmedMax > 0 && membership.Replace(context.Random.Pick(nodes));
            case 1:
                return HandOver();
            default:
                GroupId group = context.Random.Pick(context.Cluster.Factory.Groups);
                NodeId from = context.Cluster.LeaderOf(group);
                if (from.IsNone || context.Random.Chance(0.5))
                {
                    from = context.Random.Pick(nodes);
                }

                NodeId to = context.Random.Pick(nodes);
                membership.Move(group, from, to);
                context.Note(Class, $"{group} moves from {from} to {to}");
                return true;
        }
    }

    private bool HandOver()
    {
        SimulatedHost? host = context.PickRunning();
        if (host?.Node is not ReactorNode node)
        {
            return false;
        }

        context.Note(Class, $"{host.Id} hands over");
        return host.Submit(_ => node.Reactor.HandOver());
    }
}

/// <summary>M2: a machine that was removed from the cluster comes back with all it had, for a while.</summary>
internal sealed class RemovedComesBack(FaultContext context, Membership membership) : IFault, IEventTarget
{
    public FaultClasses Class => FaultClasses.M2;

    public bool Strike()
    {
        List<SimulatedHost> retired = [.. membership.Retired.Where(h => !h.IsRunning && !h.NeedsReplacement)];
        if (retired.Count == 0)
        {
            return false;
        }

        SimulatedHost host = context.Random.Pick(retired);
        context.Note(Class, $"{host.Id} is back");
        host.Start();
        context.World.Schedule(context.DurationUs(1, 20), this, EventKind.Heal, host.Id.Value);
        return true;
    }

    public void Fire(in SimulationEvent happened)
    {
        SimulatedHost host = context.Cluster.Host(new NodeId(happened.Node));
        if (host.IsRunning)
        {
            host.Kill();
        }
    }
}
