using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.History;
using Nines.EndToEnd.Tests.Workload;
using Nines.Node;
using Nines.Node.Admin;

namespace Nines.EndToEnd.Tests.Failures;

/// <summary><c>nines up</c> as a person runs it: it supervises, keeps the data, and takes its nodes with it when it dies.</summary>
public sealed class UpTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nines-e2e-up-").FullName;
    private readonly int _basePort = NinesProgram.FreeBasePort(3);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_second_up_continues_a_crashed_node_returns_and_nodes_die_with_their_up()
    {
        var first = new Uri($"http://127.0.0.1:{_basePort}");
        using var door = new RawDoor();
        await using (Child up = Start())
        {
            JsonElement ready = await ReadyAsync(up);
            Report.Print($"up: ready after {ready.GetProperty("seconds").GetDouble().ToString("F1", CultureInfo.InvariantCulture)} s");
            await SdkRegisters.CreateTableAsync(first);
            Assert.Equal(200, (await door.PutAsync(first, "kept", 42)).Status);
            await InUseAsync();
            await CrashedNodeReturnsAsync(ready.GetProperty("nodes")[1].GetProperty("pid").GetInt32());
        }

        await using (Child again = Start())
        {
            JsonElement ready = await ReadyAsync(again);
            Assert.Contains("\"42\"", (await door.GetAsync(first, "kept", "strong")).Body, StringComparison.Ordinal);
            List<int> nodes = [.. ready.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("pid").GetInt32())];
            Signal("KILL", int.Parse(again.Lines[0], CultureInfo.InvariantCulture));
            await Eventually.HoldsAsync(
                () => nodes.TrueForAll(pid => !Directory.Exists($"/proc/{pid}")), () => "nodes outlive their up");
        }

        await NextComesAtOnceAsync();
    }

    /// <summary>Whoever answers on the ports is not taken for the cluster that was to be started.</summary>
    [Fact]
    public async Task Another_cluster_on_the_ports_is_not_announced_as_ones_own()
    {
        await using Child other = Start();
        _ = await ReadyAsync(other);
        string data = Path.Combine(_directory, "another");
        await using Child up = Child.Start("up", "--json", "--data", data, "--base-port", $"{_basePort}");
        Assert.Equal(ExitCodes.Refused, await up.EndAsync());
        Assert.DoesNotContain("\"ready\"", up.Text, StringComparison.Ordinal);
        Assert.Contains("cannot listen on", up.Text, StringComparison.Ordinal);
    }

    /// <summary>One node with an old copy of its directory is that node's trouble: the others serve, and it returns when the copy is gone.</summary>
    [Fact]
    public async Task An_old_copy_of_one_node_stays_down_the_others_serve_and_it_returns_when_the_copy_is_deleted()
    {
        string data = Path.Combine(_directory, "n3");
        string copy = Path.Combine(_directory, "n3.copy");
        await RunOnceAsync();
        Directories.Copy(data, copy);
        await RunOnceAsync();
        await RunOnceAsync();
        Directory.Delete(data, recursive: true);
        Directory.Move(copy, data);

        await using Child up = Start();
        JsonElement ready = await ReadyAsync(up);
        Assert.Equal(0, ready.GetProperty("nodes")[2].GetProperty("pid").GetInt32());
        var first = new Uri($"http://127.0.0.1:{_basePort}");
        await SdkRegisters.CreateTableAsync(first);
        using var door = new RawDoor();
        Assert.Equal(200, (await door.PutAsync(first, "kept", 42)).Status);
        ClusterStatus? status = await StatusAsync();
        Assert.Equal((Health.Degraded, false), (status!.Health, status.Nodes[2].Reachable));
        string advice = Assert.Single(up.Lines, l => l.StartsWith("up | n3 is down", StringComparison.Ordinal));
        Assert.Contains("old copy", advice, StringComparison.Ordinal);
        Assert.Contains($"Delete the directory {data}", advice, StringComparison.Ordinal);
        Assert.Single(up.Lines, l => l.Contains("The node stops", StringComparison.Ordinal));

        Directory.Delete(data, recursive: true);
        await Eventually.HoldsAsync(
            async () => (status = await StatusAsync()) is { Health: Health.Ok } && status.Nodes[2].Reachable,
            () => $"n3 does not come back: {string.Join("; ", status?.Problems ?? [])}\n{up.Text}");
        Assert.Contains("\"42\"", (await door.GetAsync(first, "kept", "strong")).Body, StringComparison.Ordinal);
    }

    /// <summary>Two of three refused leave no majority: that is the end of the whole.</summary>
    [Fact]
    public async Task Without_a_majority_that_may_run_up_ends_as_refused()
    {
        await RunOnceAsync();
        File.Delete(Path.Combine(_directory, "n1", "identity"));
        File.Delete(Path.Combine(_directory, "n2", "identity"));
        await using Child up = Child.Start("up", "--json", "--data", _directory, "--base-port", $"{_basePort}");
        Assert.Equal(ExitCodes.Refused, await up.EndAsync());
        Assert.Contains("but no file 'identity'", up.Text, StringComparison.Ordinal);
    }

    private async Task RunOnceAsync()
    {
        await using Child up = Start();
        _ = await ReadyAsync(up);
    }

    private async Task<ClusterStatus?> StatusAsync() =>
        await _http.GetFromJsonAsync($"http://127.0.0.1:{_basePort + 1}/status", StatusJson.Default.ClusterStatus);

    /// <summary>Whoever kills an up starts the next one in the same breath: it waits for the nodes that are still ending.</summary>
    private async Task NextComesAtOnceAsync()
    {
        await using Child killed = Start();
        _ = await ReadyAsync(killed);
        Signal("KILL", int.Parse(killed.Lines[0], CultureInfo.InvariantCulture));
        await using Child next = Start();
        _ = await ReadyAsync(next);
    }

    private Child Start()
    {
        // up reads no standard input, so a shell holds it: it prints the process id first, and ends up when these tests end.
        ProcessStartInfo up = NinesProgram.StartInfo("up", "--json", "--data", _directory, "--base-port", $"{_basePort}");
        var shell = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (string argument in (string[])["-c", "\"$@\" & up=$!; echo $up; read -r line; kill -TERM $up; wait $up", "sh", up.FileName, .. up.ArgumentList])
        {
            shell.ArgumentList.Add(argument);
        }

        return Child.Start(shell);
    }

    private static async Task<JsonElement> ReadyAsync(Child up)
    {
        string line = await Eventually.GetAsync(
            () => Task.FromResult(up.Lines.FirstOrDefault(l => l.StartsWith("{\"ready\"", StringComparison.Ordinal))),
            () => $"up is not ready:\n{up.Text}");
        return JsonElement.Parse(line);
    }

    private async Task InUseAsync()
    {
        await using Child second = Child.Start("up", "--json", "--data", _directory, "--base-port", $"{_basePort}");
        Assert.Equal(ExitCodes.Refused, await second.EndAsync());
        Assert.Contains("is in use by another nines up", second.Text, StringComparison.Ordinal);
    }

    private async Task CrashedNodeReturnsAsync(int process)
    {
        Signal("KILL", process);
        ClusterStatus? status = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                status = await StatusAsync();
                return status!.Health == Health.Ok && status.Nodes[1].Reachable && status.Nodes[1].ProcessId != process;
            },
            () => $"n2 does not come back: {string.Join("; ", status?.Problems ?? [])}");
    }

    private static void Signal(string name, int process)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {process}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
