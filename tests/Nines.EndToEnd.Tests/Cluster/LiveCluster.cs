using System.Net.Http.Json;
using System.Text.Json;
using Nines.Node.Admin;
using Nines.Node.Up;

namespace Nines.EndToEnd.Tests.Cluster;

/// <summary>Nodes as processes of their own on this machine, with a temporary directory that goes when they are gone.</summary>
internal sealed class LiveCluster : IAsyncDisposable
{
    private const int TailLines = 40;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
    private readonly Child?[] _running;
    private readonly List<(int Node, Child Child)> _ended = [];
    private readonly bool _ownsDirectory;

    private LiveCluster(string directory, bool ownsDirectory, IReadOnlyList<PlannedNode> plan)
    {
        Directory = directory;
        _ownsDirectory = ownsDirectory;
        Plan = plan;
        _running = new Child?[plan.Count];
    }

    public string Directory { get; }

    public IReadOnlyList<PlannedNode> Plan { get; }

    /// <summary>1 to N.</summary>
    public IEnumerable<int> Nodes => Plan.Select(p => p.Number);

    public IReadOnlyList<Uri> TablesUrls => [.. Plan.Select(p => new Uri(p.TablesUrl))];

    /// <summary>Lays the cluster out and starts it; returns when it is whole.</summary>
    public static async Task<LiveCluster> StartAsync(
        int nodes = 3, IReadOnlyDictionary<string, string>? settings = null, string? directory = null)
    {
        LiveCluster cluster = Lay(nodes, settings, directory);
        try
        {
            foreach (int node in cluster.Nodes)
            {
                cluster.Start(node);
            }

            await cluster.WholeAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lays the cluster out and starts nothing.</summary>
    public static LiveCluster Lay(int nodes = 3, IReadOnlyDictionary<string, string>? settings = null, string? directory = null)
    {
        string root = directory ?? System.IO.Directory.CreateTempSubdirectory("nines-e2e-").FullName;
        var request = new UpRequest
        {
            Nodes = nodes, Data = root, BasePort = NinesProgram.FreeBasePort(nodes), Settings = settings ?? new Dictionary<string, string>(),
        };
        return new LiveCluster(root, directory is null, UpPlan.Write(root, request));
    }

    public string DataOf(int node) => Path.Combine(Directory, $"n{node}");

    public Child Process(int node) => _running[node - 1] ?? throw new InvalidOperationException($"n{node} is down");

    public bool IsUp(int node) => _running[node - 1] is { HasEnded: false };

    public void Start(int node)
    {
        Assert.False(IsUp(node));
        if (_running[node - 1] is { } before)
        {
            _ended.Add((node, before));
        }

        _running[node - 1] = Child.Start("node", "--config", Plan[node - 1].ConfigurationPath, "--until-stdin-closes");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync(int node)
    {
        Child child = Process(node);
        _running[node - 1] = null;
        _ended.Add((node, child));
        await child.KillAsync();
    }

    public async Task StopAsync(int node)
    {
        Child child = Process(node);
        _running[node - 1] = null;
        await child.DisposeAsync();
        _ended.Add((node, child));
    }

    /// <summary>What a node says of the cluster; null when it does not answer.</summary>
    public async Task<ClusterStatus?> StatusAsync(int node)
    {
        try
        {
            return await _http.GetFromJsonAsync(Plan[node - 1].AdminUrl + "/status", StatusJson.Default.ClusterStatus);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>
    /// Waits until every node answers, every group has a leader and all nodes as voters, and no replica is halted or behind, as every
    /// node sees it.
    /// </summary>
    public async Task WholeAsync(TimeSpan? patience = null)
    {
        string seen = "";
        foreach (int node in Nodes)
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    ThrowIfEnded();
                    ClusterStatus? status = await StatusAsync(node);
                    seen = Summary(status);
                    return status is not null && IsWhole(status);
                },
                () => $"n{node} does not see a whole cluster: {seen}\n{Logs()}",
                patience);
        }
    }

    /// <summary>The leader of a group, as the nodes that answer agree on it; waits until there is one that is up.</summary>
    public async Task<int> LeaderAsync(int group)
    {
        int leader = 0;
        await Eventually.HoldsAsync(
            async () =>
            {
                foreach (int node in Nodes.Where(IsUp))
                {
                    ClusterStatus? status = await StatusAsync(node);
                    leader = status?.Groups.FirstOrDefault(g => g.Group == group)?.Leader ?? 0;
                    if (leader != 0 && IsUp(leader))
                    {
                        return true;
                    }
                }

                return false;
            },
            () => $"g{group} has no leader\n{Logs()}");
        return leader;
    }

    /// <summary>The groups a node leads now.</summary>
    public async Task<IReadOnlyList<int>> LedByAsync(int node) =>
        [.. (await StatusAsync(node))?.Groups.Where(g => g.Leader == node).Select(g => g.Group) ?? []];

    /// <summary>The last lines of every process.</summary>
    public string Logs() => string.Join('\n', _ended
        .Concat(_running.Select((child, i) => (Node: i + 1, Child: child!)).Where(c => c.Child is not null))
        .SelectMany(c => c.Child.Lines.TakeLast(TailLines).Select(line => $"n{c.Node} ({c.Child.Id}) | {line}")));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_running.OfType<Child>().Select(child => child.DisposeAsync().AsTask()));
        _http.Dispose();
        if (_ownsDirectory)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private bool IsWhole(ClusterStatus status) =>
        status.Health == Health.Ok
        && status.Nodes.Count == Plan.Count
        && status.Nodes.All(n => n.Reachable)
        && status.Groups.Count > 1
        && status.Groups.All(g => g.Replicas.Count == Plan.Count && g.Replicas.All(r => r.Role is "leader" or "follower"))
        && status.Nodes.SelectMany(n => n.Replicas).All(r => r.Voters.Count == Plan.Count && r.Learners.Count == 0);

    private static string Summary(ClusterStatus? status) => status is null
        ? "no answer"
        : $"{status.Health}; {string.Join("; ", status.Problems)}; " + string.Join(
            "; ", status.Groups.Select(g => $"g{g.Group} {string.Join(' ', g.Replicas.Select(r => $"n{r.Node}:{r.Role}"))}"));

    private void ThrowIfEnded()
    {
        foreach (int node in Nodes)
        {
            if (_running[node - 1] is { HasEnded: true })
            {
                throw new InvalidOperationException($"n{node} ended by itself\n{Logs()}");
            }
        }
    }
}
