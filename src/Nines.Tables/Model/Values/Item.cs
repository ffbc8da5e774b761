using Nines.Kernel;

namespace Nines.Tables.Model.Values;

/// <summary>
/// Names and values, sorted by name (ordinal) and immutable: a table's item, a map inside one, a key. Iteration order is the
/// names' order, so that two replicas encode the same item to the same bytes.
/// </summary>
public sealed class Item : IEquatable<Item>
{
    /// <summary>No attributes.</summary>
    public static readonly Item Empty = new([], [], 0);

    private readonly string[] _names;
    private readonly AttributeValue[] _values;

    internal Item(string[] sortedNames, AttributeValue[] values, int count)
    {
        _names = sortedNames;
        _values = values;
        Count = count;
    }

    /// <summary>How many attributes.</summary>
    public int Count { get; }

    /// <summary>The names, ascending.</summary>
    public ReadOnlySpan<string> Names => _names.AsSpan(0, Count);

    /// <summary>The values, each at the place of its name in <see cref="Names"/>.</summary>
    public ReadOnlySpan<AttributeValue> Values => _values.AsSpan(0, Count);

    /// <summary>The attribute's value, or null when there is none of that name.</summary>
    public AttributeValue? this[string name]
    {
        get
        {
            int at = IndexOf(name);
            return at >= 0 ? _values[at] : null;
        }
    }

    /// <summary>An item of these pairs; of two with one name the later wins.</summary>
    public static Item Of(params ReadOnlySpan<(string Name, AttributeValue Value)> attributes)
    {
        var builder = new ItemBuilder(attributes.Length);
        foreach ((string name, AttributeValue value) in attributes)
        {
            builder.Add(name, value);
        }

        return builder.Build();
    }

    /// <summary>The place of a name in <see cref="Names"/>, or the complement of the place where it would be.</summary>
    public int IndexOf(string name)
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int order = string.CompareOrdinal(_names[middle], name);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    /// <summary>This item with one attribute put in place, added or replaced.</summary>
    public Item With(string name, AttributeValue value)
    {
        int at = IndexOf(name);
        if (at >= 0)
        {
            AttributeValue[] values = Values.ToArray();
            values[at] = value;
            return new Item(_names, values, Count);
        }

        at = ~at;
        string[] names = [.. Names[..at], name, .. Names[at..]];
        return new Item(names, [.. Values[..at], value, .. Values[at..]], Count + 1);
    }

    /// <summary>This item without one attribute; itself when there is none of that name.</summary>
    public Item Without(string name)
    {
        int at = IndexOf(name);
        return at < 0
            ? this
            : new Item([.. Names[..at], .. Names[(at + 1)..]], [.. Values[..at], .. Values[(at + 1)..]], Count - 1);
    }

    /// <inheritdoc/>
    public bool Equals(Item? other) =>
        other is not null && Names.SequenceEqual(other.Names) && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Item);

    /// <summary>Deterministic and weak: items are compared, seldom hashed.</summary>
    public override int GetHashCode() => Count;
}

/// <summary>Collects attributes in any order. Of two with one name the later wins. Used once.</summary>
public sealed class ItemBuilder(int capacity = 8)
{
    private string[] _names = new string[Math.Max(capacity, 1)];
    private AttributeValue[] _values = new AttributeValue[Math.Max(capacity, 1)];
    private bool _isSorted = true;
    private int _count;
    private bool _isBuilt;

    /// <summary>How many were added, repetitions included.</summary>
    public int Count => _count;

    /// <summary>Adds one attribute.</summary>
    public void Add(string name, AttributeValue value)
    {
        if (_count == _names.Length)
        {
            Array.Resize(ref _names, _count * 2);
            Array.Resize(ref _values, _count * 2);
        }

        _isSorted = _isSorted && (_count == 0 || string.CompareOrdinal(_names[_count - 1], name) < 0);
        _names[_count] = name;
        _values[_count++] = value;
    }

    /// <summary>The item. The builder must not be used afterwards.</summary>
    public Item Build()
    {
        Invariant.Assert(!_isBuilt);
        _isBuilt = true;
        if (_count == 0)
        {
            return Item.Empty;
        }

        if (!_isSorted)
        {
            Sort();
        }

        return new Item(_names, _values, _count);
    }

    private void Sort()
    {
        // Small items by insertion, which allocates nothing; large ones by the library's sort, which an attacker cannot make quadratic.
        const int Small = 24;
        if (_count <= Small)
        {
            InsertionSort();
            return;
        }

        int[] places = new int[_count];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = i;
        }

        string[] names = _names;
        AttributeValue[] values = _values;
        Array.Sort(places, (a, b) =>
        {
            int order = string.CompareOrdinal(names[a], names[b]);
            return order != 0 ? order : a.CompareTo(b);
        });
        _names = new string[_count];
        _values = new AttributeValue[_count];
        int kept = 0;
        foreach (int place in places)
        {
            if (kept > 0 && _names[kept - 1] == names[place])
            {
                kept--;
            }

            _names[kept] = names[place];
            _values[kept++] = values[place];
        }

        _count = kept;
    }

    private void InsertionSort()
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            string name = _names[i];
            AttributeValue value = _values[i];
            int at = kept;
            int order = -1;
            while (at > 0 && (order = string.CompareOrdinal(_names[at - 1], name)) > 0)
            {
                at--;
            }

            if (at > 0 && order == 0)
            {
                _values[at - 1] = value;
                continue;
            }

            Array.Copy(_names, at, _names, at + 1, kept - at);
            Array.Copy(_values, at, _values, at + 1, kept - at);
            _names[at] = name;
            _values[at] = value;
            kept++;
        }

        _count = kept;
    }
}
