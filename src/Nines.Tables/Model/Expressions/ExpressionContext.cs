using System.Text;
using System.Text.Json;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>A name placeholder and the attribute name it stands for.</summary>
public readonly record struct ExpressionName(string Placeholder, string Name);

/// <summary>A value placeholder, its value, and what is invalid about that value (null: nothing).</summary>
public readonly record struct ExpressionValue(string Placeholder, AttributeValue Value, string? Invalid = null);

/// <summary>
/// The placeholders of one request, shared by all its expressions. Remembers which were used, because DynamoDB refuses a request
/// with a placeholder that no expression uses.
/// </summary>
public sealed class ExpressionContext
{
    private const int LinearSearchMax = 12;

    private readonly IReadOnlyList<ExpressionName> _names;
    private readonly IReadOnlyList<ExpressionValue> _values;
    private readonly Dictionary<string, int>? _nameIndex;
    private readonly Dictionary<string, int>? _valueIndex;
    private readonly bool[] _nameUsed;
    private readonly bool[] _valueUsed;

    private ExpressionContext(IReadOnlyList<ExpressionName> names, IReadOnlyList<ExpressionValue> values)
    {
        _names = names;
        _values = values;
        _nameUsed = names.Count == 0 ? [] : new bool[names.Count];
        _valueUsed = values.Count == 0 ? [] : new bool[values.Count];
        _nameIndex = Index(names, static n => n.Placeholder);
        _valueIndex = Index(values, static v => v.Placeholder);
    }

    /// <summary>A request without placeholders.</summary>
    public static ExpressionContext None() => new([], []);

    /// <summary>
    /// Checks the two maps in DynamoDB's order. Null: the parameter was not in the request. Placeholders are distinct.
    /// </summary>
    public static Parsed<ExpressionContext> Create(
        IReadOnlyList<ExpressionName>? names, IReadOnlyList<ExpressionValue>? values)
    {
        string? fault = (names is null ? null : CheckNames(names)) ?? (values is null ? null : CheckValues(values));
        return fault is null
            ? Parsed<ExpressionContext>.Ok(new ExpressionContext(names ?? [], values ?? []))
            : Parsed<ExpressionContext>.Fail(fault);
    }

    /// <summary>Reads the parameter ExpressionAttributeNames.</summary>
    public static List<ExpressionName> ReadNames(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        var names = new List<ExpressionName>();
        if (!JsonShapes.ExpectTextMap(ref reader, ref findings))
        {
            return names;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? placeholder = JsonShapes.Name(ref reader, ref findings);
            reader.Read();
            if (placeholder is null || !JsonShapes.Text(ref reader, ref findings, out ReadOnlyMemory<byte> name))
            {
                return names;
            }

            names.Add(new ExpressionName(placeholder, Encoding.UTF8.GetString(name.Span)));
        }

        return RepeatedMembers.KeepLast(names, static n => n.Placeholder);
    }

    /// <summary>Reads the parameter ExpressionAttributeValues. Invalid values are noted beside each, not in the findings.</summary>
    public static List<ExpressionValue> ReadValues(ref Utf8JsonReader reader, ref JsonFindings findings)
    {
        var values = new List<ExpressionValue>();
        if (!JsonShapes.ExpectMap(ref reader, "AttributeValue", ref findings))
        {
            return values;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? placeholder = JsonShapes.Name(ref reader, ref findings);
            if (placeholder is null)
            {
                return values;
            }

            reader.Read();
            var own = new JsonFindings();
            AttributeValue value = AttributeValueJson.ReadValue(ref reader, ref own);
            if (own.Malformed is not null)
            {
                findings.Malformed = own.Malformed;
                return values;
            }

            values.Add(new ExpressionValue(placeholder, value, own.Invalid));
        }

        return RepeatedMembers.KeepLast(values, static v => v.Placeholder);
    }

    /// <summary>After all expressions were read: the error for placeholders that none of them used, or null.</summary>
    public TableError? Unused()
    {
        string? names = List(_nameUsed, i => _names[i].Placeholder);
        if (names is not null)
        {
            return TableError.Validation($"Value provided in ExpressionAttributeNames unused in expressions: keys: {names}");
        }

        string? values = List(_valueUsed, i => _values[i].Placeholder);
        return values is null
            ? null
            : TableError.Validation($"Value provided in ExpressionAttributeValues unused in expressions: keys: {values}");
    }

    /// <summary>What a name placeholder stands for, marked as used; null when it is not defined.</summary>
    internal string? Name(string placeholder)
    {
        int at = Find(_names, _nameIndex, static n => n.Placeholder, placeholder);
        if (at < 0)
        {
            return null;
        }

        _nameUsed[at] = true;
        return _names[at].Name;
    }

    /// <summary>What a value placeholder stands for, marked as used; null when it is not defined.</summary>
    internal AttributeValue? Value(string placeholder)
    {
        int at = Find(_values, _valueIndex, static v => v.Placeholder, placeholder);
        if (at < 0)
        {
            return null;
        }

        _valueUsed[at] = true;
        return _values[at].Value;
    }

    private static Dictionary<string, int>? Index<T>(IReadOnlyList<T> members, Func<T, string> placeholder)
    {
        if (members.Count <= LinearSearchMax)
        {
            return null;
        }

        var index = new Dictionary<string, int>(members.Count, StringComparer.Ordinal);
        for (int i = 0; i < members.Count; i++)
        {
            index[placeholder(members[i])] = i;
        }

        return index;
    }

    private static int Find<T>(IReadOnlyList<T> members, Dictionary<string, int>? index, Func<T, string> placeholder, string wanted)
    {
        if (index is not null)
        {
            return index.TryGetValue(wanted, out int found) ? found : -1;
        }

        for (int i = 0; i < members.Count; i++)
        {
            if (placeholder(members[i]) == wanted)
            {
                return i;
            }
        }

        return -1;
    }

    private static string? CheckNames(IReadOnlyList<ExpressionName> names)
    {
        if (names.Count == 0)
        {
            return "ExpressionAttributeNames must not be empty";
        }

        long size = 0;
        foreach (ExpressionName name in names)
        {
            string? fault = CheckPlaceholder(name.Placeholder, '#');
            if (fault is not null)
            {
                return "ExpressionAttributeNames contains invalid key: " + fault;
            }

            size += name.Placeholder.Length + Encoding.UTF8.GetByteCount(name.Name);
        }

        foreach (ExpressionName name in names)
        {
            if (AttributeNames.Check(name.Name) is { } fault)
            {
                return $"ExpressionAttributeNames contains invalid value: {fault} for key {name.Placeholder}";
            }
        }

        return size > TableLimits.SubstitutionBytesMax ? "ExpressionAttributeNames exceeds max size" : null;
    }

    private static string? CheckValues(IReadOnlyList<ExpressionValue> values)
    {
        if (values.Count == 0)
        {
            return "ExpressionAttributeValues must not be empty";
        }

        foreach (ExpressionValue value in values)
        {
            string? fault = CheckPlaceholder(value.Placeholder, ':');
            if (fault is not null)
            {
                return "ExpressionAttributeValues contains invalid key: " + fault;
            }
        }

        long size = 0;
        foreach (ExpressionValue value in values)
        {
            if (value.Invalid is not null)
            {
                return $"ExpressionAttributeValues contains invalid value: {value.Invalid} for key {value.Placeholder}";
            }

            size += value.Placeholder.Length + ItemSize.Of(value.Value);
        }

        return size > TableLimits.SubstitutionBytesMax ? "ExpressionAttributeValues exceeds max size" : null;
    }

    private static string? CheckPlaceholder(string placeholder, char sign)
    {
        if (Encoding.UTF8.GetByteCount(placeholder) > TableLimits.PlaceholderBytesMax)
        {
            return "The expression attribute map contains a key that is too long;";
        }

        bool isWord = placeholder.Length > 1 && placeholder[0] == sign;
        for (int i = 1; i < placeholder.Length && isWord; i++)
        {
            isWord = char.IsAsciiLetterOrDigit(placeholder[i]) || placeholder[i] == '_';
        }

        return isWord ? null : $"Syntax error; key: \"{placeholder}\"";
    }

    private static string? List(bool[] used, Func<int, string> name)
    {
        if (Array.IndexOf(used, false) < 0)
        {
            return null;
        }

        var unused = new List<string>();
        for (int i = 0; i < used.Length; i++)
        {
            if (!used[i])
            {
                unused.Add(name(i));
            }
        }

        return $"{{{string.Join(", ", unused)}}}";
    }
}
