using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using Nines.Node.Admin;
using Nines.Node.Up;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary><c>nines status</c>: asks any node about the whole cluster.</summary>
internal static class StatusCommand
{
    private const string Description = """
        Shows nodes, groups, leaders, lag, disk and health, as one node of the cluster sees them.

        Examples:
          nines status
          nines status --watch
          nines status --url http://10.0.0.2:9000 --json | jq .health

        Without --url the nodes of this machine are tried in order (ports 9000, 19000, ...).
        Exit codes: 0 well, 1 degraded, unavailable or nobody answers.
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    private static readonly Option<string?> Url = new("--url")
    {
        Description = "The admin address of any node.", HelpName = "URL",
    };

    private static readonly Option<int> BasePort = new("--base-port")
    {
        Description = "For a cluster that was started with nines up --base-port.", HelpName = "PORT",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print the answer as it came." };

    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Again every second, until interrupted." };

    public static Command Build()
    {
        var command = new Command("status", Description) { Url, BasePort, Json, Watch };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = Patience };
        IReadOnlyList<string> urls = parsed.GetValue(Url) is { } url ? [url.TrimEnd('/')] : LocalUrls(parsed.GetValue(BasePort));
        bool watch = parsed.GetValue(Watch);
        while (true)
        {
            (ClusterStatus? status, string error) = await AskAsync(http, urls, cancel);
            if (watch)
            {
                Output.Console.Clear(home: true);
            }

            Print(status, error, parsed.GetValue(Json));
            if (!watch)
            {
                return status?.Health == Health.Ok ? ExitCodes.Success : ExitCodes.NotWell;
            }

            try
            {
                await Task.Delay(WatchEvery, cancel);
            }
            catch (OperationCanceledException)
            {
                return ExitCodes.Success;
            }
        }
    }

    private static IReadOnlyList<string> LocalUrls(int basePort) =>
    [
        .. Enumerable.Range(1, UpPlan.MaxNodes).Select(k => NodePorts.Of(k, basePort)).Where(p => p.IsValid)
            .Select(p => $"http://127.0.0.1:{p.Admin}"),
    ];

    private static async Task<(ClusterStatus? Status, string Error)> AskAsync(
        HttpClient http, IReadOnlyList<string> urls, CancellationToken cancel)
    {
        string error = "";
        foreach (string url in urls)
        {
            try
            {
                return (await http.GetFromJsonAsync(url + "/status", StatusJson.Default.ClusterStatus, cancel), "");
            }
            catch (Exception e) when (e is HttpRequestException or JsonException or OperationCanceledException)
            {
                error = error.Length > 0 ? error : $"no node answers at {url} ({e.Message}). Start one with nines up, or name one with --url.";
            }
        }

        return (null, error);
    }

    private static void Print(ClusterStatus? status, string error, bool json)
    {
        if (status is null)
        {
            Output.Fail(ExitCodes.NotWell, error);
        }
        else if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(status, StatusJson.Default.ClusterStatus));
        }
        else
        {
            StatusPage.Print(status);
        }
    }
}
