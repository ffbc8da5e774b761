using System.Text.RegularExpressions;
using Nines.Tables.Engines.External;
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
/// A table is ready to use as soon as it is created, and between two cases there is time for indexes to follow. Types of errors are written without their name space's prefix.
/// The same cases run over the door in front of dynalite, where each must either be answered with the same meaning or be listed in
/// dynalite.differences.
/// </summary>
public sealed class ConformanceTests
{
    /// <summary>The files, and how many cases each has at least.</summary>
    public static readonly TheoryData<string, int> Files = new()
    {
        { "tables.txt", 80 },
        { "control.txt", 7 },
        { "arns.txt", 30 },
        { "tags.txt", 50 },
        { "updates.txt", 50 },
        { "items.txt", 100 },
        { "expressions.txt", 50 },
        { "legacy.txt", 40 },
        { "batches.txt", 50 },
        { "pages.txt", 95 },
        { "transactions.txt", 40 },
        { "indexes.txt", 120 },
        { "streams.txt", 55 },
        { "ttl.txt", 26 },
        { "partiql.txt", 240 },
    };

    private const string DynamoPrefix = "com.amazonaws.dynamodb.v20120810#";
    private const string ValidatePrefix = "com.amazon.coral.validate#";
    private const string ServicePrefix = "com.amazon.coral.service#";

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_case_is_answered_word_for_word(string file, int atLeast)
    {
        var time = new ManualTime();
        await using DoorHost door = await DoorHost.StartAsync(time: file == "indexes.txt" ? time : null);
        List<Case> cases = Case.ReadAll(file);
        List<(Case Case, string Got)> answers = await RunAsync(door, cases, () => time.Tick(TimeSpan.FromSeconds(1)));
        List<(Case Case, string Got)> wrong = answers.FindAll(a => !Matches(a.Case.Expected, a.Got));
        if (Environment.GetEnvironmentVariable("NINES_REWRITE") is { } rewrite)
        {
            string[] lines = File.ReadAllLines(Case.PathOf(file));
            foreach ((Case one, string got) in wrong)
            {
                lines[one.Line - 1] = "< " + Regex.Replace(got, "\"TableId\":\"[^\"]*\"", "\"TableId\":\"*\"");
            }

            await File.WriteAllLinesAsync(Path.Combine(rewrite, file), lines);
            return;
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {cases.Count} differ:\n{string.Join("\n", wrong.Select(Text))}");
        Assert.True(cases.Count >= atLeast, $"only {cases.Count} cases");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_case_is_answered_by_an_external_service_or_is_known_to_differ(string file, int atLeast)
    {
        await using Dynalite service = await Dynalite.StartOrSkipAsync();
        await using ExternalDoor door = await ExternalDoor.StartAsync(new ExternalOptions { Endpoint = service.Endpoint });
        List<Case> cases = Case.ReadAll(file);
        var known = new KnownDifferences(file);
        List<string> wrong = [];
        foreach ((Case one, string got) in await RunAsync(door, cases, static () => { }))
        {
            if (known.Complaint(one, got, Matches(SameJson.Of(one.Expected), SameJson.Of(got))) is { } complaint)
            {
                wrong.Add(complaint + "\n" + Text((one, got)));
            }
        }

        wrong.AddRange(known.Left.Select(id => $"is listed and is no case: {id}"));
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {cases.Count}:\n{string.Join("\n", wrong)}");
        Assert.True(cases.Count >= atLeast, $"only {cases.Count} cases");
    }

    private static async Task<List<(Case Case, string Got)>> RunAsync(DoorClient door, List<Case> cases, Action afterEach)
    {
        var answers = new List<(Case, string)>();
        foreach (Case one in cases)
        {
            DoorAnswer answer = await door.SendAsync(one.Operation, one.Request);
            answers.Add((one, $"{answer.Status} {Short(answer.Body)}"));
            afterEach();
            if (one.Operation.EndsWith("Table", StringComparison.Ordinal) && answer.Status == 200)
            {
                await door.SettleAsync();
            }
        }

        return answers;
    }

    private static string Text((Case Case, string Got) one) =>
        $"{one.Case.File}:{one.Case.Line} {one.Case.Name}\n  sent {one.Case.Operation} {one.Case.Request}\n  want {one.Case.Expected}\n  got  {one.Got}";

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
}
