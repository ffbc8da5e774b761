using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;
using Nines.Node;

namespace Nines.EndToEnd.Tests.Failures;

/// <summary>A node starts only on its own directory, alone, and not on an old copy; otherwise it says why and what to do.</summary>
public sealed class DataDirectoryTests
{
    [Fact]
    public async Task A_directory_in_use_or_of_another_is_refused_with_words()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(nodes: 1);
        string configuration = cluster.Plan[0].ConfigurationPath;
        Assert.Contains("in use by another process", await RefusedAsync("--config", configuration), StringComparison.Ordinal);
        await cluster.StopAsync(1);
        Assert.Contains(
            "belongs to cluster", await RefusedAsync("--config", configuration, "--cluster-id", new string('a', 32)), StringComparison.Ordinal);
        Assert.Contains(
            "belongs to node 1", await RefusedAsync("--config", configuration, "--node-id", "2", "--seeds", "2@127.0.0.1:1"), StringComparison.Ordinal);
        cluster.Start(1);
        await cluster.WholeAsync();
    }

    [Fact]
    public async Task A_wrong_configuration_names_the_key_and_starts_nothing()
    {
        await using Child child = Child.Start("node", "--node-id", "70000", "--listen-tables", "nowhere");
        Assert.Equal(ExitCodes.Usage, await child.EndAsync());
        Assert.Contains("node.id", child.Text, StringComparison.Ordinal);
        Assert.Contains("listen.tables", child.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_copy_of_a_directory_is_refused_by_the_others()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await cluster.StopAsync(3);
        string copy = cluster.DataOf(3) + ".copy";
        Directories.Copy(cluster.DataOf(3), copy);
        for (int start = 0; start < 2; start++)
        {
            cluster.Start(3);
            await cluster.WholeAsync();
            await cluster.StopAsync(3);
        }

        Directory.Delete(cluster.DataOf(3), recursive: true);
        Directory.Move(copy, cluster.DataOf(3));
        string said = await RefusedAsync("--config", cluster.Plan[2].ConfigurationPath);
        Assert.Contains("start number", said, StringComparison.Ordinal);
        Assert.Contains("was seen before", said, StringComparison.Ordinal);
        Assert.DoesNotContain("tables at", said[said.IndexOf("The node stops", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    /// <summary>One acknowledged write after another, all there after the directory is wiped: nobody takes the empty node's word.</summary>
    [Fact]
    public async Task A_wiped_node_comes_back_as_a_learner_and_becomes_a_voter_again()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await SdkRegisters.CreateTableAsync(cluster.TablesUrls[0]);
        using var door = new RawDoor();
        foreach (string key in Worker.RegisterKeys)
        {
            Assert.Equal(200, (await door.PutAsync(cluster.TablesUrls[2], key, 7)).Status);
        }

        await cluster.KillAsync(3);
        Directory.Delete(cluster.DataOf(3), recursive: true);
        cluster.Start(3);
        await cluster.WholeAsync();

        // Now the node that was empty is half of the only majority.
        await cluster.KillAsync(1);
        foreach (string key in Worker.RegisterKeys)
        {
            DoorAnswer? read = null;
            await Eventually.HoldsAsync(
                async () => (read = await door.GetAsync(cluster.TablesUrls[2], key, "strong")).Status == 200, () => $"{key}: {read}\n{cluster.Logs()}");
            Assert.Contains("\"7\"", read!.Body, StringComparison.Ordinal);
            Assert.Equal(200, (await door.PutAsync(cluster.TablesUrls[2], key, 8)).Status);
        }
    }

    private static async Task<string> RefusedAsync(params IEnumerable<string> arguments)
    {
        await using Child child = Child.Start(["node", "--until-stdin-closes", .. arguments]);
        int code = await child.EndAsync();
        Assert.True(code == ExitCodes.Refused, $"exit code {code}\n{child.Text}");
        return child.Text;
    }
}
