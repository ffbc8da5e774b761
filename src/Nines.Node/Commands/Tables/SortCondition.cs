namespace Nines.Node.Commands.Tables;

/// <summary>What the sort key is to be, as a part of a key condition: <c>&lt; 5</c>, <c>begins_with 2026-</c>, between two values.</summary>
/// <param name="Operator">As in DynamoDB's expressions; BETWEEN has two values, all others one.</param>
internal sealed record SortCondition(string Operator, IReadOnlyList<string> Values)
{
    public const string Form = "'= V', '< V', '<= V', '> V', '>= V' or 'begins_with V'";

    /// <summary>The longer one first where one begins with another.</summary>
    private static readonly string[] Comparisons = ["<=", ">=", "=", "<", ">"];

    private const string Prefix = "begins_with ";

    /// <exception cref="TablesUsageException">It is no condition.</exception>
    public static SortCondition Parse(string text)
    {
        if (text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return new SortCondition("begins_with", [text[Prefix.Length..]]);
        }

        foreach (string comparison in Comparisons)
        {
            if (text.StartsWith(comparison, StringComparison.Ordinal))
            {
                string value = text[comparison.Length..];
                return new SortCondition(comparison, [value.StartsWith(' ') ? value[1..] : value]);
            }
        }

        throw new TablesUsageException($"--sort: \"{text}\" is not allowed; expected {Form}");
    }

    public static SortCondition Between(string low, string high) => new("BETWEEN", [low, high]);

    /// <param name="name">A placeholder for the attribute.</param>
    /// <param name="values">Placeholders for the values.</param>
    public string Expression(string name, IReadOnlyList<string> values) => Operator switch
    {
        "begins_with" => $"begins_with({name}, {values[0]})",
        "BETWEEN" => $"{name} BETWEEN {values[0]} AND {values[1]}",
        _ => $"{name} {Operator} {values[0]}",
    };
}
