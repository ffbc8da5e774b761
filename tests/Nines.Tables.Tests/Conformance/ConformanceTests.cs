using System.Text.RegularExpressions;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Conformance;

/// <summary>
/// What DynamoDB answers, request by request, from text files of cases that run in order over one door:
/// <code>
///   # a remark, or the case's name
///   > PutItem {"TableName": ...}       the request; may go on over following lines
///   &lt; 400 {"__type": ...}              the exact status and body; * inside stands for anything
/// </code>
/// With NINES_REWRITE set to this folder the answers are written into the files; commit them only when understood.
/// A table is ready to use as soon as it is created. Types of errors are written without their name space's prefix.
/// </summary>
public sealed class ConformanceTests
{
    private const string DynamoPrefix = "com.amazonaws.dynamodb.v20120810#";
    private const string ValidatePrefix = "com.amazon.coral.validate#";
    private const string ServicePrefix = "com.amazon.coral.service#";

    [Theory]
    [InlineData("tables.txt", 80)]
    [InlineData("control.txt", 7)]
    [InlineData("arns.txt", 30)]
    [InlineData("tags.txt", 50)]
    [InlineData("updates.txt", 50)]
    [InlineData("items.txt", 100)]
    [InlineData("expressions.txt", 50)]
    [InlineData("legacy.txt", 40)]
    [InlineData("batches.txt", 50)]
    [InlineData("pages.txt", 95)]
    [InlineData("transactions.txt", 40)]
    public async Task Every_case_is_answered_word_for_word(string file, int atLeast)
    {
        await using DoorHost door = await DoorHost.StartAsync();
        List<Case> cases = Case.ReadAll(Case.PathOf(file));
        var wrong = new List<string>();
        string? rewrite = Environment.GetEnvironmentVariable("NINES_REWRITE");
        string[] lines = File.ReadAllLines(Case.PathOf(file));
        foreach (Case one in cases)
        {
            DoorAnswer answer = await door.SendAsync(one.Operation, one.Request);
            string got = $"{answer.Status} {Short(answer.Body)}";
            if (!Matches(one.Expected, got))
            {
                lines[one.Line - 1] = "< " + Regex.Replace(got, "\"TableId\":\"[^\"]*\"", "\"TableId\":\"*\"");
                wrong.Add($"{file}:{one.Line} {one.Name}\n  sent {one.Operation} {one.Request}\n  want {one.Expected}\n  got  {got}");
            }
        }

        if (rewrite is not null)
        {
            await File.WriteAllLinesAsync(Path.Combine(rewrite, file), lines);
            return;
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {cases.Count} differ:\n{string.Join("\n", wrong)}");
        Assert.True(cases.Count >= atLeast, $"only {cases.Count} cases");
    }

    private static string Short(string body) => body
        .Replace(DynamoPrefix, "", StringComparison.Ordinal)
        .Replace(ValidatePrefix, "", StringComparison.Ordinal)
        .Replace(ServicePrefix, "", StringComparison.Ordinal);

    /// <summary>Whether a text fits a pattern in which * stands for anything.</summary>
    private static bool Matches(string pattern, string text)
    {
        string[] parts = pattern.Split('*');
        int at = parts[0].Length;
        if (!text.StartsWith(parts[0], StringComparison.Ordinal))
        {
            return false;
        }

        for (int i = 1; i < parts.Length; i++)
        {
            bool isLast = i == parts.Length - 1;
            int found = isLast
                ? (text.EndsWith(parts[i], StringComparison.Ordinal) ? text.Length - parts[i].Length : -1)
                : text.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (found < at)
            {
                return false;
            }

            at = found + parts[i].Length;
        }

        return at == text.Length;
    }

    private sealed record Case(int Line, string Name, string Operation, string Request, string Expected)
    {
        public static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Conformance", file);

        public static List<Case> ReadAll(string path)
        {
            var cases = new List<Case>();
            string name = "";
            string? request = null;
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (line.StartsWith("# ", StringComparison.Ordinal))
                {
                    name = line[2..];
                }
                else if (line.StartsWith("> ", StringComparison.Ordinal))
                {
                    request = line[2..];
                }
                else if (line.StartsWith("< ", StringComparison.Ordinal) && request is not null)
                {
                    int space = request.IndexOf(' ', StringComparison.Ordinal);
                    string operation = space < 0 ? request : request[..space];
                    string body = space < 0 ? "" : request[(space + 1)..];
                    cases.Add(new Case(number, name, operation, Expand(body), Expand(line[2..])));
                    request = null;
                }
                else if (request is not null && line.Length > 0)
                {
                    request += "\n" + line;
                }
            }

            return cases;
        }

        /// <summary>{{x*300}} stands for 300 times x.</summary>
        private static string Expand(string text)
        {
            int open;
            while ((open = text.IndexOf("{{", StringComparison.Ordinal)) >= 0 && text.IndexOf("}}", open, StringComparison.Ordinal) is var close and > 0
                && text[(open + 2)..close].Split('*') is [var what, var times] && int.TryParse(times, out int count))
            {
                text = text[..open] + string.Concat(Enumerable.Repeat(what, count)) + text[(close + 2)..];
            }

            return text;
        }
    }
}
