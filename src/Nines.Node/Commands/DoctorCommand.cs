using System.CommandLine;
using System.Net;
using System.Text.Json;
using Nines.Node.Admin;
using Nines.Node.Adapters;
using Nines.Node.Configuration;
using Nines.Node.Doctor;
using Nines.Node.Up;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary><c>nines doctor</c>: is this machine fit for a node?</summary>
internal static class DoctorCommand
{
    private const string Description = """
        Examines the machine: processors, memory, open file limit, clock, scheduling, the disk's flush time and free space, and
        whether the ports are free. Says what to do about each finding. Takes about two seconds and leaves nothing behind.

        Examples:
          nines doctor
          nines doctor --data /var/lib/nines --nodes 1
          nines doctor --tables-endpoint https://dynamodb.eu-west-1.amazonaws.com
          nines doctor --json | jq '.[] | select(.verdict != "Good")'

        Exit codes: 0 nothing bad (warnings allowed), 1 at least one bad finding, 2 wrong usage.
        """;

    private static readonly Option<string> Data = new("--data")
    {
        Description = "The directory whose disk is measured.", HelpName = "DIR", DefaultValueFactory = _ => "nines-data",
    };

    private static readonly Option<int> Nodes = NumberOption.Whole(
        "--nodes", "N", 0, UpPlan.MaxNodes, UpPlan.DefaultNodes, "How many nodes are to run on this machine; 0 leaves the ports out.");

    private static readonly Option<int> BasePort = NumberOption.Whole(
        "--base-port", "PORT", 0, NumberOption.LastPort, 0, "As for nines up; 0 for the default ports.");

    private static readonly Option<string> TablesEndpoint = new("--tables-endpoint")
    {
        Description = "Of tables.engine dynamodb: whether the service there answers.", HelpName = "URL",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Findings as JSON." };

    public static Command Build()
    {
        var command = new Command("doctor", Description) { Data, Nodes, BasePort, TablesEndpoint, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        string data = parsed.GetValue(Data)!;
        int nodes = parsed.GetValue(Nodes);
        if (data.Length == 0)
        {
            return Output.Fail(ExitCodes.Usage, "--data: is empty; expected a directory");
        }

        if (nodes > 0 && !NodePorts.Of(nodes, parsed.GetValue(BasePort)).IsValid)
        {
            return Output.Fail(ExitCodes.Usage, UpPlan.PortsBeyond(nodes, parsed.GetValue(BasePort)));
        }

        Uri? endpoint = ExternalTablesCheck.TryEndpoint(parsed.GetValue(TablesEndpoint) ?? "");
        if (endpoint is null && parsed.GetValue(TablesEndpoint) is { } given)
        {
            return Output.Fail(ExitCodes.Usage, $"--tables-endpoint: \"{given}\" is not allowed; expected {ConfigurationKeys.TablesEndpoint.Allowed}");
        }

        var what = new Examination
        {
            DataDirectory = Path.GetFullPath(data),
            Listeners = [.. Listeners(nodes, parsed.GetValue(BasePort))],
        };
        List<Finding> findings = [.. Checkup.Run(what)];
        if (endpoint is not null)
        {
            findings.Add(Thresholds.Endpoint(endpoint, await ServiceProbe.AskAsync(endpoint, cancel)));
        }

        if (parsed.GetValue(Json))
        {
            Console.WriteLine(JsonSerializer.Serialize(findings, StatusJson.Default.IReadOnlyListFinding));
        }
        else
        {
            Print(findings);
        }

        return findings.Exists(f => f.Verdict == Verdict.Bad) ? ExitCodes.NotWell : ExitCodes.Success;
    }

    private static IEnumerable<(string Use, IPEndPoint Address)> Listeners(int nodes, int basePort)
    {
        for (int number = 1; number <= nodes; number++)
        {
            NodePorts ports = NodePorts.Of(number, basePort);
            yield return ($"tables of n{number}", new IPEndPoint(IPAddress.Loopback, ports.Tables));
            yield return ($"console and admin of n{number}", new IPEndPoint(IPAddress.Loopback, ports.Admin));
            yield return ($"peers of n{number}", new IPEndPoint(IPAddress.Loopback, ports.Peer));
        }
    }

    private static void Print(List<Finding> findings)
    {
        Table table = Output.NewTable("", "check", "found");
        foreach (Finding finding in findings)
        {
            string mark = finding.Verdict switch
            {
                Verdict.Good => "[green]good[/]",
                Verdict.Warning => "[yellow]warning[/]",
                Verdict.Bad => "[red]bad[/]",
            };
            table.AddRow(mark, Markup.Escape(finding.Check), Markup.Escape(finding.Measured));
        }

        Output.Console.Write(table);
        foreach (Finding finding in findings.Where(f => f.Advice.Length > 0))
        {
            Output.Console.MarkupLineInterpolated($"{finding.Check}: {finding.Advice}");
        }
    }
}
