using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>Starts the scripts in <c>tests/javascript</c>.</summary>
internal static class JavaScript
{
    /// <summary>The script's path; the test is skipped with the reason when it cannot run here.</summary>
    public static string PathOrSkip(string name)
    {
        string script = Repository.PathOf("tests", "javascript", name);
        Assert.SkipUnless(HasNode(), "node is not installed");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(Path.GetDirectoryName(script)!, "node_modules")), "tests/javascript/node_modules is missing: npm ci --prefix tests/javascript");
        return script;
    }

    /// <summary>Starts a script with one argument, as JSON.</summary>
    public static Child Start<T>(string script, T argument)
    {
        var start = new ProcessStartInfo("node")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };

        // The SDK warns of versions of Node.js it will leave one day; every line is to be an observation.
        start.Environment["NODE_NO_WARNINGS"] = "1";
        start.ArgumentList.Add(script);
        start.ArgumentList.Add(JsonSerializer.Serialize(argument));
        return Child.Start(start);
    }

    private static bool HasNode()
    {
        try
        {
            using Process node = Process.Start(new ProcessStartInfo("node", "--version") { RedirectStandardOutput = true, UseShellExecute = false })!;
            node.WaitForExit();
            return node.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
