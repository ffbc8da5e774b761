using System.Text;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Node.Configuration;

/// <summary>
/// One thing that can be configured. The same name appears as a path in the file (<c>listen.tables</c>), as an environment variable
/// (<c>NINES_LISTEN_TABLES</c>) and as a flag (<c>--listen-tables</c>).
/// </summary>
/// <param name="Default">As it would be written; empty: no value.</param>
/// <param name="Allowed">In words, for the error that names the key.</param>
public sealed record ConfigurationKey(string Name, string Default, string Allowed, string Meaning)
{
    public const string EnvironmentPrefix = "NINES_";

    /// <summary>Values hold secrets: <see cref="Shown"/> is what people and logs get to see.</summary>
    public bool IsSecret { get; init; }

    public string EnvironmentName => EnvironmentPrefix + Separated('_').ToUpperInvariant();

    public string FlagName => "--" + Separated('-').ToLowerInvariant();

    /// <summary>
    /// A value as it may be shown. Of <c>ID:SECRET</c> that is the id, with stars that no secret can be: what was printed is refused when it is read as a
    /// configuration, rather than taken for one without secrets.
    /// </summary>
    public string Shown(string text) => IsSecret && text.Length > 0
        ? string.Join(',', text.Split(',').Select(static pair => pair.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 ? pair[..colon] + ":***" : "***"))
        : text;

    private string Separated(char separator)
    {
        var text = new StringBuilder();
        foreach (char c in Name)
        {
            if (char.IsAsciiLetterUpper(c))
            {
                text.Append(separator);
            }

            text.Append(c == '.' ? separator : c);
        }

        return text.ToString();
    }
}

/// <summary>Every key there is. docs/operations.md has the same table; a test compares them.</summary>
public static class ConfigurationKeys
{
    private const string AnAddress = "HOST:PORT with an IP address or localhost";
    private const string ADuration = "a duration such as 250ms, 5s or 1m";

    public static readonly ConfigurationKey NodeIdentity = new(
        "node.id", "", "a number from 1 to 65535, different on every node, never reused",
        "Which node of the cluster this is.");

    public static readonly ConfigurationKey ClusterName = new(
        "cluster.name", "nines", "1 to 40 of a-z, 0-9 and -", "A name for people.");

    public static readonly ConfigurationKey ClusterIdentity = new(
        "cluster.id", "", "32 hexadecimal digits, the same on every node",
        "The cluster's identity. Left out, it follows from cluster.name; give one when clusters of the same name could meet.");

    public static readonly ConfigurationKey Data = new(
        "data", "nines-data", "a directory that only this node uses", "Where everything the node keeps is kept.");

    public static readonly ConfigurationKey Seeds = new(
        "seeds", "", "ID@HOST:PORT of every first node, this one included, with commas between",
        "The nodes the cluster starts with, and where they listen for each other. Left out: this node alone.");

    public static readonly ConfigurationKey ListenPeer = new(
        "listen.peer", "127.0.0.1:7000", AnAddress, "Where the other nodes connect.");

    public static readonly ConfigurationKey ListenTables = new(
        "listen.tables", "127.0.0.1:8000", AnAddress + ", or off", "The tables door (DynamoDB).");

    public static readonly ConfigurationKey ListenAdmin = new(
        "listen.admin", "127.0.0.1:9000", AnAddress + ", or off", "Console and admin API.");

    public static readonly ConfigurationKey TablesAccessKeys = new(
        "tables.accessKeys", "", "with commas between: " + AccessKey.Form + ", each id once",
        "Who may use the tables door, with what secret; requests must then be signed. Left out: everybody. Better in the file than in a flag.")
    {
        IsSecret = true,
    };

    public static readonly ConfigurationKey TablesRegion = new(
        "tables.region", "us-east-1", "1 to 32 of a-z, 0-9 and -, the same on every node",
        "The region in the ARNs of tables, and in signatures to tables.endpoint.");

    public static readonly ConfigurationKey TablesEngine = new(
        "tables.engine", "embedded", "embedded or dynamodb",
        "What keeps the tables: this cluster, or the service at tables.endpoint.");

    public static readonly ConfigurationKey TablesEndpoint = new(
        "tables.endpoint", "", "http:// or https:// with a host, perhaps a port, and nothing behind",
        "A service that speaks DynamoDB's protocol: every operation is handed on to it.");

    public static readonly ConfigurationKey TablesExternalAccessKey = new(
        "tables.externalAccessKey", "", ServiceCredential.Form,
        "What requests to tables.endpoint are signed with. Left out: as \"local\", for services that do not look. Better in the file than in a flag.")
    {
        IsSecret = true,
    };

    public static readonly ConfigurationKey TablesStaleness = new(
        "tables.staleness", "", "none, fixed:DURATION or seeded:NUMBER:DURATION, up to 10s; only together with ephemeral",
        "Makes weak reads reproducible for tests: never stale, always by a time, or by up to a time as a seed draws. Left out: as they come.");

    public static readonly ConfigurationKey TablesEnforceThroughput = new(
        "tables.enforceThroughput", "false", "true or false, the same on every node",
        "Whether tables and global indexes are held to the throughput that is provisioned for them.");

    public static readonly ConfigurationKey Insecure = new(
        "insecure", "false", "true or false",
        "Allows listeners beyond loopback although they have neither TLS nor authentication. Only behind a firewall.");

    public static readonly ConfigurationKey Groups = new(
        "groups", "6", "a number from 1 to 64", "Data groups made when the cluster starts for the first time.");

    public static readonly ConfigurationKey Replicas = new(
        "replicas", "3", "a number from 1 to 7", "Replicas of each group; at most as many as there are seeds are made.");

    public static readonly ConfigurationKey Ephemeral = new(
        "ephemeral", "false", "true or false", "The data may be thrown away: for tests and trying out.");

    public static readonly ConfigurationKey DiskSync = new(
        "disk.sync", "true", "true; false only together with ephemeral",
        "Whether a write is flushed to disk before it is acknowledged.");

    public static readonly ConfigurationKey DiskReserve = new(
        "disk.reserve", "256MiB", "a size such as 256MiB or 2GiB", "Writes are refused while less than this is free.");

    public static readonly ConfigurationKey LimitConnections = new(
        "limits.connections", "10000", "a number from 16 to 1000000", "Client connections at once, for each door.");

    public static readonly ConfigurationKey LimitRequest = new(
        "limits.request", "17MiB", "a size from 1MiB to 64MiB", "The largest request body a door reads.");

    public static readonly ConfigurationKey LimitInFlight = new(
        "limits.inFlight", "10000", "a number from 16 to 1000000",
        "Requests waiting in this node; more are refused at once as overloaded, not done.");

    public static readonly ConfigurationKey LimitPeerQueue = new(
        "limits.peerQueue", "16MiB", "a size from 1MiB to 256MiB", "Bytes that may wait for one peer before messages to it are dropped.");

    public static readonly ConfigurationKey Heartbeat = new(
        "timeouts.heartbeat", "50ms", ADuration + ", from 10ms to 10s", "How often a leader speaks at least.");

    public static readonly ConfigurationKey Election = new(
        "timeouts.election", "500ms", ADuration + ", from 3 times timeouts.heartbeat to 1m",
        "Silence after which a follower asks for an election; up to twice as long, by chance.");

    public static readonly ConfigurationKey Deadline = new(
        "deadlines.request", "5s", ADuration + ", from 100ms to 5m",
        "How long a request may wait for a leader and a majority before it is answered with not done or unknown.");

    public static readonly ConfigurationKey LogLevel = new(
        "log.level", "information", "trace, debug, information, warning or error", "What the node says.");

    public static readonly ConfigurationKey LogFormat = new(
        "log.format", "text", "text or json", "How it says it.");

    public static readonly IReadOnlyList<ConfigurationKey> All =
    [
        NodeIdentity, ClusterName, ClusterIdentity, Data, Seeds, ListenPeer, ListenTables, ListenAdmin, TablesAccessKeys, TablesRegion, TablesEngine,
        TablesEndpoint, TablesExternalAccessKey, TablesStaleness, TablesEnforceThroughput, Insecure, Groups, Replicas, Ephemeral, DiskSync,
        DiskReserve, LimitConnections, LimitRequest, LimitInFlight, LimitPeerQueue, Heartbeat, Election, Deadline,
        LogLevel, LogFormat,
    ];

    public static ConfigurationKey? Find(string name) =>
        All.FirstOrDefault(key => string.Equals(key.Name, name, StringComparison.OrdinalIgnoreCase));
}
