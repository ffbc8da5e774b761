using Nines.Kernel;

namespace Nines.Replication.Placement;

/// <summary>One node as the cluster knows it.</summary>
public sealed record Member(NodeId Node, string Address);

/// <summary>One group and the nodes that hold its replicas. The first is preferred as leader.</summary>
public sealed record GroupPlacement(GroupId Group, IReadOnlyList<NodeId> Replicas);

/// <summary>
/// Where everything is: key -> slot -> group -> nodes. Immutable; a change makes a new map with a higher epoch, agreed in the
/// control group.
/// </summary>
public sealed class SlotMap
{
    private readonly GroupId[] _slots;
    private readonly Dictionary<GroupId, GroupPlacement> _placements;

    public SlotMap(long epoch, IReadOnlyList<Member> members, IReadOnlyList<GroupPlacement> groups, ReadOnlySpan<GroupId> slots)
    {
        Invariant.Assert(slots.Length == Slots.Count);
        Epoch = epoch;
        Members = [.. members.OrderBy(m => m.Node)];
        Groups = [.. groups.OrderBy(g => g.Group)];
        DataGroups = [.. Groups.Select(g => g.Group).Where(g => g != GroupId.Control)];
        _slots = slots.ToArray();
        _placements = Groups.ToDictionary(g => g.Group);
    }

    /// <summary>Rises with every change.</summary>
    public long Epoch { get; }

    public IReadOnlyList<Member> Members { get; }

    /// <summary>All groups, the control group first.</summary>
    public IReadOnlyList<GroupPlacement> Groups { get; }

    public IReadOnlyList<GroupId> DataGroups { get; }

    /// <summary>
    /// The map of a new cluster: the same on every node that is given the same members. Data groups go round the nodes, so
    /// that replicas and preferred leaders are spread evenly. A group gets slots that are neighbours, so that who walks all slots in order
    /// comes to each group once. Every node holds the control group.
    /// </summary>
    public static SlotMap Initial(IReadOnlyList<Member> members, int dataGroups, int replicas)
    {
        Invariant.Assert(members.Count > 0 && dataGroups > 0 && replicas > 0);
        NodeId[] nodes = [.. members.Select(m => m.Node).Order()];
        int copies = Math.Min(replicas, nodes.Length);
        var groups = new List<GroupPlacement> { new(GroupId.Control, nodes) };
        for (int g = 0; g < dataGroups; g++)
        {
            groups.Add(new(new(g + 1), [.. Enumerable.Range(0, copies).Select(k => nodes[(g + k) % nodes.Length])]));
        }

        var slots = new GroupId[Slots.Count];
        for (int s = 0; s < Slots.Count; s++)
        {
            slots[s] = new(1 + (s * dataGroups / Slots.Count));
        }

        return new(1, members, groups, slots);
    }

    public GroupId GroupOf(int slot) => _slots[slot];

    public IReadOnlyList<NodeId> ReplicasOf(GroupId group) =>
        _placements.TryGetValue(group, out GroupPlacement? placement) ? placement.Replicas : [];

    public bool Has(GroupId group) => _placements.ContainsKey(group);

    /// <summary>The same map with other replicas for one group, one epoch later.</summary>
    public SlotMap WithReplicas(GroupId group, IReadOnlyList<NodeId> replicas) =>
        new(Epoch + 1, Members, [.. Groups.Select(g => g.Group == group ? g with { Replicas = replicas } : g)], _slots);

    /// <summary>The same map with one more (or a moved) member, one epoch later.</summary>
    public SlotMap WithMember(Member member) =>
        new(Epoch + 1, [.. Members.Where(m => m.Node != member.Node), member], Groups, _slots);

    /// <summary>Layout: version 1, epoch, members, groups with replicas, then the group of each slot.</summary>
    public void Write(ByteBuffer to)
    {
        to.Byte(1);
        to.Count(Epoch);
        to.Count(Members.Count);
        foreach (Member member in Members)
        {
            to.Count(member.Node.Value);
            to.Text(member.Address);
        }

        to.Count(Groups.Count);
        foreach (GroupPlacement group in Groups)
        {
            to.Count(group.Group.Value);
            to.Count(group.Replicas.Count);
            foreach (NodeId node in group.Replicas)
            {
                to.Count(node.Value);
            }
        }

        foreach (GroupId group in _slots)
        {
            to.Count(group.Value);
        }
    }

    /// <summary>Null when the bytes are not a map.</summary>
    public static SlotMap? TryRead(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        bool known = reader.Byte() == 1;
        long epoch = reader.Count();
        var members = new List<Member>();
        for (int left = reader.Items(2); left > 0; left--)
        {
            members.Add(new(reader.Node(), reader.Text()));
        }

        var groups = new List<GroupPlacement>();
        var seen = new HashSet<GroupId>();
        for (int left = reader.Items(2); left > 0; left--)
        {
            GroupId id = reader.Group();
            var replicas = new List<NodeId>();
            for (int nodes = reader.Items(1); nodes > 0; nodes--)
            {
                replicas.Add(reader.Node());
            }

            known &= seen.Add(id);
            groups.Add(new(id, replicas));
        }

        var slots = new GroupId[Slots.Count];
        for (int s = 0; s < Slots.Count; s++)
        {
            slots[s] = reader.Group();
            known &= seen.Contains(slots[s]);
        }

        return known && reader.IsComplete ? new SlotMap(epoch, members, groups, slots) : null;
    }
}
