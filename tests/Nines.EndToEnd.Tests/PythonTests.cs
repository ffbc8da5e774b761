using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Nines.EndToEnd.Tests.Cluster;

namespace Nines.EndToEnd.Tests;

/// <summary>boto3 and the AWS CLI as they are, once through every operation and its errors: <c>tests/python/conformance.py</c>.</summary>
public sealed class PythonTests
{
    private const int MinCases = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Every_case_of_boto3_is_answered_as_dynamodb_does()
    {
        string? python = PythonWithBoto3();
        Assert.SkipWhen(python is null, "no python3 in PATH has boto3: apt-get install python3-boto3");
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        var start = new ProcessStartInfo(python)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };

        // botocore warns of versions of Python it will leave one day, and would look for credentials and proxies of its own.
        start.Environment["PYTHONWARNINGS"] = "ignore";
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        start.Environment["NO_PROXY"] = "127.0.0.1";
        start.ArgumentList.Add(Repository.PathOf("tests", "python", "conformance.py"));
        start.ArgumentList.Add(JsonSerializer.Serialize(new { nodes = cluster.TablesUrls }));
        await using Child cases = Child.Start(start);
        Assert.True(await cases.EndAsync(Patience) == 0, $"{cases.Text}\n{cluster.Logs()}");
        Assert.True(cases.Lines.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) >= MinCases, cases.Text);
    }

    /// <summary>The first python3 in PATH that has boto3: a distribution's package is for the distribution's own.</summary>
    private static string? PythonWithBoto3() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(directory => Path.Combine(directory, "python3"))
        .FirstOrDefault(python => File.Exists(python) && HasBoto3(python));

    private static bool HasBoto3(string python)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(python, ["-c", "import boto3"]) { RedirectStandardError = true, UseShellExecute = false })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
