using System.Diagnostics;

namespace Nines.EndToEnd.Tests.Cluster;

/// <summary>
/// A file system of its own for each node, in an image mounted at the node's data directory, that can be frozen as a disk hangs: writes and
/// flushes neither fail nor end. It takes root and Linux. A shell holds each freeze and each mount, and ends it when these tests end.
/// </summary>
internal sealed class FreezableDisks : IAsyncDisposable
{
    private const string ImageSize = "1G";

    private readonly List<Process> _mounts = [];
    private readonly string _images;

    private FreezableDisks(string images, string clusterDirectory)
    {
        _images = images;
        ClusterDirectory = clusterDirectory;
    }

    /// <summary>Where the cluster is to be laid out.</summary>
    public string ClusterDirectory { get; }

    /// <summary>Skips the test where images cannot be mounted and frozen.</summary>
    public static async Task<FreezableDisks> MountOrSkipAsync(int nodes = 3)
    {
        string images = Directory.CreateTempSubdirectory("nines-e2e-images-").FullName;
        var disks = new FreezableDisks(images, Directory.CreateTempSubdirectory("nines-e2e-frozen-").FullName);
        string why = "";
        for (int node = 1; node <= nodes && why.Length == 0; node++)
        {
            why = await disks.MountAsync(node);
        }

        if (why.Length > 0)
        {
            await disks.DisposeAsync();
            Assert.Skip($"disks that can be frozen cannot be mounted here; it takes root, loop devices, mkfs.ext4 and fsfreeze: {why}");
        }

        return disks;
    }

    /// <summary>Frozen until what comes back is disposed.</summary>
    public async Task<IAsyncDisposable> FreezeAsync(int node)
    {
        string directory = Path.Combine(ClusterDirectory, $"n{node}");
        (Process held, string said) = await HoldAsync($"fsfreeze -f '{directory}' && echo ready; read -r line; fsfreeze -u '{directory}'");
        Assert.Equal("ready", said);
        return new Frozen(held);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process mount in _mounts)
        {
            await EndAsync(mount);
        }

        Directory.Delete(_images, recursive: true);
        Directory.Delete(ClusterDirectory, recursive: true);
    }

    /// <summary>Empty when it is mounted and can be frozen, else the reason.</summary>
    private async Task<string> MountAsync(int node)
    {
        string directory = Path.Combine(ClusterDirectory, $"n{node}");
        string image = Path.Combine(_images, $"n{node}.img");
        (Process held, string said) = await HoldAsync($$"""
            exec 2>&1
            mkdir '{{directory}}' && truncate -s {{ImageSize}} '{{image}}' && mkfs.ext4 -q -F -m 0 '{{image}}' || exit
            mount -o loop '{{image}}' '{{directory}}' || exit
            fsfreeze -f '{{directory}}' && fsfreeze -u '{{directory}}' && echo ready
            read -r line
            umount '{{directory}}' || umount -l '{{directory}}'
            """);
        if (said == "ready")
        {
            _mounts.Add(held);
            return "";
        }

        await EndAsync(held);
        return said;
    }

    private static async Task<(Process Held, string Said)> HoldAsync(string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        Process held = Process.Start(start)!;
        return (held, await held.StandardOutput.ReadLineAsync() ?? "nothing was said");
    }

    private static async Task EndAsync(Process held)
    {
        held.StandardInput.Close();
        await held.WaitForExitAsync();
        held.Dispose();
    }

    private sealed class Frozen(Process held) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await EndAsync(held);
    }
}
