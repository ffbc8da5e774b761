using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// The parts of an item that were asked for. Maps keep the names that were asked for, lists the elements that were, moved together
/// in their order; what does not exist is left out, and so is a container none of whose parts exist.
/// </summary>
public sealed class ProjectionPlan
{
    private readonly PathTree _tree;

    internal ProjectionPlan(PathTree tree) => _tree = tree;

    /// <summary>The paths in the order they were written.</summary>
    public IReadOnlyList<DocumentPath> Paths => _tree.Paths;

    /// <summary>A plan for whole top-level attributes, as the legacy AttributesToGet asks for; names are distinct.</summary>
    public static ProjectionPlan OfAttributes(IEnumerable<string> names)
    {
        var tree = new PathTree();
        foreach (string name in names)
        {
            string? clash = tree.Add(DocumentPath.Of(name));
            Invariant.Assert(clash is null);
        }

        return new ProjectionPlan(tree);
    }

    /// <summary>The wanted parts.</summary>
    public Item Apply(Item item) => Select(item, _tree.Root);

    private static Item Select(Item item, PathNode node)
    {
        var builder = new ItemBuilder(node.Children.Count);
        foreach (PathNode child in node.Children)
        {
            string name = child.Element.Name!;
            if (item[name] is AttributeValue value && Select(value, child) is AttributeValue part)
            {
                builder.Add(name, part);
            }
        }

        return builder.Build();
    }

    private static AttributeValue? Select(AttributeValue value, PathNode node)
    {
        if (node.IsLeaf)
        {
            return value;
        }

        if (!node.Children[0].Element.IsIndex)
        {
            Item? part = value is MapValue map ? Select(map.Entries, node) : null;
            return part is null || part.Count == 0 ? null : new MapValue(part);
        }

        return value is ListValue list ? SelectElements(list, node) : null;
    }

    private static ListValue? SelectElements(ListValue list, PathNode node)
    {
        var found = new List<(int Index, AttributeValue Part)>(node.Children.Count);
        foreach (PathNode child in node.Children)
        {
            int index = child.Element.Index;
            if (index < list.Elements.Length && Select(list.Elements[index], child) is AttributeValue part)
            {
                found.Add((index, part));
            }
        }

        found.Sort((a, b) => a.Index.CompareTo(b.Index));
        return found.Count == 0 ? null : new ListValue([.. found.ConvertAll(f => f.Part)]);
    }
}
