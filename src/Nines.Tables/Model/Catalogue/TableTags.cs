using Nines.Kernel;

namespace Nines.Tables.Model.Catalogue;

/// <summary>One tag of a table.</summary>
public readonly record struct TableTag(string Key, string Value);

/// <summary>The tags of a table, in the order of their keys, each key once. Never changes; equal to another that holds the same.</summary>
public sealed class TableTags : IEquatable<TableTags>
{
    /// <summary>How many tags a table can have.</summary>
    public const int CountMax = 50;

    /// <summary>No tags.</summary>
    public static readonly TableTags None = new([]);

    private readonly TableTag[] _tags;

    private TableTags(TableTag[] tags) => _tags = tags;

    /// <summary>The tags in the order of their keys.</summary>
    public IReadOnlyList<TableTag> All => _tags;

    /// <summary>How many there are.</summary>
    public int Count => _tags.Length;

    /// <summary>Tags from a list; of several with one key the last counts.</summary>
    public static TableTags Of(IEnumerable<TableTag> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        var sorted = new SortedDictionary<string, TableTag>(StringComparer.Ordinal);
        foreach (TableTag tag in tags)
        {
            sorted[tag.Key] = tag;
        }

        return sorted.Count == 0 ? None : new([.. sorted.Values]);
    }

    /// <summary>These and others, which win.</summary>
    public TableTags With(TableTags others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return Of([.. _tags, .. others._tags]);
    }

    /// <summary>These without the given keys, of which some may be unknown.</summary>
    public TableTags Without(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Of(_tags.Where(tag => !keys.Contains(tag.Key)));
    }

    /// <summary>Writes the tags; docs/formats/tables.md draws them.</summary>
    public void Encode(ByteBuffer to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Count(_tags.Length);
        foreach (TableTag tag in _tags)
        {
            to.Text(tag.Key);
            to.Text(tag.Value);
        }
    }

    /// <summary>Reads tags that other fields may follow. Fails the reader when there are too many or their keys are not in order.</summary>
    public static TableTags Decode(ref ByteReader reader)
    {
        int count = reader.Items(2);
        if (count > CountMax)
        {
            reader.Fail();
            return None;
        }

        var tags = new TableTag[reader.Failed ? 0 : count];
        for (int i = 0; i < tags.Length; i++)
        {
            tags[i] = new TableTag(reader.Text(), reader.Text());
            if (i > 0 && string.CompareOrdinal(tags[i - 1].Key, tags[i].Key) >= 0)
            {
                reader.Fail();
            }
        }

        return reader.Failed || tags.Length == 0 ? None : new(tags);
    }

    /// <inheritdoc/>
    public bool Equals(TableTags? other) => other is not null && _tags.AsSpan().SequenceEqual(other._tags);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TableTags);

    /// <summary>Coarse on purpose: hash codes of texts differ from one process to the next, and nothing here is hashed in earnest.</summary>
    public override int GetHashCode() => _tags.Length;
}
