using System.Diagnostics.CodeAnalysis;
using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>How one node's part in a group changes.</summary>
public enum ChangeKind
{
    /// <summary>The node receives the log but neither votes nor counts.</summary>
    AddLearner,

    /// <summary>The node becomes a voter.</summary>
    AddVoter,

    /// <summary>The node leaves the group.</summary>
    Remove,
}

/// <summary>One change of a group's configuration; several may be made at once, through one joint phase.</summary>
public readonly record struct ConfigurationChange(ChangeKind Kind, NodeId Node);

/// <summary>
/// Who votes and who learns (Ongaro, chapter 4). While <see cref="Outgoing"/> is not empty the configuration is joint: every decision
/// needs a majority of <see cref="Voters"/> and a majority of <see cref="Outgoing"/>. Immutable; all lists sorted.
/// </summary>
public sealed class Configuration : IEquatable<Configuration>
{
    /// <summary>No members: a replica that was created to be filled by a leader.</summary>
    public static readonly Configuration Empty = new([], [], []);

    private const int MaxMembers = 64;

    public Configuration(IEnumerable<NodeId> voters, IEnumerable<NodeId> outgoing, IEnumerable<NodeId> learners)
    {
        Voters = [.. voters.Distinct().Order()];
        Outgoing = [.. outgoing.Distinct().Order()];
        Learners = [.. learners.Distinct().Order()];
        Members = [.. Voters.Concat(Outgoing).Concat(Learners).Distinct().Order()];
    }

    /// <summary>The voters; in a joint configuration the new ones.</summary>
    public IReadOnlyList<NodeId> Voters { get; }

    /// <summary>The old voters while the configuration is joint.</summary>
    public IReadOnlyList<NodeId> Outgoing { get; }

    public IReadOnlyList<NodeId> Learners { get; }

    /// <summary>Everybody who receives the log.</summary>
    public IReadOnlyList<NodeId> Members { get; }

    public bool IsJoint => Outgoing.Count > 0;

    public static Configuration Of(params IEnumerable<NodeId> voters) => new(voters, [], []);

    /// <summary>True when the node's vote counts, in either half.</summary>
    public bool IsVoter(NodeId node) => Contains(Voters, node) || Contains(Outgoing, node);

    public bool IsMember(NodeId node) => Contains(Members, node);

    /// <summary>
    /// The configuration that begins the change: joint when the set of voters changes, final at once when only learners do.
    /// Null when the change makes no sense: nobody left to vote, or a change inside a change.
    /// </summary>
    public Configuration? Begin(IReadOnlyList<ConfigurationChange> changes)
    {
        if (IsJoint)
        {
            return null;
        }

        var voters = Voters.ToList();
        var learners = Learners.ToList();
        foreach (ConfigurationChange change in changes)
        {
            learners.Remove(change.Node);
            bool wasVoter = voters.Contains(change.Node);
            switch (change.Kind)
            {
                case ChangeKind.AddLearner when wasVoter:
                    return null;
                case ChangeKind.AddLearner:
                    learners.Add(change.Node);
                    break;
                case ChangeKind.AddVoter when !wasVoter:
                    voters.Add(change.Node);
                    break;
                case ChangeKind.Remove:
                    voters.Remove(change.Node);
                    break;
                default:
                    break;
            }
        }

        voters.Sort();
        if (voters.Count == 0 || voters.Count + learners.Count > MaxMembers)
        {
            return null;
        }

        bool jumps = voters.SequenceEqual(Voters) || Planted.Is(PlantedBug.NoJointMajority) || IsSingleChange(voters);
        var next = new Configuration(voters, jumps ? [] : Voters, learners);
        return next.Equals(this) ? null : next;
    }

    /// <summary>The configuration that ends the joint phase.</summary>
    public Configuration Leave() => new(Voters, [], Learners);

    /// <summary>Layout: version 1, then three lists (voters, outgoing, learners), each a count and node numbers (varints).</summary>
    public void Write(ByteBuffer to)
    {
        to.Byte(1);
        foreach (IReadOnlyList<NodeId> list in (ReadOnlySpan<IReadOnlyList<NodeId>>)[Voters, Outgoing, Learners])
        {
            to.Count(list.Count);
            foreach (NodeId node in list)
            {
                to.Count(node.Value);
            }
        }
    }

    public byte[] Encode()
    {
        var buffer = new ByteBuffer(32);
        Write(buffer);
        return buffer.ToArray();
    }

    /// <summary>False for anything <see cref="Write"/> does not write: lists are sorted, without repetition, of positive numbers.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Configuration? configuration)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == 1;
        NodeId[] voters = ReadNodes(ref reader);
        NodeId[] outgoing = ReadNodes(ref reader);
        NodeId[] learners = ReadNodes(ref reader);
        configuration = known && reader.IsComplete ? new(voters, outgoing, learners) : null;
        return configuration is not null;
    }

    public bool Equals(Configuration? other) => other is not null && Voters.SequenceEqual(other.Voters)
        && Outgoing.SequenceEqual(other.Outgoing) && Learners.SequenceEqual(other.Learners);

    public override bool Equals(object? obj) => Equals(obj as Configuration);

    public override int GetHashCode() => (Voters.Count * 64) + (Learners.Count * 8) + Outgoing.Count;

    public override string ToString()
    {
        string text = string.Join(' ', Voters);
        text += IsJoint ? $" & {string.Join(' ', Outgoing)}" : "";
        return Learners.Count > 0 ? $"({text}; learners {string.Join(' ', Learners)})" : $"({text})";
    }

    /// <summary>
    /// Single-server changes (4.1) do without a joint phase, and the planted bug is one of theirs: through a joint phase every decision needs a majority
    /// of the old voters, so that a change that comes too early does no harm.
    /// </summary>
    private bool IsSingleChange(List<NodeId> voters) =>
        Planted.Is(PlantedBug.ConfigurationBeforeNoop) && voters.Except(Voters).Count() + Voters.Except(voters).Count() == 1;

    private static bool Contains(IReadOnlyList<NodeId> list, NodeId node)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (list[i] == node)
            {
                return true;
            }
        }

        return false;
    }

    private static NodeId[] ReadNodes(ref ByteReader reader)
    {
        int count = reader.Items(1);
        if (count > MaxMembers)
        {
            reader.Fail();
            return [];
        }

        var nodes = new NodeId[count];
        long last = 0;
        for (int i = 0; i < count; i++)
        {
            long value = reader.Count();
            if (value <= last || value > int.MaxValue)
            {
                reader.Fail();
                return [];
            }

            nodes[i] = new((int)value);
            last = value;
        }

        return nodes;
    }
}
