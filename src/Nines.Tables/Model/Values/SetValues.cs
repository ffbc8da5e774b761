using Nines.Kernel;

namespace Nines.Tables.Model.Values;

/// <summary>SS: distinct texts in byte order, at least one.</summary>
public sealed class StringSetValue : AttributeValue
{
    private readonly ReadOnlyMemory<byte>[] _elements;

    internal StringSetValue(ReadOnlyMemory<byte>[] sortedDistinct) => _elements = sortedDistinct;

    /// <summary>The texts, valid UTF-8, ascending.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Elements => _elements;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.StringSet;

    /// <summary>Sorts the texts (in place) and drops repetitions.</summary>
    public static StringSetValue Of(ReadOnlyMemory<byte>[] elements) => new(ByteSets.SortDistinct(elements));

    /// <summary>Whether the text is an element.</summary>
    public bool Contains(ReadOnlySpan<byte> utf8) => ByteSets.Contains(_elements, utf8);

    /// <summary>All elements of both.</summary>
    public StringSetValue Union(StringSetValue other) => Of([.. _elements, .. other._elements]);

    /// <summary>The elements that <paramref name="other"/> lacks; null when none is left.</summary>
    public StringSetValue? Except(StringSetValue other)
    {
        ReadOnlyMemory<byte>[] left = Array.FindAll(_elements, e => !other.Contains(e.Span));
        return left.Length == 0 ? null : new StringSetValue(left);
    }

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) =>
        other is StringSetValue s && ByteSets.AreEqual(_elements, s._elements);
}

/// <summary>BS: distinct byte strings in unsigned byte order, at least one.</summary>
public sealed class BinarySetValue : AttributeValue
{
    private readonly ReadOnlyMemory<byte>[] _elements;

    internal BinarySetValue(ReadOnlyMemory<byte>[] sortedDistinct) => _elements = sortedDistinct;

    /// <summary>The byte strings, ascending.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Elements => _elements;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.BinarySet;

    /// <summary>Sorts the byte strings (in place) and drops repetitions.</summary>
    public static BinarySetValue Of(ReadOnlyMemory<byte>[] elements) => new(ByteSets.SortDistinct(elements));

    /// <summary>Whether the byte string is an element.</summary>
    public bool Contains(ReadOnlySpan<byte> bytes) => ByteSets.Contains(_elements, bytes);

    /// <summary>All elements of both.</summary>
    public BinarySetValue Union(BinarySetValue other) => Of([.. _elements, .. other._elements]);

    /// <summary>The elements that <paramref name="other"/> lacks; null when none is left.</summary>
    public BinarySetValue? Except(BinarySetValue other)
    {
        ReadOnlyMemory<byte>[] left = Array.FindAll(_elements, e => !other.Contains(e.Span));
        return left.Length == 0 ? null : new BinarySetValue(left);
    }

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) =>
        other is BinarySetValue b && ByteSets.AreEqual(_elements, b._elements);
}

/// <summary>NS: distinct numbers ascending, at least one.</summary>
public sealed class NumberSetValue : AttributeValue
{
    private readonly DynamoNumber[] _elements;

    internal NumberSetValue(DynamoNumber[] sortedDistinct) => _elements = sortedDistinct;

    /// <summary>The numbers, ascending.</summary>
    public ReadOnlySpan<DynamoNumber> Elements => _elements;

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.NumberSet;

    /// <summary>Sorts the numbers (in place) and drops repetitions.</summary>
    public static NumberSetValue Of(DynamoNumber[] elements)
    {
        Invariant.Assert(elements.Length > 0);
        Array.Sort(elements);
        int kept = 1;
        for (int i = 1; i < elements.Length; i++)
        {
            if (elements[i] != elements[kept - 1])
            {
                elements[kept++] = elements[i];
            }
        }

        return new NumberSetValue(kept == elements.Length ? elements : elements[..kept]);
    }

    /// <summary>Whether the number is an element.</summary>
    public bool Contains(DynamoNumber number) => Array.BinarySearch(_elements, number) >= 0;

    /// <summary>All elements of both.</summary>
    public NumberSetValue Union(NumberSetValue other) => Of([.. _elements, .. other._elements]);

    /// <summary>The elements that <paramref name="other"/> lacks; null when none is left.</summary>
    public NumberSetValue? Except(NumberSetValue other)
    {
        DynamoNumber[] left = Array.FindAll(_elements, e => !other.Contains(e));
        return left.Length == 0 ? null : new NumberSetValue(left);
    }

    /// <inheritdoc/>
    public override bool Equals(AttributeValue? other) =>
        other is NumberSetValue n && _elements.AsSpan().SequenceEqual(n._elements);
}

/// <summary>What the two sets of byte strings share.</summary>
internal static class ByteSets
{
    private static readonly Comparison<ReadOnlyMemory<byte>> Order = (a, b) => a.Span.SequenceCompareTo(b.Span);

    public static ReadOnlyMemory<byte>[] SortDistinct(ReadOnlyMemory<byte>[] elements)
    {
        Invariant.Assert(elements.Length > 0);
        Array.Sort(elements, Order);
        int kept = 1;
        for (int i = 1; i < elements.Length; i++)
        {
            if (!elements[i].Span.SequenceEqual(elements[kept - 1].Span))
            {
                elements[kept++] = elements[i];
            }
        }

        return kept == elements.Length ? elements : elements[..kept];
    }

    public static bool Contains(ReadOnlyMemory<byte>[] sorted, ReadOnlySpan<byte> wanted)
    {
        int low = 0;
        int high = sorted.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = sorted[middle].Span.SequenceCompareTo(wanted);
            if (order == 0)
            {
                return true;
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

        return false;
    }

    public static bool AreEqual(ReadOnlyMemory<byte>[] a, ReadOnlyMemory<byte>[] b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        for (int i = 0; i < a.Length; i++)
        {
            if (!a[i].Span.SequenceEqual(b[i].Span))
            {
                return false;
            }
        }

        return true;
    }
}
