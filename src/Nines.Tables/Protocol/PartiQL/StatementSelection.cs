using Nines.Kernel;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <summary>
/// What a SELECT takes of each item. Unlike a ProjectionExpression a path does not keep what is around the value: the value becomes
/// an attribute of the result, named by the path's last name and the indexes behind it, so that <c>m.k[1]</c> is <c>k[1]</c>. Therefore
/// whole attributes are read, and the values are taken out of them here.
/// </summary>
public sealed class StatementSelection
{
    private readonly IReadOnlyList<(string Name, DocumentPath Path)> _values;
    private readonly bool _isPlain;

    private StatementSelection(IReadOnlyList<(string Name, DocumentPath Path)> values)
    {
        _values = values;
        _isPlain = values.All(static v => !v.Path.IsNested);
        Attributes = ProjectionPlan.OfAttributes(values.Select(static v => v.Path.Root).Distinct());
    }

    /// <summary>The attributes that must be read.</summary>
    public ProjectionPlan Attributes { get; }

    /// <summary>A selection of at least one path; null when two of them have the name <paramref name="repeated"/>.</summary>
    public static StatementSelection? Create(IReadOnlyList<DocumentPath> paths, out string? repeated)
    {
        var values = new List<(string, DocumentPath)>(paths.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        repeated = null;
        foreach (DocumentPath path in paths)
        {
            string name = NameOf(path);
            if (!names.Add(name))
            {
                repeated = name;
                return null;
            }

            values.Add((name, path));
        }

        return new StatementSelection(values);
    }

    /// <summary>The selected values of an encoded item, encoded. Bytes that are no item are given back as they are.</summary>
    public ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> encoded)
    {
        if (_isPlain || encoded.IsEmpty || !ItemCodec.TryDecode(encoded, out Item item))
        {
            return encoded;
        }

        var selected = new ItemBuilder(_values.Count);
        foreach ((string name, DocumentPath path) in _values)
        {
            if (path.Find(item) is { } value)
            {
                selected.Add(name, value);
            }
        }

        var bytes = new ByteBuffer(encoded.Length);
        ItemCodec.Encode(selected.Build(), bytes);
        return bytes.ToArray();
    }

    private static string NameOf(DocumentPath path)
    {
        string name = "";
        foreach (PathElement element in path.Elements)
        {
            name = element.Name ?? name + element.ToString();
        }

        return name;
    }
}
