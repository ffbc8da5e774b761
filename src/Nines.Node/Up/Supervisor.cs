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
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<ClusterStatus> ready = AllAnswerAsync(over.Token);
        Task<Task<int>> refused = Task.WhenAny(_running);
        await Task.WhenAny(ready, refused);
        await over.CancelAsync();
        try
        {
            ClusterStatus status = await ready;
            return refused.IsCompleted ? null : status;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
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

    private async Task<ClusterStatus> AllAnswerAsync(CancellationToken cancel)
    {
        long told = Stopwatch.GetTimestamp();
        for (int asked = 0; ; asked++)
        {
            // The first one again and again while it answers; when it does not, the others too.
            PlannedNode node = plan[asked % plan.Count];
            ClusterStatus? status = await AskAsync(node.AdminUrl, cancel);
            asked = status is null ? asked : -1;
            if (status is not null && IsReady(status))
            {
                return status;
            }

            if (Stopwatch.GetElapsedTime(told) > TellEvery)
            {
                told = Stopwatch.GetTimestamp();
                print("up", "still waiting: " + (status is null ? $"{node.Name} does not answer" : string.Join("; ", Problems(status))));
            }

            await Task.Delay(AskEvery, cancel);
        }
    }

    private bool IsReady(ClusterStatus status) =>
        _children.TrueForAll(child => IsFrom(status, child))
        && status.Groups.Count > 1 && status.Groups.All(g => g.Leader != 0 && g.Replicas.All(r => r.Lag >= 0));

    /// <summary>
    /// Another cluster may hold these ports and answer as ours would. The cluster's id alone does not tell it from an earlier start on
    /// the same data, the process's alone not from one in another container.
    /// </summary>
    private static bool IsFrom(ClusterStatus status, ChildNode child) =>
        string.Equals(status.ClusterId, child.Plan.ClusterId, StringComparison.OrdinalIgnoreCase)
        && status.Nodes.Any(n => n.Node == child.Plan.Number && n.Reachable && n.ProcessId == child.ProcessId);

    private IEnumerable<string> Problems(ClusterStatus status) =>
        status.Problems.Concat(_children.Where(child => !IsFrom(status, child)).Select(child => $"{child.Plan.Name} is not among those that answer"));

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
