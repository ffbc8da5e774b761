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
        Exit codes: 0 well, 1 degraded, unavailable or nobody answers, 2 wrong usage.
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    private static readonly Option<string?> Url = new("--url")
    {
        Description = "The admin address of any node.", HelpName = "URL",
    };

    private static readonly Option<int> BasePort = NumberOption.Whole(
        "--base-port", "PORT", 0, NumberOption.LastPort, 0, "For a cluster that was started with nines up --base-port; 0 for the default ports.");

    private static readonly Option<bool> Json = new("--json") { Description = "Print the answer as it came." };

    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Again every second, until interrupted; into a pipe one after the other." };

    public static Command Build()
    {
        var command = new Command("status", Description) { Url, BasePort, Json, Watch };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        if (!TryUrls(parsed, out IReadOnlyList<string> urls, out string wrong))
        {
            return Output.Fail(ExitCodes.Usage, wrong);
        }

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        bool json = parsed.GetValue(Json);
        try
        {
            return parsed.GetValue(Watch)
                ? await WatchAsync(async frame => Print(await AskAsync(http, urls, cancel), json, frame), cancel)
                : Print(await AskAsync(http, urls, cancel), json, Output.Console);
        }
        catch (OperationCanceledException)
        {
            return parsed.GetValue(Watch) ? ExitCodes.Success : ExitCodes.Interrupted;
        }
    }

    private static async Task<int> WatchAsync(Func<IAnsiConsole, Task> print, CancellationToken cancel)
    {
        using var screen = new WatchScreen();
        while (await screen.ShowAsync(print))
        {
            await Task.Delay(WatchEvery, cancel);
        }

        return ExitCodes.Success;
    }

    private static bool TryUrls(ParseResult parsed, out IReadOnlyList<string> urls, out string wrong)
    {
        wrong = "";
        urls = LocalUrls(parsed.GetValue(BasePort));
        if (parsed.GetValue(Url) is not { } given)
        {
            wrong = urls.Count == 0 ? UpPlan.PortsBeyond(1, parsed.GetValue(BasePort)) : "";
            return urls.Count > 0;
        }

        // An address without a scheme is what people copy out of a configuration.
        string url = given.Contains("://", StringComparison.Ordinal) ? given : "http://" + given;
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            wrong = $"--url: \"{given}\" is not allowed; expected a node's admin address such as http://127.0.0.1:9000";
            return false;
        }

        urls = [url.TrimEnd('/')];
        return true;
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
            catch (JsonException)
            {
                error = error.Length > 0 ? error : $"what answers at {url} is no admin address of a node: give listen.admin of one with --url.";
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                string why = e is OperationCanceledException ? $"no answer within {Patience.TotalSeconds} s" : e.Message;
                error = error.Length > 0 ? error : $"no node answers at {url} ({why}). Start one with nines up, or name one with --url.";
            }
        }

        return (null, error);
    }

    /// <summary>The result is the exit code.</summary>
    private static int Print((ClusterStatus? Status, string Error) answer, bool json, IAnsiConsole console)
    {
        if (answer.Status is not { } status)
        {
            if (ReferenceEquals(console, Output.Console))
            {
                return Output.Fail(ExitCodes.NotWell, answer.Error);
            }

            console.MarkupLineInterpolated($"[red]nines:[/] {answer.Error}");
            return ExitCodes.NotWell;
        }

        if (json)
        {
            console.Profile.Out.Writer.WriteLine(JsonSerializer.Serialize(status, StatusJson.Default.ClusterStatus));
        }
        else
        {
            StatusPage.Print(status, console);
        }

        return status.Health == Health.Ok ? ExitCodes.Success : ExitCodes.NotWell;
    }
}
