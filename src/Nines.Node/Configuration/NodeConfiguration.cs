using System.Net;
using Nines.Kernel;
using Nines.Replication;
using Nines.Tables.Protocol.Signatures;

namespace Nines.Node.Configuration;

/// <summary>A node the cluster starts with, and where it listens for its peers.</summary>
public sealed record Seed(NodeId Node, string Host, int Port)
{
    public override string ToString() => $"{Node.Value}@{Host}:{Port}";
}

/// <summary>The service that keeps the tables in the place of this cluster, and what requests to it are signed with.</summary>
public sealed record ExternalTables(Uri Endpoint, ServiceCredential Credential);

/// <summary>Everything a node is told before it starts, checked as a whole. Never changes while it runs.</summary>
public sealed record NodeConfiguration
{
    public required NodeId Node { get; init; }

    public required string ClusterName { get; init; }

    public required ClusterId Cluster { get; init; }

    public required string DataDirectory { get; init; }

    /// <summary>Ordered by node; always contains this node.</summary>
    public required IReadOnlyList<Seed> Seeds { get; init; }

    public required IPEndPoint ListenPeer { get; init; }

    /// <summary>Null: switched off.</summary>
    public required IPEndPoint? ListenTables { get; init; }

    /// <summary>Null: switched off.</summary>
    public required IPEndPoint? ListenAdmin { get; init; }

    /// <summary>Who may use the tables door; none: everybody.</summary>
    public required IReadOnlyList<AccessKey> TablesAccessKeys { get; init; }

    /// <summary>In ARNs, and in signatures to <see cref="ExternalTables"/>.</summary>
    public required string TablesRegion { get; init; }

    /// <summary>Null: this cluster keeps the tables.</summary>
    public required ExternalTables? ExternalTables { get; init; }

    /// <summary>Null: weak reads are as old as they happen to be.</summary>
    public required AgingRule? TablesStaleness { get; init; }

    /// <summary>Tables are held to their provisioned throughput.</summary>
    public required bool EnforceThroughput { get; init; }

    public required bool Insecure { get; init; }

    public required int Groups { get; init; }

    public required int Replicas { get; init; }

    public required bool Ephemeral { get; init; }

    public required bool DiskSync { get; init; }

    public required long DiskReserveBytes { get; init; }

    public required int MaxConnections { get; init; }

    public required long MaxRequestBytes { get; init; }

    public required int MaxInFlight { get; init; }

    public required int MaxPeerQueueBytes { get; init; }

    public required TimeSpan Heartbeat { get; init; }

    public required TimeSpan Election { get; init; }

    public required TimeSpan Deadline { get; init; }

    public required string LogLevel { get; init; }

    public required bool LogJson { get; init; }

    /// <summary>Where peers and people reach the admin API; empty when it is off.</summary>
    public string AdminUrl => Url(ListenAdmin);

    public string TablesUrl => Url(ListenTables);

    /// <summary>A listener on all addresses is reached where the peers reach this node.</summary>
    private string Url(IPEndPoint? listen)
    {
        if (listen is null)
        {
            return "";
        }

        bool any = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any);
        string host = any ? Seeds.First(s => s.Node == Node).Host : listen.Address.ToString();
        return host.Contains(':', StringComparison.Ordinal) ? $"http://[{host}]:{listen.Port}" : $"http://{host}:{listen.Port}";
    }
}
