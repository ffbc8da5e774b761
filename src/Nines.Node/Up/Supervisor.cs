using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Nines.Node.Admin;

namespace Nines.Node.Up;

/// <summary>Starts the planned nodes, waits until the cluster answers, and keeps them running until told to stop.</summary>
internal sealed class Supervisor(IReadOnlyList<PlannedNode> plan, Action<string, string> print) : IAsyncDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly List<ChildNode> _children = [.. plan.Select(node => new ChildNode(node, print))];
    private readonly HttpClient _http = new() { Timeout = AskPatience };
    private List<Task<int>> _running = [];

    public IReadOnlyList<ChildNode> Children => _children;

    public void Start() => _running = [.. _children.Select(child => child.RunAsync())];

    /// <summary>Returns when every node answers and every group has a leader. Null: a child refused to start; the exit code says why.</summary>
    public async Task<ClusterStatus?> ReadyAsync(CancellationToken cancel)
    {
        long told = Stopwatch.GetTimestamp();
        for (int asked = 0; !_running.Exists(child => child.IsCompleted); asked++)
        {
            cancel.ThrowIfCancellationRequested();

            // The first one again and again while it answers; when it does not, the others too.
            PlannedNode node = plan[asked % plan.Count];
            ClusterStatus? status = await AskAsync(node.AdminUrl, cancel);
            asked = status is null ? asked : -1;
            if (status is not null && status.Nodes.Count == plan.Count && status.Nodes.All(n => n.Reachable)
                && status.Groups.Count > 1 && status.Groups.All(g => g.Leader != 0 && g.Replicas.All(r => r.Lag >= 0)))
            {
                return status;
            }

            if (Stopwatch.GetElapsedTime(told) > TellEvery)
            {
                told = Stopwatch.GetTimestamp();
                print("up", "still waiting: " + (status is null ? $"{node.Name} does not answer" : string.Join("; ", status.Problems)));
            }

            await Task.Delay(AskEvery, cancel);
        }

        return null;
    }

    /// <summary>Waits until a child refuses to be started again, or the token says stop. The result is the exit code.</summary>
    public async Task<int> WatchAsync(CancellationToken stop)
    {
        try
        {
            Task<int> first = await Task.WhenAny(_running).WaitAsync(stop);
            return await first;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Success;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_children.Select(child => child.StopAsync(StopPatience)));
        await Task.WhenAll(_running);
        _children.ForEach(child => child.Dispose());
        _http.Dispose();
    }

    private async Task<ClusterStatus?> AskAsync(string adminUrl, CancellationToken cancel)
    {
        try
        {
            return await _http.GetFromJsonAsync(adminUrl + "/status", StatusJson.Default.ClusterStatus, cancel);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }
}
