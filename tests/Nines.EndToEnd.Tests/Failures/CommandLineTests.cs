using Nines.EndToEnd.Tests.Cluster;
using Nines.Node;

namespace Nines.EndToEnd.Tests.Failures;

/// <summary>What is wrong on a command line is said in a line or two that name the option or key, and nothing is started.</summary>
public sealed class CommandLineTests
{
    public static TheoryData<string, string> WrongUsage => new()
    {
        { "frobnicate", "'frobnicate'" },
        { "up --frob", "'--frob'" },
        { "up --nodes 0", "--nodes: \"0\" is not allowed; expected a number from 1 to 20" },
        { "up --nodes many", "--nodes: \"many\"" },
        { "up --nodes", "--nodes" },
        { "up --ephemeral --nodes 7", "--base-port" },
        { "up --ephemeral --base-port -5", "--base-port: \"-5\"" },
        { "up --ephemeral --base-port 65530", "--base-port: 3 nodes at 65530" },
        { "up --ephemeral --set colour=red", "--set colour=red: expected KEY=VALUE" },
        { "up --ephemeral --set data=/tmp", "--set data=/tmp: data is different on each node" },
        { "up --data ", "--data" },
        { "up --ephemeral --data kept", "--data: \"kept\" is not allowed with --ephemeral" },
        { "node", "node.id: is missing; expected a number from 1 to 65535" },
        { "node --node-id 1 --replicas x", "replicas: \"x\" is not allowed; expected a number from 1 to 7 (flag --replicas)" },
        { "node --config /dev/null/none", "config: the file cannot be read" },
        { "status --url ftp://here", "--url: \"ftp://here\"" },
        { "status --base-port 70000", "--base-port: \"70000\"" },
        { "doctor --nodes -1", "--nodes: \"-1\"" },
        { "doctor --data ", "--data" },
        { "simulate --hours nan", "--hours: \"nan\"" },
        { "simulate --ops 0", "--ops: \"0\"" },
        { "simulate --seed -1", "--seed: \"-1\"" },
        { "simulate --seed 18446744073709551615 --seeds 2", "--seed: 18446744073709551615" },
        { "simulate --parallel 0", "--parallel: \"0\"" },
        { "simulate --replicas 6", "--replicas: 6" },
        { "simulate --faults XX", "--faults: There is no fault class 'XX'" },
    };

    [Theory]
    [MemberData(nameof(WrongUsage))]
    public async Task Wrong_usage_names_what_is_wrong(string arguments, string said)
    {
        await using Child nines = Child.Start(arguments.Split(' '));
        Assert.Equal(ExitCodes.Usage, await nines.EndAsync());
        Assert.Contains(said, nines.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", nines.Text, StringComparison.Ordinal);
        Assert.InRange(nines.Lines.Count, 1, 6);
    }

    [Theory]
    [InlineData("node --node-id 1 --data /dev/null/x", "data: ")]
    [InlineData("up --data /dev/null/x", "--data: ")]
    public async Task A_directory_that_cannot_be_written_is_refused_in_words(string arguments, string said)
    {
        await using Child nines = Child.Start(arguments.Split(' '));
        Assert.Equal(ExitCodes.Refused, await nines.EndAsync());
        Assert.Contains(said, nines.Text, StringComparison.Ordinal);
        Assert.Contains("choose another", nines.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", nines.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_said_so_in_a_line()
    {
        await using Child nines = Child.Start("status", "--url", "127.0.0.1:1");
        Assert.Equal(ExitCodes.NotWell, await nines.EndAsync());
        Assert.Contains("no node answers at http://127.0.0.1:1", nines.Text, StringComparison.Ordinal);
        Assert.Single(nines.Lines);
    }
}
