using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>
/// The second half of an update: an item with the changed places replaced. Everything beside them is shared with the old item.
/// </summary>
public sealed partial class UpdateProgram
{
    private Item Rebuild(Item item, PathNode node, AttributeValue?[] values)
    {
        var changes = new List<(string Name, AttributeValue? Value)>(node.Children.Count);
        foreach (PathNode child in node.Children)
        {
            string name = child.Element.Name!;
            changes.Add((name, Rebuild(item[name], child, values)));
        }

        changes.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return Merge(item, changes);
    }

    private AttributeValue? Rebuild(AttributeValue? old, PathNode node, AttributeValue?[] values)
    {
        if (node.IsLeaf)
        {
            return values[node.FirstPath];
        }

        // Evaluation has made sure that containers are there and of the right kind.
        if (old is MapValue map)
        {
            return new MapValue(Rebuild(map.Entries, node, values));
        }

        var list = old as ListValue;
        Invariant.Assert(list is not null);
        return RebuildList(list, node, values);
    }

    private ListValue RebuildList(ListValue old, PathNode node, AttributeValue?[] values)
    {
        AttributeValue?[] kept = old.Elements.ToArray();
        var appended = new List<(int Index, AttributeValue Value)>();
        foreach (PathNode child in node.Children)
        {
            int index = child.Element.Index;
            AttributeValue? value = Rebuild(index < kept.Length ? kept[index] : null, child, values);
            if (index < kept.Length)
            {
                kept[index] = value;
            }
            else if (value is not null)
            {
                appended.Add((index, value));
            }
        }

        appended.Sort((a, b) => a.Index.CompareTo(b.Index));
        var elements = new List<AttributeValue>(kept.Length + appended.Count);
        foreach (AttributeValue? element in kept)
        {
            if (element is not null)
            {
                elements.Add(element);
            }
        }

        appended.ForEach(a => elements.Add(a.Value));
        return new ListValue([.. elements]);
    }

    /// <summary>One pass over both, which are sorted by name.</summary>
    private static Item Merge(Item item, List<(string Name, AttributeValue? Value)> changes)
    {
        var builder = new ItemBuilder(item.Count + changes.Count);
        int at = 0;
        foreach ((string name, AttributeValue? value) in changes)
        {
            for (; at < item.Count && string.CompareOrdinal(item.Names[at], name) < 0; at++)
            {
                builder.Add(item.Names[at], item.Values[at]);
            }

            at += at < item.Count && item.Names[at] == name ? 1 : 0;
            if (value is not null)
            {
                builder.Add(name, value);
            }
        }

        for (; at < item.Count; at++)
        {
            builder.Add(item.Names[at], item.Values[at]);
        }

        return builder.Build();
    }
}
