using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>One step of a document path: into a map by name, or into a list by index when <see cref="Name"/> is null.</summary>
public readonly record struct PathElement(string? Name, int Index)
{
    /// <summary>A step into a map.</summary>
    public static PathElement Named(string name) => new(name, 0);

    /// <summary>A step into a list.</summary>
    public static PathElement At(int index) => new(null, index);

    /// <summary>This steps into a list.</summary>
    public bool IsIndex => Name is null;

    /// <inheritdoc/>
    public override string ToString() => Name ?? $"[{Index}]";
}

/// <summary>
/// Where in an item something is: <c>a.b[2]</c>. Starts with an attribute's name; names are the attributes' own, placeholders
/// already replaced.
/// </summary>
public sealed class DocumentPath : IEquatable<DocumentPath>
{
    private readonly PathElement[] _elements;

    /// <summary>Makes a path of at least one element, the first a name.</summary>
    public DocumentPath(params PathElement[] elements)
    {
        Invariant.Assert(elements.Length > 0 && !elements[0].IsIndex);
        _elements = elements;
    }

    /// <summary>The steps, outermost first.</summary>
    public ReadOnlySpan<PathElement> Elements => _elements;

    /// <summary>The top-level attribute.</summary>
    public string Root => _elements[0].Name!;

    /// <summary>Goes inside the top-level attribute.</summary>
    public bool IsNested => _elements.Length > 1;

    /// <summary>A path to a top-level attribute.</summary>
    public static DocumentPath Of(string name) => new(PathElement.Named(name));

    /// <summary>The value at this path, or null when there is none.</summary>
    public AttributeValue? Find(Item item) => Find(item, _elements.Length);

    /// <summary>The value that contains what this path points to; only for nested paths.</summary>
    internal AttributeValue? FindParent(Item item) => Find(item, _elements.Length - 1);

    /// <inheritdoc/>
    public bool Equals(DocumentPath? other) => other is not null && _elements.AsSpan().SequenceEqual(other._elements);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DocumentPath);

    /// <summary>Deterministic and weak: paths are compared, not hashed.</summary>
    public override int GetHashCode() => _elements.Length;

    /// <summary>As messages print it: <c>[a, b, [2]]</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < _elements.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(_elements[i].ToString());
        }

        return text.Append(']').ToString();
    }

    private AttributeValue? Find(Item item, int steps)
    {
        AttributeValue? value = item[_elements[0].Name!];
        for (int i = 1; i < steps && value is not null; i++)
        {
            value = Step(value, _elements[i]);
        }

        return value;
    }

    private static AttributeValue? Step(AttributeValue container, PathElement element)
    {
        if (element.Name is not null)
        {
            return (container as MapValue)?.Entries[element.Name];
        }

        return container is ListValue list && element.Index < list.Elements.Length ? list.Elements[element.Index] : null;
    }
}
