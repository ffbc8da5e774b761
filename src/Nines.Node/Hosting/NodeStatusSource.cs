using System.Diagnostics;
using Nines.Kernel;
using Nines.Node.Adapters;
using Nines.Node.Admin;
using Nines.Node.Commands;
using Nines.Node.Configuration;
using Nines.Node.Transport;
using Nines.Replication;
using Nines.Storage.Log;
using Nines.Tables.Engines;
using ReplicaStatus = Nines.Node.Admin.ReplicaStatus;

namespace Nines.Node.Hosting;

/// <summary>What a running node says of itself: the reactor's view, the transport's, and the process's.</summary>
internal sealed class NodeStatusSource(
    NodeConfiguration configuration, NodeIdentity identity, ReactorThread reactor, TcpNetwork network, IDisk disk) : IStatusSource
{
    /// <summary>A reactor that hangs must not make the status hang.</summary>
    private static readonly TimeSpan ReactorPatience = TimeSpan.FromMilliseconds(500);

    public IReadOnlyList<PeerState> Peers => network.Peers;

    /// <summary>Null: there is no door, or this cluster keeps its tables.</summary>
    private ExternalTables? ExternalTables => configuration.ListenTables is null ? null : configuration.ExternalTables;

    /// <summary>What the tables of this node have still to see to; null before their door is open, and when another service keeps them.</summary>
    public Func<TableBacklog>? Backlog { get; set; }

    private string Engine => configuration.ListenTables is null ? ""
        : ExternalTables is { } external ? $"dynamodb at {external.Endpoint.GetLeftPart(UriPartial.Authority)}"
        : "embedded";

    public async ValueTask<NodeStatus> LocalAsync(CancellationToken cancel)
    {
        Task<string> tables = ExternalTables is { } external ? ServiceProbe.AskAsync(external.Endpoint, cancel) : Task.FromResult("");
        ReactorStatus? status = await AskReactorAsync(cancel);
        using var process = Process.GetCurrentProcess();
        TableBacklog backlog = Backlog?.Invoke() ?? default;
        return new NodeStatus
        {
            Node = configuration.Node.Value,
            Reachable = true,
            Error = status is null ? "its reactor does not answer; the disk may hang" : Trouble(status),
            Boot = identity.Boot.Value,
            ProcessId = Environment.ProcessId,
            Version = CommandTree.Version,
            AdminUrl = configuration.AdminUrl,
            TablesUrl = configuration.TablesUrl,
            TablesEngine = Engine,
            TablesError = await tables,
            IndexChangesWaiting = backlog.IndexChanges,
            IndexLagMs = backlog.IndexLagMs,
            ExpiredItemsWaiting = backlog.ExpiredItems,
            UptimeSeconds = (DateTime.UtcNow - process.StartTime.ToUniversalTime()).TotalSeconds,
            CpuSeconds = process.TotalProcessorTime.TotalSeconds,
            ResidentBytes = process.WorkingSet64,
            ManagedBytes = GC.GetTotalMemory(forceFullCollection: false),
            DiskFreeBytes = disk.FreeBytes,
            LogBytes = status?.LogBytes ?? 0,
            InFlight = status?.OpenRequests ?? 0,
            Peers = [.. network.Peers.Select(Peer)],
            Replicas = status is null ? [] : [.. Replicas(status)],
        };
    }

    private async Task<ReactorStatus?> AskReactorAsync(CancellationToken cancel)
    {
        var answer = new TaskCompletionSource<ReactorStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        reactor.Post(r => answer.TrySetResult(r.Status()));
        try
        {
            return await answer.Task.WaitAsync(ReactorPatience, cancel);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static string Trouble(ReactorStatus status) =>
        status.Failure is { } failure ? failure
        : status.DiskFull ? "the disk is full: writes are refused until there is room"
        : status.Findings.Count > 0 ? string.Join("; ", status.Findings)
        : "";

    private static PeerStatus Peer(PeerState peer) =>
        new(peer.Node.Value, peer.Address, peer.Connected, peer.QueuedBytes, peer.DroppedMessages, peer.LastError);

    private static IEnumerable<ReplicaStatus> Replicas(ReactorStatus status)
    {
        foreach (Nines.Replication.ReplicaStatus replica in status.Replicas)
        {
            Consensus.Configuration members = replica.Configuration;
            yield return new ReplicaStatus
            {
                Group = replica.Group.Value,
                Role = replica.Halted is null ? replica.Role.ToString().ToLowerInvariant() : "halted",
                Term = replica.Term.Value,
                Leader = replica.Leader.Value,
                Commit = replica.Commit.Value,
                Applied = replica.Applied.Value,
                LastIndex = replica.LastIndex.Value,
                Voters = [.. members.Voters.Select(n => n.Value)],
                Learners = [.. members.Learners.Select(n => n.Value)],
                Fault = replica.Halted ?? "",
            };
        }

        foreach ((GroupId group, string fault) in status.Lost.Select(g => (g, "lost its data; waits to be let in again"))
            .Concat(status.Repairing.Select(g => (g, "repairs damaged entries from its peers"))))
        {
            yield return new ReplicaStatus
            {
                Group = group.Value, Role = "halted", Term = 0, Leader = 0, Commit = 0, Applied = 0, LastIndex = 0, Fault = fault,
            };
        }
    }
}
