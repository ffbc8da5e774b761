using System.Diagnostics;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;

namespace Nines.EndToEnd.Tests.Failures;

/// <summary>A full disk: writes are refused early, reads go on, and writes come back by themselves when there is room again.</summary>
public sealed class DiskFullTests
{
    private const long MiB = 1 << 20;
    private const int FileSystemMiB = 1024;
    private const int ReserveMiB = 64;

    /// <summary>What the ballast leaves: less than the reserve, more than the nodes need to go on living.</summary>
    private const int LeftMiB = 32;

    [Fact]
    public Task Writes_are_refused_early_reads_go_on_and_writes_come_back_without_a_restart() => OnSmallDiskAsync(FillAndFreeAsync);

    [Fact]
    public Task A_node_that_crashes_on_a_disk_without_a_free_byte_comes_back_and_serves_reads() => OnSmallDiskAsync(CrashOnFullDiskAsync);

    private static async Task OnSmallDiskAsync(Func<string, Task> test)
    {
        string directory = Directory.CreateTempSubdirectory("nines-e2e-full-").FullName;
        bool mounted = Run("mount", "-t", "tmpfs", "-o", $"size={FileSystemMiB}m", "nines-e2e", directory);
        try
        {
            Assert.SkipUnless(mounted, "a small tmpfs cannot be mounted here; it takes root");
            await test(directory);
        }
        finally
        {
            if (mounted)
            {
                Assert.True(Run("umount", directory));
            }

            Directory.Delete(directory);
        }
    }

    private static async Task FillAndFreeAsync(string directory)
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(
            settings: new Dictionary<string, string> { ["disk.reserve"] = $"{ReserveMiB}MiB" }, directory: directory);
        using var door = new RawDoor();
        Uri any = cluster.TablesUrls[0];
        await SdkRegisters.CreateTableAsync(any);
        List<int> processes = [.. cluster.Nodes.Select(n => cluster.Process(n).Id)];
        long value = 0;
        DoorAnswer last = await door.PutAsync(any, "full", ++value);
        Assert.Equal(200, last.Status);
        long acknowledged = value;

        string ballast = Path.Combine(directory, "ballast");
        await FillAsync(ballast, directory);
        await Eventually.HoldsAsync(
            async () =>
            {
                last = await door.PutAsync(any, "full", ++value);
                acknowledged = last.Status == 200 ? value : acknowledged;
                return last.Status == 503;
            },
            () => $"writes go on with {LeftMiB} MiB left: {last}");
        Assert.Equal("not-done", last.Outcome);
        Assert.Contains("disk", last.Body, StringComparison.Ordinal);
        foreach (Uri node in cluster.TablesUrls)
        {
            Assert.Contains($"\"{acknowledged}\"", (await door.GetAsync(node, "full", "strong")).Body, StringComparison.Ordinal);
        }

        Assert.Contains((await cluster.StatusAsync(1))!.Problems, p => p.Contains("disk is full", StringComparison.Ordinal));
        File.Delete(ballast);
        await Eventually.HoldsAsync(
            async () => (last = await door.PutAsync(any, "full", ++value)).Status == 200, () => $"writes do not come back: {last}");
        await cluster.WholeAsync();
        Assert.Equal(processes, cluster.Nodes.Select(n => cluster.Process(n).Id));
        Assert.Contains($"\"{value}\"", (await door.GetAsync(any, "full", "strong")).Body, StringComparison.Ordinal);
    }

    private static async Task CrashOnFullDiskAsync(string directory)
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync(
            settings: new Dictionary<string, string> { ["disk.reserve"] = $"{ReserveMiB}MiB" }, directory: directory);
        using var door = new RawDoor();
        Uri crashed = cluster.TablesUrls[2];
        await SdkRegisters.CreateTableAsync(crashed);
        Assert.Equal(200, (await door.PutAsync(crashed, "full", 7)).Status);
        await FillAsync(Path.Combine(directory, "ballast"), directory, left: 0);

        await cluster.KillAsync(3);
        await FillAsync(Path.Combine(directory, "more"), directory, left: 0);
        cluster.Start(3);
        DoorAnswer? read = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                Assert.True(cluster.IsUp(3), cluster.Logs());
                return await cluster.StatusAsync(3) is not null && (read = await door.GetAsync(crashed, "full", "strong")).Status == 200;
            },
            () => $"no reads at n3: {read}\n{cluster.Logs()}");
        Assert.Contains("\"7\"", read!.Body, StringComparison.Ordinal);

        File.Delete(Path.Combine(directory, "ballast"));
        await Eventually.HoldsAsync(
            async () => (read = await door.PutAsync(crashed, "full", 8)).Status == 200, () => $"writes do not come back: {read}\n{cluster.Logs()}");
        await cluster.WholeAsync();
    }

    /// <summary>Other files may still grow while this is written, so it is filled until it is full enough.</summary>
    private static async Task FillAsync(string path, string directory, long left = LeftMiB * MiB)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        while (new DriveInfo(directory).AvailableFreeSpace is var free && free > left)
        {
            await file.WriteAsync(new byte[Math.Min(MiB, free - left)]);
        }
    }

    private static bool Run(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
