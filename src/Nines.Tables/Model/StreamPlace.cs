using System.Globalization;

namespace Nines.Tables.Model;

/// <summary>
/// A place in a shard, which is one data group's part of a stream: the log index of a command and the number of a change in it. Clients see
/// it as a sequence number: a 1, the index in 19 digits, the number in 5. All have one length, so they rise as texts and as numbers.
/// </summary>
public readonly record struct StreamPlace(long Index, int Number) : IComparable<StreamPlace>
{
    private const int IndexDigits = 19;
    private const int NumberDigits = 5;
    private const int Digits = 1 + IndexDigits + NumberDigits;

    /// <summary>Before every record. The starting sequence number of every shard: reading from there is reading what there still is.</summary>
    public static readonly StreamPlace Start;

    /// <summary>The place behind this one.</summary>
    public StreamPlace Next => Number == ushort.MaxValue ? new(Index + 1, 0) : this with { Number = Number + 1 };

    /// <summary>The sequence number.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"1{Index:D19}{Number:D5}");

    /// <summary>Reads a sequence number; null when the text is none.</summary>
    public static StreamPlace? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == Digits && text[0] == '1'
            && long.TryParse(text.AsSpan(1, IndexDigits), NumberStyles.None, CultureInfo.InvariantCulture, out long index)
            && int.TryParse(text.AsSpan(1 + IndexDigits), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number <= ushort.MaxValue
                ? new StreamPlace(index, number)
                : null;
    }

    /// <inheritdoc/>
    public int CompareTo(StreamPlace other) => Index != other.Index ? Index.CompareTo(other.Index) : Number.CompareTo(other.Number);

    /// <summary>Whether one place is before another.</summary>
    public static bool operator <(StreamPlace left, StreamPlace right) => left.CompareTo(right) < 0;

    /// <summary>Whether one place is behind another.</summary>
    public static bool operator >(StreamPlace left, StreamPlace right) => left.CompareTo(right) > 0;

    /// <summary>Whether one place is before another, or the same.</summary>
    public static bool operator <=(StreamPlace left, StreamPlace right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one place is behind another, or the same.</summary>
    public static bool operator >=(StreamPlace left, StreamPlace right) => left.CompareTo(right) >= 0;
}
