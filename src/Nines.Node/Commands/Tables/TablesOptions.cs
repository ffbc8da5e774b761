using System.CommandLine;
using Nines.Node.Up;

namespace Nines.Node.Commands.Tables;

/// <summary>What every command of <c>nines tables</c> takes, and how it ends.</summary>
internal sealed class TablesOptions
{
    private readonly Terminal _terminal;

    private readonly Option<string?> _endpoint = new("--endpoint")
    {
        Description = "The tables address of any node. Without it the nodes of this machine are tried in order (ports 8000, 18000, ...).",
        HelpName = "URL",
    };

    private readonly Option<int> _basePort = NumberOption.Whole(
        "--base-port", "PORT", 0, NumberOption.LastPort, 0, "For a cluster that was started with nines up --base-port; 0 for the default ports.");

    public TablesOptions(Terminal terminal, string json)
    {
        _terminal = terminal;
        Json = new Option<bool>("--json") { Description = json };
    }

    public Option<bool> Json { get; }

    /// <summary>Adds the options to a command, with what it does. What stops it is told in a line, with the exit code that fits.</summary>
    public Command Finish(Command command, Func<ParseResult, TablesClient, CancellationToken, Task<int>> run)
    {
        command.Options.Add(Json);
        command.Options.Add(_endpoint);
        command.Options.Add(_basePort);
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                using var client = new TablesClient(_terminal.Http(), Endpoints(parsed), _terminal.Time);
                return await run(parsed, client, cancel);
            }
            catch (TablesUsageException e)
            {
                return _terminal.Fail(ExitCodes.Usage, e.Message);
            }
            catch (TablesException e)
            {
                return _terminal.Fail(ExitCodes.NotWell, e.IsNoSuchTable ? $"{e}. See nines tables list." : e.ToString());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return _terminal.Fail(ExitCodes.NotWell, e.Message);
            }
            catch (OperationCanceledException)
            {
                return _terminal.Fail(ExitCodes.Interrupted, "interrupted");
            }
        });
        return command;
    }

    private List<string> Endpoints(ParseResult parsed)
    {
        int basePort = parsed.GetValue(_basePort);
        if (parsed.GetValue(_endpoint) is not { } given)
        {
            List<string> local =
            [
                .. Enumerable.Range(1, UpPlan.MaxNodes).Select(k => NodePorts.Of(k, basePort)).Where(p => p.IsValid).Select(p => $"http://127.0.0.1:{p.Tables}"),
            ];
            return local.Count > 0 ? local : throw new TablesUsageException(UpPlan.PortsBeyond(1, basePort));
        }

        // An address without a scheme is what people copy out of a configuration.
        string url = given.Contains("://", StringComparison.Ordinal) ? given : "http://" + given;
        return Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? [url.TrimEnd('/')]
            : throw new TablesUsageException($"--endpoint: \"{given}\" is not allowed; expected a node's tables address such as http://127.0.0.1:8000");
    }
}
