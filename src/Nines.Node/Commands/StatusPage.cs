using Nines.Node.Admin;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary>A cluster's status as two tables and a list of what is not well.</summary>
internal static class StatusPage
{
    public static void Print(ClusterStatus status)
    {
        Output.Console.MarkupLine(
            $"cluster [bold]{Markup.Escape(status.ClusterName)}[/] ({Markup.Escape(status.ClusterId)}), asked n{status.AnsweredBy}: {Mark(status.Health)}");
        Output.Console.Write(Nodes(status));
        Output.Console.Write(Groups(status));
        foreach (string problem in status.Problems)
        {
            Output.Console.MarkupLineInterpolated($"[yellow]-[/] {problem}");
        }
    }

    private static Table Nodes(ClusterStatus status)
    {
        Table table = Output.NewTable("node", "answers", "tables", "admin", "pid", "up", "leads", "memory", "disk free", "peers", "in flight");
        foreach (NodeStatus node in status.Nodes)
        {
            if (!node.Reachable)
            {
                table.AddRow($"n{node.Node}", "[red]no[/]", "", Markup.Escape(node.AdminUrl), "", "", "", "", "", "", "");
                continue;
            }

            table.AddRow(
                $"n{node.Node}",
                node.Error.Length == 0 ? "[green]yes[/]" : "[yellow]halted[/]",
                Markup.Escape(node.TablesUrl),
                Markup.Escape(node.AdminUrl),
                $"{node.ProcessId}",
                Output.Span(node.UptimeSeconds),
                $"{node.Replicas.Count(r => r.Role == "leader")} of {node.Replicas.Count}",
                Output.Bytes(node.ResidentBytes),
                Output.Bytes(node.DiskFreeBytes),
                $"{node.Peers.Count(p => p.Connected)}/{node.Peers.Count}",
                $"{node.InFlight}");
        }

        return table;
    }

    private static Table Groups(ClusterStatus status)
    {
        Table table = Output.NewTable("group", "health", "leader", "term", "committed", "replicas (entries behind)");
        foreach (GroupStatus group in status.Groups)
        {
            table.AddRow(
                $"g{group.Group}",
                Mark(group.Health),
                group.Leader == 0 ? "[red]none[/]" : $"n{group.Leader}",
                $"{group.Term}",
                $"{group.Commit}",
                Markup.Escape(string.Join(", ", group.Replicas.Select(Replica))));
        }

        return table;
    }

    private static string Replica(GroupReplica replica) =>
        replica.Fault.Length > 0 ? $"n{replica.Node} halted"
        : replica.Lag < 0 ? $"n{replica.Node} ?"
        : replica.Lag == 0 ? $"n{replica.Node}"
        : $"n{replica.Node} ({replica.Lag})";

    private static string Mark(Health health) => health switch
    {
        Health.Ok => "[green]ok[/]",
        Health.Degraded => "[yellow]degraded[/]",
        Health.Unavailable => "[red]unavailable[/]",
    };
}
