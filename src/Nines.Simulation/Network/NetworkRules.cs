using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>Directed links that carry nothing: partitions of every shape and one-way blocks.</summary>
public sealed class BlockRule : INetworkRule
{
    private readonly ulong[] _blockedTo = new ulong[SimulatedNetwork.NodesMax];

    public void Block(NodeId from, NodeId to) => _blockedTo[from.Value] |= 1UL << to.Value;

    public void BlockBoth(NodeId a, NodeId b)
    {
        Block(a, b);
        Block(b, a);
    }

    /// <summary>Blocks everything between two sides.</summary>
    public void Split(IReadOnlyList<NodeId> left, IReadOnlyList<NodeId> right)
    {
        foreach (NodeId a in left)
        {
            foreach (NodeId b in right)
            {
                BlockBoth(a, b);
            }
        }
    }

    /// <summary>
    /// The majority ring: every node sees the nearest ones on a circle, enough for a majority, and no two see the same set.
    /// </summary>
    public void Ring(IReadOnlyList<NodeId> circle)
    {
        int reach = circle.Count / 4;
        for (int i = 0; i < circle.Count; i++)
        {
            for (int j = i + 1; j < circle.Count; j++)
            {
                int apart = Math.Min(j - i, circle.Count - (j - i));
                if (apart > Math.Max(1, reach))
                {
                    BlockBoth(circle[i], circle[j]);
                }
            }
        }
    }

    public Verdict Judge(Envelope message, long nowUs, ref long delayUs) =>
        (_blockedTo[message.From.Value] >> message.To.Value & 1) != 0 ? Verdict.Drop : Verdict.Pass;
}

/// <summary>
/// A clog: the link takes messages and delivers them only when it opens again, in order. A swizzle-clog is one rule per link
/// whose times were drawn so that links stop one by one and open in another order (FoundationDB).
/// </summary>
public sealed class ClogRule(NodeId from, NodeId to, long fromUs, long untilUs) : INetworkRule
{
    public long UntilUs { get; } = untilUs;

    public Verdict Judge(Envelope message, long nowUs, ref long delayUs)
    {
        if (message.From == from && message.To == to && nowUs >= fromUs && nowUs < UntilUs)
        {
            delayUs = Math.Max(delayUs, UntilUs - nowUs);
        }

        return Verdict.Pass;
    }
}

/// <summary>
/// A node that falls out of its time: what is sent to it comes later and later, as if a queue on the way filled up, and in the end nothing it
/// sends arrives any more. The others go on without it, and it still hears what they said before.
/// </summary>
public sealed class FadingRule(NodeId node, long fromUs, long mostUs) : INetworkRule
{
    /// <summary>From here on the node cannot send; the delay has reached its most.</summary>
    public long CutUs { get; } = fromUs + (2 * mostUs);

    public Verdict Judge(Envelope message, long nowUs, ref long delayUs)
    {
        if (message.To == node)
        {
            // No faster than half of the time that passes: the answers it waits for become rarer, and never stop.
            delayUs += Math.Min(mostUs, (nowUs - fromUs) / 2);
        }

        return message.From == node && nowUs >= CutUs ? Verdict.Drop : Verdict.Pass;
    }
}

/// <summary>Loses one kind of message and no other, from one node or from all.</summary>
public sealed class DropKindRule(byte kind, double probability, NodeId from, Prng random) : INetworkRule
{
    public Verdict Judge(Envelope message, long nowUs, ref long delayUs) =>
        message.Kind == kind && (from.IsNone || message.From == from) && random.Chance(probability)
            ? Verdict.Drop
            : Verdict.Pass;
}

/// <summary>The background noise of a bad network: every message is lost with one probability.</summary>
public sealed class LossRule(double probability, Prng random) : INetworkRule
{
    public Verdict Judge(Envelope message, long nowUs, ref long delayUs) =>
        random.Chance(probability) ? Verdict.Drop : Verdict.Pass;
}
