using Nines.Node.Admin;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary>A cluster's status as two tables and a list of what is not well.</summary>
internal static class StatusPage
{
    /// <summary>A terminal with fewer columns gets the columns that matter most, whole.</summary>
    private const int WideColumns = 140;

    public static void Print(ClusterStatus status, IAnsiConsole console)
    {
        console.MarkupLine(
            $"cluster [bold]{Markup.Escape(status.ClusterName)}[/] ({Markup.Escape(status.ClusterId)}), asked n{status.AnsweredBy}: {Mark(status.Health)}");
        foreach (string engine in status.Nodes.Select(n => n.TablesEngine).Where(e => e is not ("" or "embedded")).Distinct(StringComparer.Ordinal))
        {
            console.MarkupLineInterpolated($"tables: {engine}");
        }

        console.Write(Nodes(status, console.Profile.Width >= WideColumns));
        console.Write(Groups(status));
        PrintBacklog(status, console);
        foreach (string problem in status.Problems)
        {
            console.MarkupLineInterpolated($"[yellow]-[/] {problem}");
        }
    }

    /// <summary>Of tables: how far what follows from their items is behind. Nothing when nothing has been.</summary>
    private static void PrintBacklog(ClusterStatus status, IAnsiConsole console)
    {
        long lag = status.Nodes.Select(static n => n.IndexLagMs).DefaultIfEmpty().Max();
        long changes = status.Nodes.Sum(static n => n.IndexChangesWaiting);
        long items = status.Nodes.Sum(static n => n.ExpiredItemsWaiting);
        if (lag > 0 || changes > 0)
        {
            console.MarkupLineInterpolated($"global indexes: {lag} ms behind, {changes} changes wait");
        }

        if (items > 0)
        {
            console.MarkupLineInterpolated($"time to live: {items} items are due");
        }
    }

    private static Table Nodes(ClusterStatus status, bool isWide)
    {
        Table table = isWide
            ? Output.NewTable("node", "answers", "tables", "admin", "pid", "up", "leads", "memory", "disk free", "peers", "in flight")
            : Output.NewTable("node", "answers", "admin", "leads", "memory", "free", "peers");
        foreach (NodeStatus node in status.Nodes)
        {
            if (!node.Reachable)
            {
                string[] silent = isWide
                    ? [$"n{node.Node}", "[red]no[/]", "", Markup.Escape(node.AdminUrl)]
                    : [$"n{node.Node}", "[red]no[/]", Short(node.AdminUrl)];
                table.AddRow([.. silent, .. Enumerable.Repeat("", table.Columns.Count - silent.Length)]);
                continue;
            }

            string answers = node.Error.Length == 0 ? "[green]yes[/]" : "[yellow]halted[/]";
            string leads = $"{node.Replicas.Count(r => r.Role == "leader")} of {node.Replicas.Count}";
            string[] last =
                [leads, Output.Bytes(node.ResidentBytes), Output.Bytes(node.DiskFreeBytes), $"{node.Peers.Count(p => p.Connected)}/{node.Peers.Count}"];
            table.AddRow(isWide
                ? [$"n{node.Node}", answers, Markup.Escape(node.TablesUrl), Markup.Escape(node.AdminUrl), $"{node.ProcessId}",
                    Output.Span(node.UptimeSeconds), .. last, $"{node.InFlight}"]
                : [$"n{node.Node}", answers, Short(node.AdminUrl), .. last]);
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

    /// <summary>nines status --url takes it so, too.</summary>
    private static string Short(string url) => Markup.Escape(url.Replace("http://", "", StringComparison.Ordinal));

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
