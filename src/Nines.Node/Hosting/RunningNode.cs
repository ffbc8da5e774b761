using Microsoft.Extensions.Logging;
using Nines.Node.Adapters;
using Nines.Node.Configuration;

namespace Nines.Node.Hosting;

/// <summary>All parts of a node that runs.</summary>
internal sealed class RunningNode : IAsyncDisposable
{
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(3);

    private readonly List<Func<ValueTask>> _endings = [];
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunningNode(NodeConfiguration configuration, ILoggerFactory logs)
    {
        Configuration = configuration;
        Logs = logs;
    }

    public NodeConfiguration Configuration { get; }

    public ILoggerFactory Logs { get; }

    public NodeIdentity Identity { get; private set; } = null!;

    public static async Task<RunningNode> StartAsync(NodeConfiguration configuration, ILoggerFactory logs, CancellationToken cancel)
    {
        var node = new RunningNode(configuration, logs);
        try
        {
            await node.StartPartsAsync(cancel);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>The exit code, once the node stopped itself or was told to.</summary>
    public async Task<int> EndedAsync(CancellationToken stop)
    {
        using CancellationTokenRegistration told = stop.Register(() => _ended.TrySetResult(ExitCodes.Success));
        return await _ended.Task;
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = _endings.Count - 1; i >= 0; i--)
        {
            await _endings[i]();
        }

        _endings.Clear();
    }

    private async Task StartPartsAsync(CancellationToken cancel)
    {
        var disk = new FileDisk(Configuration.DataDirectory);
        _endings.Add(() => Done(disk.Dispose));
        Identity = NodeIdentity.NextBoot(disk, Configuration.Cluster, Configuration.Node);
        await Task.CompletedTask;
    }

    private static ValueTask Done(Action ending)
    {
        ending();
        return ValueTask.CompletedTask;
    }
}
