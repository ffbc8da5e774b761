using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>Takes a rule out of the chain again after a while.</summary>
internal sealed class Healing(SimulatedNetwork network, INetworkRule rule) : IEventTarget
{
    public void Fire(in SimulationEvent happened) => network.Remove(rule);

    public static void Later(FaultContext context, INetworkRule rule, long delayUs)
    {
        context.Cluster.Network.Add(rule);
        context.World.Schedule(delayUs, new Healing(context.Cluster.Network, rule), EventKind.Heal, 0);
    }
}

/// <summary>N1: connections break and lose what is under way. The steady noise is in <see cref="NetworkOptions"/>.</summary>
internal sealed class BrokenConnections(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.N1;

    public bool Strike()
    {
        List<NodeId> nodes = context.Nodes();
        NodeId a = context.Random.Pick(nodes);
        foreach (NodeId b in nodes)
        {
            if (a != b && context.Random.Chance(0.5))
            {
                context.Cluster.Network.Break(a, b);
                context.Cluster.Network.Break(b, a);
            }
        }

        context.Note(Class, $"connections of {a} break");
        return true;
    }
}

/// <summary>N2: partitions of four shapes.</summary>
internal sealed class Partition(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.N2;

    public bool Strike()
    {
        List<NodeId> nodes = context.Nodes();
        if (nodes.Count < 2)
        {
            return false;
        }

        BlockRule rule = new();
        context.Random.Shuffle(nodes);
        int shape = context.Random.Below(4);
        string what;
        switch (shape)
        {
            case 0:
                int half = context.Random.Between(1, nodes.Count - 1);
                rule.Split(nodes[..half], nodes[half..]);
                what = $"{string.Join(' ', nodes[..half])} | {string.Join(' ', nodes[half..])}";
                break;
            case 1:
                rule.Split(nodes[..1], nodes[1..]);
                what = $"{nodes[0]} alone";
                break;
            case 2:
                rule.Ring(nodes);
                what = $"ring {string.Join(' ', nodes)}";
                break;
            default:
                NodeId leader = context.PickLeader();
                nodes.Remove(leader);
                int followers = context.Random.Between(0, Math.Max(0, ((nodes.Count + 1) / 2) - 1));
                List<NodeId> side = [leader, .. nodes[..followers]];
                rule.Split(side, nodes[followers..]);
                what = $"leader {string.Join(' ', side)} | {string.Join(' ', nodes[followers..])}";
                break;
        }

        long duration = context.DurationUs(0.2, 15);
        Healing.Later(context, rule, duration);
        context.Note(Class, $"{what} for {duration / 1e6:F2} s");
        return true;
    }
}

/// <summary>N3: a leader that cannot receive, one that cannot send, one that hears late and then cannot send, a random link that works one way.</summary>
internal sealed class OneWay(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.N3;

    public bool Strike()
    {
        List<NodeId> nodes = context.Nodes();
        if (nodes.Count < 2)
        {
            return false;
        }

        int shape = context.Random.Below(4);
        return shape == 3 ? Fade(context.PickLeader()) : Block(shape, nodes);
    }

    private bool Fade(NodeId leader)
    {
        long most = context.DurationUs(0.3, 3);
        FadingRule rule = new(leader, context.World.NowUs, most);
        long duration = rule.CutUs - context.World.NowUs + most + context.DurationUs(0.2, 3);
        Healing.Later(context, rule, duration);
        context.Note(Class, $"{leader} hears up to {most / 1e6:F2} s late, then cannot send, for {duration / 1e6:F2} s");
        return true;
    }

    private bool Block(int shape, List<NodeId> nodes)
    {
        BlockRule rule = new();
        NodeId victim = shape == 2 ? context.Random.Pick(nodes) : context.PickLeader();
        nodes.Remove(victim);
        if (shape == 2)
        {
            rule.Block(victim, context.Random.Pick(nodes));
        }
        else
        {
            foreach (NodeId other in nodes)
            {
                rule.Block(shape == 0 ? other : victim, shape == 0 ? victim : other);
            }
        }

        long duration = context.DurationUs(0.2, 10);
        Healing.Later(context, rule, duration);
        string what = shape == 0 ? "cannot receive" : shape == 1 ? "cannot send" : "cannot send to one";
        context.Note(Class, $"{victim} {what} for {duration / 1e6:F2} s");
        return true;
    }
}

/// <summary>N4: one link clogs, or all links of a few nodes stop one by one and open in another order (swizzle-clog).</summary>
internal sealed class Clog(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.N4;

    public bool Strike()
    {
        List<NodeId> nodes = context.Nodes();
        if (nodes.Count < 2)
        {
            return false;
        }

        long now = context.World.NowUs;
        bool swizzle = context.Random.Chance(0.5);
        long span = context.DurationUs(0.1, swizzle ? 10 : 4);
        context.Random.Shuffle(nodes);
        int victims = swizzle ? context.Random.Between(1, nodes.Count) : 1;
        for (int i = 0; i < victims; i++)
        {
            foreach (NodeId other in nodes)
            {
                if (other != nodes[i] && (swizzle || context.Random.Chance(0.5)))
                {
                    ClogOne(nodes[i], other, now, span);
                    ClogOne(other, nodes[i], now, span);
                }
            }
        }

        context.Note(Class, $"{(swizzle ? "swizzle-clog" : "clog")} of {string.Join(' ', nodes[..victims])} within {span / 1e6:F2} s");
        return true;
    }

    private void ClogOne(NodeId from, NodeId to, long now, long span)
    {
        long begin = now + context.Random.Below(span / 2);
        long end = now + (span / 2) + context.Random.Below(span / 2);
        Healing.Later(context, new ClogRule(from, to, begin, end), end - now + 1);
    }
}

/// <summary>N5: one kind of message is lost, everywhere or from one node.</summary>
internal sealed class DropKind(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.N5;

    public bool Strike()
    {
        List<byte> kinds = [];
        for (int kind = 0; kind < 256; kind++)
        {
            if (context.Cluster.Network.SentByKind[kind] > 0)
            {
                kinds.Add((byte)kind);
            }
        }

        if (kinds.Count == 0)
        {
            return false;
        }

        byte dropped = context.Random.Pick(kinds);
        double probability = context.Random.Chance(0.5) ? 1 : 0.3 + (0.6 * context.Random.Unit());
        NodeId from = context.Random.Chance(0.5) ? NodeId.None : context.Random.Pick(context.Nodes());
        long duration = context.DurationUs(0.2, 8);
        Healing.Later(context, new DropKindRule(dropped, probability, from, context.Random.Fork()), duration);
        context.Note(Class, $"kind {dropped} from {from} lost with {probability:P0} for {duration / 1e6:F2} s");
        return true;
    }
}

/// <summary>N6: messages recorded earlier arrive once more, with the boot they were sent by.</summary>
internal sealed class Replay(FaultContext context) : IFault
{
    public FaultClasses Class => FaultClasses.N6;

    public bool Strike()
    {
        int count = context.Random.Between(1, 30);
        bool any = false;
        for (int i = 0; i < count; i++)
        {
            any |= context.Cluster.Network.ReplayOne();
        }

        context.Note(Class, $"{count} messages again");
        return any;
    }
}
