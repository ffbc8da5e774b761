namespace Nines.Tables.Model.Expressions;

/// <summary>
/// Document paths as a tree, so that an item is walked once for all of them. No path ends inside another (they would overlap), and
/// the steps out of one place are all names or all indexes (they would conflict).
/// </summary>
internal sealed class PathTree
{
    private readonly List<DocumentPath> _paths = [];

    public PathNode Root { get; } = new(PathElement.Named(""), 0);

    public IReadOnlyList<DocumentPath> Paths => _paths;

    /// <summary>Adds a path as the next one; gives DynamoDB's words when it does not go with an earlier one.</summary>
    public string? Add(DocumentPath path)
    {
        int number = _paths.Count;
        PathNode node = Root;
        bool isNew = false;
        for (int i = 0; i < path.Elements.Length; i++)
        {
            if (node.IsLeaf)
            {
                return Clash("overlap", node.FirstPath, path);
            }

            PathElement element = path.Elements[i];
            if (node.Children.Count > 0 && node.Children[0].Element.IsIndex != element.IsIndex)
            {
                return Clash("conflict", node.Children[0].FirstPath, path);
            }

            PathNode? child = node.Child(element);
            isNew = child is null;
            if (child is null)
            {
                child = new PathNode(element, number);
                node.Add(child);
            }

            node = child;
        }

        if (!isNew)
        {
            return Clash("overlap", node.FirstPath, path);
        }

        node.IsLeaf = true;
        _paths.Add(path);
        return null;
    }

    private string Clash(string how, int first, DocumentPath second) =>
        $"Two document paths {how} with each other; must remove or rewrite one of these paths; path one: {_paths[first]}, path two: {second}";
}

/// <summary>A place in the tree.</summary>
/// <param name="element">The step that leads here.</param>
/// <param name="firstPath">The number of the first path that goes through here or ends here.</param>
internal sealed class PathNode(PathElement element, int firstPath)
{
    private const int FewMax = 12;

    private readonly List<PathNode> _children = [];
    private Dictionary<PathElement, PathNode>? _index;

    public PathElement Element { get; } = element;

    public int FirstPath { get; } = firstPath;

    /// <summary>A path ends here: the one with number <see cref="FirstPath"/>.</summary>
    public bool IsLeaf { get; set; }

    /// <summary>In the order of the paths.</summary>
    public IReadOnlyList<PathNode> Children => _children;

    /// <summary>Adds a step that is not there yet.</summary>
    public void Add(PathNode child)
    {
        _children.Add(child);
        if (_children.Count > FewMax)
        {
            _index ??= _children.SkipLast(1).ToDictionary(static c => c.Element);
            _index.Add(child.Element, child);
        }
    }

    /// <summary>The step, or null. Takes no longer for the many that AttributeUpdates may name.</summary>
    public PathNode? Child(PathElement element)
    {
        if (_index is not null)
        {
            return _index.GetValueOrDefault(element);
        }

        foreach (PathNode child in _children)
        {
            if (child.Element == element)
            {
                return child;
            }
        }

        return null;
    }
}
