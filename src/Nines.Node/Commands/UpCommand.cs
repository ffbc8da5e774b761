using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Nines.Kernel;
using Nines.Node.Configuration;
using Nines.Node.Up;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary><c>nines up</c>: a whole cluster on this machine.</summary>
internal static class UpCommand
{
    private const string Description = """
        Starts a cluster on this machine: one process for each node, started again when it crashes, until Ctrl-C.
        A later up on the same directory goes on with the same data.

        Node k listens on the default port + 10000 x (k - 1): tables 8000, 18000, 28000; console and admin 9000, 19000, 29000.
        With --base-port P, node k has tables on P + 10 x (k - 1), admin one above, peers two above.

        Examples:
          nines up
          nines up --ephemeral --nodes 1
          nines up --data /tmp/a --base-port 21000 --set log.level=debug

        Exit codes: 0 stopped as asked, 2 wrong usage, 3 the directory or a port is in use (the message says which).
        """;

    private static readonly Option<int?> Nodes = NumberOption.WholeIfAny(
        "--nodes", "-n", "N", 1, UpPlan.MaxNodes,
        $"How many nodes, 1 to {UpPlan.MaxNodes}; 3 survive the loss of one. Left out: as many as the data has, {UpPlan.DefaultNodes} for new data.");

    private static readonly Option<string> Data = new("--data")
    {
        Description = "Where the cluster keeps everything.", HelpName = "DIR", DefaultValueFactory = _ => "nines-data",
    };

    private static readonly Option<bool> Ephemeral = new("--ephemeral")
    {
        Description = "A temporary directory, removed at the end; not with --data.",
    };

    private static readonly Option<int> BasePort = NumberOption.Whole(
        "--base-port", "PORT", 0, NumberOption.LastPort, 0, "Ports of one's own choice, for a second cluster or a test; 0 for the default ones.");

    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "Configuration for every node (nines node --help lists the keys). May be repeated.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one line of JSON when the cluster answers; everything else goes to standard error.",
    };

    public static Command Build()
    {
        var command = new Command("up", Description) { Nodes, Data, Ephemeral, BasePort, Set, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            RefuseTwoDirectories(parsed);
            var request = new UpRequest
            {
                Nodes = parsed.GetValue(Nodes),
                Data = parsed.GetValue(Data)!,
                Ephemeral = parsed.GetValue(Ephemeral),
                BasePort = parsed.GetValue(BasePort),
                Settings = Settings(parsed.GetValue(Set)!),
            };
            using ClusterDirectory directory = ClusterDirectory.Open(request);
            IReadOnlyList<PlannedNode> plan = UpPlan.Write(directory.Path, request);
            await EarlierNodes.GoneAsync(plan, Console.Error.WriteLine, cancel);
            return await SuperviseAsync(plan, directory.Path, parsed.GetValue(Json), started, cancel);
        }
        catch (UpRefusedException e)
        {
            return Output.Fail(e.ExitCode, e.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is DiskException or IOException or UnauthorizedAccessException)
        {
            return Output.Fail(ExitCodes.Refused, $"{e.Message.TrimEnd('.')}. Make it writable for this user, or choose another directory with --data.");
        }
    }

    private static async Task<int> SuperviseAsync(
        IReadOnlyList<PlannedNode> plan, string directory, bool json, long started, CancellationToken cancel)
    {
        TextWriter lines = json ? Console.Error : Console.Out;
        await using var supervisor = new Supervisor(plan, (name, line) => Output.TryPrint(lines, $"{name} | {line}"));
        supervisor.Start();
        try
        {
            if (await supervisor.ReadyAsync(cancel) is not null)
            {
                Announce(supervisor, directory, json, Stopwatch.GetElapsedTime(started));
            }
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Success;
        }

        int code = await supervisor.WatchAsync(cancel);
        if (code != ExitCodes.Success)
        {
            Output.Fail(code, "Refused to start; the lines above say why. What still runs is being stopped.");
        }

        return code;
    }

    private static void Announce(Supervisor supervisor, string directory, bool json, TimeSpan took)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                ready = true,
                seconds = took.TotalSeconds,
                directory,
                nodes = supervisor.Children.Select(c => new
                {
                    node = c.Plan.Number, pid = c.ProcessId, tables = c.Plan.TablesUrl, admin = c.Plan.AdminUrl,
                }),
            }));
            return;
        }

        Table table = Output.NewTable("node", "tables (DynamoDB)", "console and admin", "process");
        foreach (ChildNode child in supervisor.Children)
        {
            table.AddRow(
                child.Plan.Name, child.Plan.TablesUrl, child.Plan.AdminUrl,
                child.Refusal is null ? child.ProcessId.ToString(CultureInfo.InvariantCulture) : "down, see above");
        }

        string first = supervisor.Children.First(child => child.Refusal is null).Plan.TablesUrl;
        Output.Console.MarkupLineInterpolated($"[green]The cluster answers[/] after {took.TotalSeconds:0.0} s. Data: {directory}");
        Output.Console.Write(table);
        Output.Console.WriteLine("Any node serves every table. Try:");
        Output.Console.WriteLine(
            $"  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb list-tables --region local --endpoint-url {first}");
        Output.Console.WriteLine("Look with: nines status --watch. Stop with Ctrl-C.");
    }

    private static void RefuseTwoDirectories(ParseResult parsed)
    {
        if (parsed.GetValue(Ephemeral) && parsed.GetResult(Data) is OptionResult { Implicit: false })
        {
            throw new UpRefusedException(
                $"--data: \"{parsed.GetValue(Data)}\" is not allowed with --ephemeral, which makes a directory of its own and removes it. Leave one of the two out.",
                ExitCodes.Usage);
        }
    }

    private static Dictionary<string, string> Settings(string[] given)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in given)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            ConfigurationKey? key = equals > 0 ? ConfigurationKeys.Find(pair[..equals]) : null;
            if (key is null || UpPlan.OwnKeys.Contains(key))
            {
                string why = key is null ? "" : $"{key.Name} is different on each node, or has an option of its own (--data, --base-port, --ephemeral); ";
                string known = string.Join(", ", ConfigurationKeys.All.Except(UpPlan.OwnKeys).Select(k => k.Name));
                throw new UpRefusedException($"--set {pair}: {why}expected KEY=VALUE with one of these keys: {known}", ExitCodes.Usage);
            }

            settings[key.Name] = pair[(equals + 1)..];
        }

        return settings;
    }
}
