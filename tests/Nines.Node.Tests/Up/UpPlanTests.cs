using Nines.Node.Configuration;
using Nines.Node.Doctor;
using Nines.Node.Up;

namespace Nines.Node.Tests.Up;

public sealed class UpPlanTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nines-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Node_k_listens_ten_thousand_ports_further()
    {
        Assert.Equal(new NodePorts(8000, 9000, 7000), NodePorts.Of(1, 0));
        Assert.Equal(new NodePorts(28000, 29000, 27000), NodePorts.Of(3, 0));
        Assert.Equal(new NodePorts(21020, 21021, 21022), NodePorts.Of(3, 21000));
    }

    [Fact]
    public void Every_planned_node_has_a_valid_configuration_of_the_same_cluster()
    {
        IReadOnlyList<PlannedNode> plan = UpPlan.Write(
            _root, new UpRequest { Settings = new Dictionary<string, string> { ["groups"] = "9" } });
        List<NodeConfiguration?> nodes = [.. plan.Select(p => ConfigurationCheck.Check(new ConfigurationSources().AddFile(p.ConfigurationPath)))];
        Assert.Equal([1, 2, 3], nodes.Select(n => n!.Node.Value));
        Assert.Single(nodes.Select(n => n!.Cluster).Distinct());
        Assert.All(nodes, n => Assert.Equal((3, 9), (n!.Seeds.Count, n.Groups)));
        Assert.Equal(3, nodes.Select(n => n!.DataDirectory).Distinct().Count());
    }

    [Fact]
    public void Configurations_hold_secrets_and_are_their_owners_to_read()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("no modes of files there");
            return;
        }

        File.WriteAllText(Path.Combine(_root, "n1.json.new"), "left by a crash");
        IReadOnlyList<PlannedNode> plan = UpPlan.Write(_root, new UpRequest());
        foreach (PlannedNode node in plan)
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(node.ConfigurationPath));
        }
    }

    [Fact]
    public void A_second_start_goes_on_as_the_same_cluster()
    {
        UpPlan.Write(_root, new UpRequest());
        string identity = File.ReadAllText(Path.Combine(_root, "cluster.json"));
        UpPlan.Write(_root, new UpRequest { BasePort = 30000 });
        Assert.Equal(identity, File.ReadAllText(Path.Combine(_root, "cluster.json")));
    }

    [Fact]
    public void A_second_start_that_does_not_say_how_many_nodes_starts_as_many_as_before()
    {
        UpPlan.Write(_root, new UpRequest { Nodes = 5 });
        Assert.Equal(5, UpPlan.Write(_root, new UpRequest()).Count);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"clusterId\": \"00\", \"nodes\": 3}")]
    [InlineData("{\"clusterId\": \"0123456789abcdef0123456789abcdef\", \"nodes\": 0}")]
    [InlineData("{\"clusterId\": \"")]
    public void A_damaged_identity_is_refused(string text)
    {
        File.WriteAllText(Path.Combine(_root, "cluster.json"), text);
        UpRefusedException refused = Assert.Throws<UpRefusedException>(() => UpPlan.Write(_root, new UpRequest()));
        Assert.Contains("cluster.json is damaged", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Refused, refused.ExitCode);
    }

    [Fact]
    public void Another_number_of_nodes_on_the_same_data_is_refused()
    {
        UpPlan.Write(_root, new UpRequest());
        UpRefusedException refused = Assert.Throws<UpRefusedException>(() => UpPlan.Write(_root, new UpRequest { Nodes = 5 }));
        Assert.Contains("--nodes 3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, refused.ExitCode);
    }

    [Fact]
    public void Nodes_beyond_the_last_port_are_refused_before_anything_starts() =>
        Assert.Contains("--base-port", Assert.Throws<UpRefusedException>(
            () => UpPlan.Write(_root, new UpRequest { Nodes = 7 })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_directory_is_held_by_one_at_a_time()
    {
        var request = new UpRequest { Data = _root };
        using (ClusterDirectory.Open(request))
        {
            UpRefusedException refused = Assert.Throws<UpRefusedException>(() => ClusterDirectory.Open(request));
            Assert.Contains($"in use by another nines up (process {Environment.ProcessId})", refused.Message, StringComparison.Ordinal);
        }

        ClusterDirectory.Open(request).Dispose();
    }

    [Fact]
    public void A_temporary_directory_goes_away()
    {
        ClusterDirectory directory = ClusterDirectory.Open(new UpRequest { Ephemeral = true });
        Assert.True(Directory.Exists(directory.Path));
        directory.Dispose();
        Assert.False(Directory.Exists(directory.Path));
    }

    [Fact]
    public void The_doctor_measures_and_leaves_nothing_behind()
    {
        string data = Path.Combine(_root, "not-there-yet");
        List<Finding> findings = [.. Checkup.Run(new Examination
        {
            DataDirectory = data, Listeners = [("tests", new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0))],
        })];
        Assert.Equal(
            ["processors", "memory", "open files", "clock", "scheduling", "free space", "disk flush", "port 0"],
            findings.Select(f => f.Check));
        Assert.All(findings, f => Assert.Equal(f.Verdict == Verdict.Good, f.Advice.Length == 0));
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public void The_doctor_takes_back_what_it_made_and_nothing_else()
    {
        string outer = Path.Combine(_root, "a");
        _ = Checkup.Run(new Examination { DataDirectory = Path.Combine(outer, "b"), Listeners = [] }).ToList();
        Assert.False(Directory.Exists(outer));

        string kept = Path.Combine(Directory.CreateDirectory(outer).FullName, "kept");
        File.WriteAllText(kept, "data");
        _ = Checkup.Run(new Examination { DataDirectory = outer, Listeners = [] }).ToList();
        Assert.Equal([kept], Directory.GetFileSystemEntries(outer));
    }

    [Theory]
    [InlineData(1, 2, Verdict.Good)]
    [InlineData(6, 7, Verdict.Warning)]
    [InlineData(1, 80, Verdict.Warning)]
    [InlineData(30, 31, Verdict.Bad)]
    [InlineData(0.001, 0.002, Verdict.Warning)]
    public void Flush_times_are_judged(double p50, double p99, Verdict expected) =>
        Assert.Equal(expected, Thresholds.Flush(p50, p99, 200).Verdict);
}
