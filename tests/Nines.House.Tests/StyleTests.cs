using System.Text.RegularExpressions;

namespace Nines.House.Tests;

/// <summary>
/// Taste that a compiler does not check. Each number is a ratchet: it starts where the code is, may be lowered at any time, and is raised
/// only with a reason in the commit.
/// </summary>
public sealed partial class StyleTests
{
    private const int MaxSourceLines = 400;
    private const int MaxTestLines = 700;
    private const int MaxFunctionLines = 90;

    /// <summary>A function longer than this no longer fits a screen.</summary>
    private const int LongFunctionLines = 60;

    private const int MaxLongFunctions = 12;

    private static readonly string[] BannedWords = ["Manager", "Helper", "Utils", "Utilities"];

    /// <summary>These wait for real processes; nothing else has a reason to sleep.</summary>
    private static readonly string[] RealTimeTests = ["tests/Nines.EndToEnd.Tests/"];

    [Fact]
    public void Files_stay_short() => AssertNone(
        from path in Repository.Sources("src").Concat(Repository.Sources("tests"))
        let lines = Repository.Lines(path).Length
        let bound = path.StartsWith("src/", StringComparison.Ordinal) ? MaxSourceLines : MaxTestLines
        where lines > bound
        select $"{path} has {lines} lines; {bound} are allowed");

    [Fact]
    public void Functions_stay_short()
    {
        List<Function> functions = [.. Repository.Sources("src").SelectMany(path => Function.Of(path, Repository.Lines(path)))];
        Assert.True(functions.Count > 100, "the scan finds functions");
        AssertNone(from f in functions where f.Lines > MaxFunctionLines select f.ToString());
        List<Function> longer = functions.FindAll(f => f.Lines > LongFunctionLines);
        Assert.True(
            longer.Count <= MaxLongFunctions,
            $"{longer.Count} functions are longer than {LongFunctionLines} lines, {MaxLongFunctions} may be:\n{string.Join('\n', longer)}");
    }

    [Fact]
    public void The_scan_for_functions_sees_what_it_should()
    {
        string[] lines =
        [
            "public sealed class A", "{", "    public int F(", "        int x)", "    {", "        if (x > 0)", "        {", "        }", "    }", "",
            "    public int G => 1;", "", "    public int P", "    {", "        get { return 1; }", "    }", "}",
        ];
        Function found = Assert.Single(Function.Of("a.cs", lines));
        Assert.Equal((3, 7), (found.Line, found.Lines));
    }

    [Fact]
    public void Names_say_what_a_thing_is() => AssertNone(
        from path in Repository.Sources("src").Concat(Repository.Sources("tests"))
        from Match match in TypeName().Matches(Repository.Read(path))
        from word in BannedWords
        where match.Groups["name"].Value.Contains(word, StringComparison.Ordinal)
        select $"{path}: {match.Groups["name"].Value}; there is a noun for it");

    [Fact]
    public void Tests_do_not_sleep() => AssertNone(
        from path in Repository.Sources("tests")
        where !path.EndsWith("/StyleTests.cs", StringComparison.Ordinal) && !RealTimeTests.Any(t => path.StartsWith(t, StringComparison.Ordinal))
        from line in Repository.Lines(path)
        where line.Contains("Thread.Sleep(", StringComparison.Ordinal) || line.Contains("Task.Delay(", StringComparison.Ordinal)
        select $"{path}: {line.Trim()}");

    [Fact]
    public void A_pragma_that_silences_a_rule_says_why() => AssertNone(
        from path in Repository.Sources("src")
        from line in Repository.Lines(path)
        where line.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal) && !line.Contains("//", StringComparison.Ordinal)
        select $"{path}: {line.Trim()}");

    [Fact]
    public void Nothing_is_left_to_be_implemented() => AssertNone(
        from path in Repository.Sources("src")
        where Repository.Read(path).Contains("NotImplemented" + "Exception", StringComparison.Ordinal)
        select path);

    private static void AssertNone(IEnumerable<string> findings) => Assert.Empty(findings);

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s+(?<name>[A-Za-z_]\w*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypeName();

    /// <summary>A function as its braces show it. The house's layout makes that exact: braces stand alone on their lines.</summary>
    private sealed partial record Function(string Path, int Line, int Lines, string Name)
    {
        public static IEnumerable<Function> Of(string path, string[] lines)
        {
            for (int open = 1; open < lines.Length; open++)
            {
                if (lines[open].TrimEnd() is not { } brace || brace.TrimStart() != "{")
                {
                    continue;
                }

                string indent = brace[..^1];
                int head = open - 1;
                while (head > 0 && (Indent(lines[head]) > indent.Length || lines[head].TrimStart().StartsWith("where ", StringComparison.Ordinal)))
                {
                    head--;
                }

                if (!Head().IsMatch(lines[head]) || Indent(lines[head]) != indent.Length)
                {
                    continue;
                }

                int close = Array.FindIndex(lines, open, line => line.TrimEnd() is { } end && (end == indent + "}" || end == indent + "};"));
                if (close > 0)
                {
                    yield return new Function(path, head + 1, close - head + 1, lines[head].Trim());
                }
            }
        }

        public override string ToString() => $"{Path}:{Line} {Lines} lines: {Name}";

        private static int Indent(string line) => line.Length - line.TrimStart().Length;

        // A member's head: modifiers, then a parameter list; a type's head has "class" or the like, an accessor's property no list.
        [GeneratedRegex(@"^\s+(?:public|private|protected|internal|static|async|override|unsafe|void)\b(?!.*\b(?:class|struct|interface|enum|record)\b)[^=;]*\(", RegexOptions.None, 1000)]
        private static partial Regex Head();
    }
}
