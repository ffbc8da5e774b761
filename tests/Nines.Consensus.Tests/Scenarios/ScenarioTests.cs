using System.Runtime.CompilerServices;
using System.Text;

namespace Nines.Consensus.Tests.Scenarios;

/// <summary>
/// Scenario files: commands, and beside each what must happen. NINES_REWRITE=1 writes what does happen instead; commit that only when it is
/// understood. A file is blocks of <c>command lines, ----, trace lines, empty line</c>; # begins a comment.
/// </summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Files()
    {
        var files = new TheoryData<string>();
        foreach (string path in Directory.GetFiles(Folder(), "*.txt").Order(StringComparer.Ordinal))
        {
            files.Add(Path.GetFileName(path));
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_scenario_happens_as_written(string file)
    {
        string path = Path.Combine(Folder(), file);
        string expected = File.ReadAllText(path);
        string actual = Play(expected);
        if (Environment.GetEnvironmentVariable("NINES_REWRITE") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        Assert.Equal(expected, actual);
    }

    private static string Play(string text)
    {
        var script = new Script();
        var result = new StringBuilder();
        bool inTrace = false;
        var commands = new List<string>();
        foreach (string line in text.TrimEnd('\n').Split('\n').Append(""))
        {
            if (line == "----")
            {
                inTrace = true;
                result.Append("----\n");
                foreach (string happened in commands.SelectMany(script.Run))
                {
                    result.Append(happened).Append('\n');
                }

                commands.Clear();
            }
            else if (line.Length == 0)
            {
                inTrace = false;
                result.Append('\n');
            }
            else if (!inTrace)
            {
                result.Append(line).Append('\n');
                if (!line.StartsWith('#'))
                {
                    commands.Add(line);
                }
            }
        }

        return result.ToString().TrimEnd('\n') + "\n";
    }

    private static string Folder([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../scenarios/raft"));
}
