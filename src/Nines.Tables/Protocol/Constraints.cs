using System.Globalization;

namespace Nines.Tables.Protocol;

/// <summary>
/// The constraints every member has by the service's model, checked before anything else. Violations are collected, at most ten,
/// and reported together: "2 validation errors detected: Value 'x' at 'limit' failed to satisfy constraint: ...; ...".
/// </summary>
internal struct Constraints
{
    private const int MaxViolations = 10;

    /// <summary>Of what was sent no more than this is sent back with a violation, which may quote it ten times over.</summary>
    private const int QuotedMax = 4096;

    private const string NamePattern = "[a-zA-Z0-9_.-]+";

    private List<string>? _violations;

    /// <summary>The message of the ValidationException; null when nothing was violated.</summary>
    public readonly string? Message => _violations is null
        ? null
        : $"{_violations.Count} validation error{(_violations.Count > 1 ? "s" : "")} detected: {string.Join("; ", _violations)}";

    public void NotNull(bool present, string at)
    {
        if (!present)
        {
            Add(null, at, "Member must not be null");
        }
    }

    /// <summary>A name of 3 to 255 characters that must be there.</summary>
    public void Name(string? name, string at)
    {
        if (name is null)
        {
            Add(null, at, "Member must not be null");
            return;
        }

        NameIfAny(name, at);
    }

    /// <summary>A name of 3 to 255 characters that may be absent.</summary>
    public void NameIfAny(string? name, string at)
    {
        if (name is null)
        {
            return;
        }

        Pattern(name, at);
        if (name.Length < 3)
        {
            Add(name, at, "Member must have length greater than or equal to 3");
        }

        if (name.Length > 255)
        {
            Add(name, at, "Member must have length less than or equal to 255");
        }
    }

    /// <summary>Only the characters a table's name may have.</summary>
    public void Pattern(string? name, string at)
    {
        if (name is not null && !IsName(name))
        {
            Add(name, at, "Member must satisfy regular expression pattern: " + NamePattern);
        }
    }

    public void OneOf(string? value, string at, string set)
    {
        if (value is not null && !IsMember(set, value))
        {
            Add(value, at, $"Member must satisfy enum value set: [{set}]");
        }
    }

    public void AtLeast(long? value, long low, string at)
    {
        if (value < low)
        {
            Add(Number(value.Value), at, "Member must have value greater than or equal to " + Number(low));
        }
    }

    public void AtMost(long? value, long high, string at)
    {
        if (value > high)
        {
            Add(Number(value.Value), at, "Member must have value less than or equal to " + Number(high));
        }
    }

    public void LengthAtLeast(int? length, int low, string at, Func<string> quoted)
    {
        if (length < low)
        {
            Add(quoted(), at, "Member must have length greater than or equal to " + Number(low));
        }
    }

    public void LengthAtMost(int? length, int high, string at, Func<string> quoted)
    {
        if (length > high)
        {
            Add(quoted(), at, "Member must have length less than or equal to " + Number(high));
        }
    }

    /// <summary>The keys of a map by table name.</summary>
    public void TableKey(string name, string at, Func<string> quoted)
    {
        if (name.Length is < 3 or > 255 || !IsName(name))
        {
            Add(quoted(), at, "Map keys must satisfy constraint: [Member must have length less than or equal to 255, "
                + "Member must have length greater than or equal to 3, "
                + "Member must satisfy regular expression pattern: " + NamePattern + "]");
        }
    }

    public void Add(string? value, string at, string constraint)
    {
        _violations ??= [];
        if (_violations.Count < MaxViolations)
        {
            string quoted = value is null ? "null" : $"'{Cut(value)}'";
            _violations.Add($"Value {quoted} at '{Cut(at)}' failed to satisfy constraint: {constraint}");
        }
    }

    /// <summary>As much of a text as a message may quote.</summary>
    public static string Cut(string text) => text.Length <= QuotedMax ? text : text[..QuotedMax];

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether all characters are those a table's name may have, and there is one.</summary>
    public static bool IsName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return name.Length > 0;
    }

    private static bool IsMember(string set, string value)
    {
        foreach (Range part in set.AsSpan().Split(", "))
        {
            if (set.AsSpan(part).SequenceEqual(value))
            {
                return true;
            }
        }

        return false;
    }
}
