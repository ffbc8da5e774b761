using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Nines.Kernel;
using static Nines.Node.Configuration.ConfigurationKeys;

namespace Nines.Node.Configuration;

/// <summary>Turns what was written into a <see cref="NodeConfiguration"/>, or into all the reasons why it cannot be one.</summary>
public static class ConfigurationCheck
{
    private const long OneMiB = 1L << 20;

    /// <summary>Null: <see cref="ConfigurationSources.Errors"/> says why.</summary>
    public static NodeConfiguration? Check(ConfigurationSources sources)
    {
        if (sources.Errors.Exists(e => e.Key == ConfigurationSources.FileKey))
        {
            // Of a file that cannot be read nothing is known: what seems to be missing may well be in it.
            return null;
        }

        var reader = new ConfigurationReader(sources);
        var node = new NodeId(reader.Number(NodeIdentity, 1, 65_535));
        string name = reader.Word(ClusterName, maxLength: 40);
        bool insecure = reader.Flag(Insecure);
        bool ephemeral = reader.Flag(Ephemeral);
        IPEndPoint? peer = reader.Listener(ListenPeer, mayBeOff: false, insecure);
        IPEndPoint? tables = reader.Listener(ListenTables, mayBeOff: true, insecure);
        IPEndPoint? admin = reader.Listener(ListenAdmin, mayBeOff: true, insecure);
        RefuseSharedPorts(reader, [(ListenPeer, peer), (ListenTables, tables), (ListenAdmin, admin)]);
        TimeSpan heartbeat = reader.Duration(Heartbeat, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        if (reader.Text(Data).Length == 0)
        {
            reader.Refuse(Data);
        }

        ExternalTables? external = ExternalTablesCheck.Read(reader);
        var configuration = new NodeConfiguration
        {
            Node = node,
            ClusterName = name,
            Cluster = Cluster(reader, name),
            DataDirectory = reader.Text(Data),
            Seeds = AllSeeds(reader, node, peer),
            ListenPeer = peer ?? new IPEndPoint(IPAddress.Loopback, 0),
            ListenTables = tables,
            ListenAdmin = admin,
            TablesAccessKeys = reader.AccessKeys(TablesAccessKeys),
            TablesRegion = reader.Word(TablesRegion, maxLength: 32),
            ExternalTables = external,
            TablesStaleness = StalenessCheck.Read(reader, ephemeral, external is not null),
            EnforceThroughput = reader.Flag(TablesEnforceThroughput),
            Insecure = insecure,
            Groups = reader.Number(Groups, 1, 64),
            Replicas = reader.Number(Replicas, 1, 7),
            Ephemeral = ephemeral,
            DiskSync = Sync(reader, ephemeral),
            DiskReserveBytes = reader.Size(DiskReserve, 0, long.MaxValue),
            MaxConnections = reader.Number(LimitConnections, 16, 1_000_000),
            MaxRequestBytes = reader.Size(LimitRequest, OneMiB, 64 * OneMiB),
            MaxInFlight = reader.Number(LimitInFlight, 16, 1_000_000),
            MaxPeerQueueBytes = (int)reader.Size(LimitPeerQueue, OneMiB, 256 * OneMiB),
            Heartbeat = heartbeat,
            Election = reader.Duration(Election, 3 * heartbeat, TimeSpan.FromMinutes(1)),
            Deadline = reader.Duration(Deadline, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            LogLevel = reader.OneOf(ConfigurationKeys.LogLevel, "information", "trace", "debug", "warning", "error"),
            LogJson = reader.OneOf(LogFormat, "text", "json") == "json",
        };
        WarnOfTables(sources, configuration);
        return sources.Errors.Count == 0 ? configuration : null;
    }

    private static void WarnOfTables(ConfigurationSources sources, NodeConfiguration configuration)
    {
        if (configuration.TablesStaleness is not null)
        {
            sources.Warnings.Add("tables.staleness is set: weak reads are aged for tests. Not for data that matters.");
        }

        if (configuration is { ListenTables: { } tables, TablesAccessKeys.Count: 0 } && !IPAddress.IsLoopback(tables.Address))
        {
            sources.Warnings.Add(
                $"listen.tables is {tables}, beyond loopback, and there are no tables.accessKeys: whoever reaches it reads and writes every table.");
        }

        if (configuration.ExternalTables is { Endpoint: { IsLoopback: false, Scheme: "http" } endpoint })
        {
            sources.Warnings.Add($"tables.endpoint is {endpoint}, beyond loopback and not https: every item crosses the network for all to read.");
        }
    }

    /// <summary>The identity that follows from a name, for clusters that were given none.</summary>
    public static ClusterId FromName(string name)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes("nines cluster " + name));
        return new ClusterId(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }

    private static ClusterId Cluster(ConfigurationReader reader, string name)
    {
        string text = reader.Text(ClusterIdentity);
        if (text.Length == 0)
        {
            return FromName(name);
        }

        if (text.Length == 32 && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value))
        {
            return new ClusterId(value);
        }

        reader.Refuse(ClusterIdentity);
        return default;
    }

    private static List<Seed> AllSeeds(ConfigurationReader reader, NodeId node, IPEndPoint? peer)
    {
        List<Seed> seeds = reader.Seeds(Seeds);
        if (reader.Text(Seeds).Length == 0)
        {
            seeds.Add(new Seed(node, peer?.Address.ToString() ?? "127.0.0.1", peer?.Port ?? 0));
        }
        else if (!seeds.Exists(s => s.Node == node))
        {
            reader.Refuse(Seeds, $"{Seeds.Allowed}; node.id {node.Value} is missing");
        }

        return seeds;
    }

    private static bool Sync(ConfigurationReader reader, bool ephemeral)
    {
        bool sync = reader.Flag(DiskSync);
        if (!sync && !ephemeral)
        {
            reader.Refuse(DiskSync);
        }

        return sync;
    }

    private static void RefuseSharedPorts(ConfigurationReader reader, (ConfigurationKey Key, IPEndPoint? Address)[] listeners)
    {
        for (int i = 1; i < listeners.Length; i++)
        {
            int port = listeners[i].Address?.Port ?? 0;
            if (port != 0 && listeners.Take(i).Any(other => other.Address?.Port == port))
            {
                reader.Refuse(listeners[i].Key, "a port that no other listener of this node has");
            }
        }
    }
}
