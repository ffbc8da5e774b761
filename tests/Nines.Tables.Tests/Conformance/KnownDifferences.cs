namespace Nines.Tables.Tests.Conformance;

/// <summary>
/// Where dynalite does not answer as DynamoDB does, from dynalite.differences: a reason behind <c>#</c>, then what it holds for, cases as
/// <c>file | name | number under that name</c> and operations that dynalite does not know as <c>> Operation</c>.
/// </summary>
internal sealed class KnownDifferences
{
    private const string Unknown = "400 {\"__type\":\"UnknownOperationException\"}";

    private readonly HashSet<string> _cases = new(StringComparer.Ordinal);
    private readonly HashSet<string> _operations = new(StringComparer.Ordinal);

    /// <summary>Those of one file of cases.</summary>
    public KnownDifferences(string file)
    {
        string reason = "";
        foreach (string line in File.ReadLines(Case.PathOf("dynalite.differences")))
        {
            if (line.StartsWith('#') || line.Length == 0)
            {
                reason = line;
                continue;
            }

            Assert.True(reason.Length > 2, $"no reason: {line}");
            bool isOperation = line.StartsWith("> ", StringComparison.Ordinal);
            if (isOperation || line.StartsWith(file + " ", StringComparison.Ordinal))
            {
                Assert.True(isOperation ? _operations.Add(line[2..]) : _cases.Add(line), $"twice: {line}");
            }
        }
    }

    /// <summary>Cases that are listed and were not asked for yet.</summary>
    public IEnumerable<string> Left => _cases;

    /// <summary>What is wrong with an answer or with the list; null when nothing is.</summary>
    public string? Complaint(Case one, string got, bool isSame) =>
        _cases.Remove(one.Id) ? (isSame ? $"is listed and does not differ: {one.Id}" : null)
        : isSame || (_operations.Contains(one.Operation) && got == Unknown) ? null
        : $"differs and is not listed: {one.Id}";
}
