namespace Nines.Tables.Tests.Conformance;

/// <summary>
/// Where dynalite does not answer as DynamoDB does, from dynalite.differences: a reason behind <c>#</c>, then the cases it holds for, each as
/// <c>file | name | number under that name</c>.
/// </summary>
internal static class KnownDifferences
{
    public static HashSet<string> Of(string file)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        string reason = "";
        foreach (string line in File.ReadLines(Case.PathOf("dynalite.differences")))
        {
            if (line.StartsWith('#'))
            {
                reason = line;
            }
            else if (line.Length == 0)
            {
                reason = "";
            }
            else
            {
                Assert.True(reason.Length > 2, $"no reason: {line}");
                Assert.True(!line.StartsWith(file + " ", StringComparison.Ordinal) || known.Add(line), $"twice: {line}");
            }
        }

        return known;
    }
}
