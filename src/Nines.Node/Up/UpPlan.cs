using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Nines.Node.Configuration;

namespace Nines.Node.Up;

/// <summary>What <c>nines up</c> was asked for.</summary>
public sealed record UpRequest
{
    /// <summary>Null: as many as the directory has, the default number in a new one.</summary>
    public int? Nodes { get; init; }

    public string Data { get; init; } = "nines-data";

    public bool Ephemeral { get; init; }

    /// <summary>0: the default ports, node k at default + 10000 x (k - 1).</summary>
    public int BasePort { get; init; }

    /// <summary>Configuration given to every node, by key.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>The ports of one of the nodes on this machine.</summary>
public readonly record struct NodePorts(int Tables, int Admin, int Peer)
{
    public const int DefaultTables = 8000;
    public const int DefaultAdmin = 9000;
    public const int DefaultPeer = 7000;

    /// <summary>Between the nodes of one machine at the default ports.</summary>
    public const int Step = 10_000;

    /// <summary>Between the nodes of one machine at ports of one's own choice.</summary>
    public const int BaseStep = 10;

    /// <param name="number">Counts from 1.</param>
    public static NodePorts Of(int number, int basePort) => basePort == 0
        ? new NodePorts(DefaultTables + (Step * (number - 1)), DefaultAdmin + (Step * (number - 1)), DefaultPeer + (Step * (number - 1)))
        : new NodePorts(basePort + (BaseStep * (number - 1)), basePort + (BaseStep * (number - 1)) + 1, basePort + (BaseStep * (number - 1)) + 2);

    public bool IsValid => Math.Max(Math.Max(Tables, Admin), Peer) <= ushort.MaxValue;
}

/// <summary>What must be the same at every start on one directory; kept in its <c>cluster.json</c>.</summary>
public sealed record ClusterIdentityFile(string ClusterId, int Nodes);

/// <summary>One node to start: its number, ports, and the configuration file written for it.</summary>
public sealed record PlannedNode(
    string ClusterId, int Number, NodePorts Ports, string DataDirectory, string ConfigurationPath, IReadOnlyCollection<string> DecidedKeys)
{
    public string Name => $"n{Number}";

    public string TablesUrl => $"http://127.0.0.1:{Ports.Tables}";

    public string AdminUrl => $"http://127.0.0.1:{Ports.Admin}";
}

/// <summary>A start that cannot work, with what to do about it.</summary>
public sealed class UpRefusedException(string message, int exitCode) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>Lays out the directory of a cluster on one machine: identity, one configuration file and one data directory for each node.</summary>
public static class UpPlan
{
    public const int DefaultNodes = 3;

    public const int MaxNodes = 20;

    private const string IdentityName = "cluster.json";

    /// <summary>Keys that nobody else may set for all nodes at once: what makes each node itself, and where it is found.</summary>
    public static readonly IReadOnlyList<ConfigurationKey> OwnKeys =
    [
        ConfigurationKeys.NodeIdentity, ConfigurationKeys.ClusterIdentity, ConfigurationKeys.Data, ConfigurationKeys.Seeds,
        ConfigurationKeys.ListenPeer, ConfigurationKeys.ListenTables, ConfigurationKeys.ListenAdmin, ConfigurationKeys.Ephemeral,
    ];

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <param name="directory">Exists and is locked by the caller.</param>
    public static IReadOnlyList<PlannedNode> Write(string directory, UpRequest request)
    {
        ClusterIdentityFile identity = Identity(directory, request);
        List<NodePorts> ports = [.. Enumerable.Range(1, identity.Nodes).Select(k => NodePorts.Of(k, request.BasePort))];
        if (ports.Exists(p => !p.IsValid))
        {
            throw new UpRefusedException(PortsBeyond(identity.Nodes, request.BasePort), ExitCodes.Usage);
        }

        string seeds = string.Join(',', ports.Select((p, i) => $"{i + 1}@127.0.0.1:{p.Peer}"));
        return [.. ports.Select((p, i) => WriteNode(directory, i + 1, p, identity.ClusterId, seeds, request))];
    }

    /// <summary>What to say when the last node's ports do not exist.</summary>
    public static string PortsBeyond(int nodes, int basePort) => basePort == 0
        ? $"--nodes: {nodes} nodes at the default ports + {NodePorts.Step} each go beyond port {ushort.MaxValue}. Choose ports with --base-port."
        : $"--base-port: {nodes} nodes at {basePort} + {NodePorts.BaseStep} each go beyond port {ushort.MaxValue}. Choose a lower one.";

    private static ClusterIdentityFile Identity(string directory, UpRequest request)
    {
        string path = Path.Combine(directory, IdentityName);
        if (!File.Exists(path))
        {
            var drawn = new ClusterIdentityFile(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), request.Nodes ?? DefaultNodes);
            WriteWhole(path, JsonSerializer.Serialize(drawn, Json));
            return drawn;
        }

        ClusterIdentityFile? kept;
        try
        {
            kept = JsonSerializer.Deserialize<ClusterIdentityFile>(File.ReadAllText(path), Json);
        }
        catch (JsonException e)
        {
            throw Damaged(path, e.Message);
        }

        if (kept is not { ClusterId.Length: 32, Nodes: >= 1 and <= MaxNodes } || !kept.ClusterId.All(char.IsAsciiHexDigit))
        {
            throw Damaged(path, $"clusterId of 32 hexadecimal digits and nodes from 1 to {MaxNodes} are expected");
        }

        if (request.Nodes is { } wanted && wanted != kept.Nodes)
        {
            throw new UpRefusedException(
                $"--nodes: {directory} holds a cluster of {kept.Nodes} nodes. Start it with --nodes {kept.Nodes}, or choose another directory with --data.",
                ExitCodes.Usage);
        }

        return kept;
    }

    private static UpRefusedException Damaged(string path, string how) => new(
        $"{path} is damaged: {how}. Put it back from a copy (cluster.id and the number of nodes are in n1.json too), or choose another directory with --data.",
        ExitCodes.Refused);

    private static PlannedNode WriteNode(
        string directory, int number, NodePorts ports, string clusterId, string seeds, UpRequest request)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ConfigurationKeys.NodeIdentity.Name] = number.ToString(CultureInfo.InvariantCulture),
            [ConfigurationKeys.ClusterName.Name] = "local",
            [ConfigurationKeys.ClusterIdentity.Name] = clusterId,
            [ConfigurationKeys.Data.Name] = Path.Combine(directory, $"n{number}"),
            [ConfigurationKeys.Seeds.Name] = seeds,
            [ConfigurationKeys.ListenPeer.Name] = $"127.0.0.1:{ports.Peer}",
            [ConfigurationKeys.ListenTables.Name] = $"127.0.0.1:{ports.Tables}",
            [ConfigurationKeys.ListenAdmin.Name] = $"127.0.0.1:{ports.Admin}",
            [ConfigurationKeys.Ephemeral.Name] = request.Ephemeral ? "true" : "false",
        };
        foreach ((string key, string value) in request.Settings)
        {
            settings[key] = value;
        }

        string path = Path.Combine(directory, $"n{number}.json");
        WriteWhole(path, JsonSerializer.Serialize(settings, Json));
        return new PlannedNode(clusterId, number, ports, settings[ConfigurationKeys.Data.Name], path, settings.Keys);
    }

    /// <summary>Never leaves half a file: a crash in between leaves the old one or none.</summary>
    private static void WriteWhole(string path, string text)
    {
        string draft = path + ".new";

        // There may be secrets in it (tables.accessKeys): for the owner's eyes only. A draft left by a crash keeps its mode, so it goes first.
        File.Delete(draft);
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(draft, create))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }
}
