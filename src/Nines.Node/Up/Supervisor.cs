using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Nines.Node.Admin;

namespace Nines.Node.Up;

/// <summary>
/// Starts the planned nodes, waits until the cluster answers, and keeps them running until told to stop. A node that may not run is its
/// own trouble while the others have a majority.
/// </summary>
internal sealed class Supervisor(IReadOnlyList<PlannedNode> plan, Action<string, string> print) : IAsyncDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly List<ChildNode> _children = [.. plan.Select(node => new ChildNode(node, print))];
    private readonly HttpClient _http = new() { Timeout = AskPatience };
    private readonly Lock _gate = new();

    /// <summary>The exit code, once a refusal ends the whole.</summary>
    private readonly TaskCompletionSource<int> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private List<Task> _running = [];
    private volatile bool _answered;

    public IReadOnlyList<ChildNode> Children => _children;

    public void Start() => _running = [.. _children.Select(RunAsync)];

    /// <summary>
    /// Returns when every node that may run answers and every group has a leader. Null: so many refused that there is nothing to wait for.
    /// </summary>
    public async Task<ClusterStatus?> ReadyAsync(CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<ClusterStatus> ready = AllAnswerAsync(over.Token);
        await Task.WhenAny(ready, _over.Task);
        await over.CancelAsync();
        try
        {
            ClusterStatus status = await ready;
            _answered = !_over.Task.IsCompleted;
            return _answered ? status : null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Waits until refusals leave no cluster, or the token says stop. The result is the exit code.</summary>
    public async Task<int> WatchAsync(CancellationToken stop)
    {
        try
        {
            return await _over.Task.WaitAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
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

    private async Task RunAsync(ChildNode child)
    {
        try
        {
            await child.RunAsync(OnRefused);
        }
        catch (Exception e)
        {
            _over.TrySetException(e);
            throw;
        }
    }

    private void OnRefused(Refusal refusal)
    {
        lock (_gate)
        {
            bool concernsAll = refusal.Cause == RefusalCause.Configuration || (refusal.Cause == RefusalCause.Ports && !_answered);
            int left = _children.Count(child => child.Refusal is null);
            if (concernsAll || left < (plan.Count / 2) + 1)
            {
                _over.TrySetResult(refusal.ExitCode);
                return;
            }
        }

        print("up", refusal.Advice);
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
        _children.TrueForAll(child => child.Refusal is not null || IsFrom(status, child))
        && status.Groups.Count > 1
        && status.Groups.All(g => g.Leader != 0 && g.Replicas.All(r => r.Lag >= 0 || IsRefused(r.Node)));

    private bool IsRefused(int node) => _children.Exists(child => child.Plan.Number == node && child.Refusal is not null);

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
