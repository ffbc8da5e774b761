using System.CommandLine;
using System.Text.Json;
using Nines.Node.Configuration;
using Nines.Node.Hosting;
using Spectre.Console;

namespace Nines.Node.Commands;

/// <summary><c>nines node</c>: one node, for a real deployment and as the child of <c>nines up</c>.</summary>
internal static class NodeCommand
{
    private const string Description = """
        Runs one node. Every machine of the cluster gets the same seeds and its own node id.

        Example, three machines:
          nines node --node-id 1 --seeds 1@10.0.0.1:7000,2@10.0.0.2:7000,3@10.0.0.3:7000 \
                     --listen-peer 10.0.0.1:7000 --data /var/lib/nines --insecure
          (the same on the others, with their own id and address)

        See what a node would run with, and where each value comes from:
          nines node --config node.json --print-config

        Exit codes: 0 stopped as asked, 2 wrong configuration, 3 refused to start (the message says what to do),
        4 stopped itself (disk failure or broken invariant; start it again).
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly Option<bool> PrintConfig = new("--print-config")
    {
        Description = "Print the configuration with the source of each value, and end.",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "With --print-config: as a configuration file." };

    private static readonly Option<bool> UntilStdinCloses = new("--until-stdin-closes")
    {
        Description = "Stop when standard input ends: a parent that dies takes its nodes with it.",
    };

    public static Command Build()
    {
        var options = new ConfigurationOptions();
        var command = new Command("node", Description) { PrintConfig, Json, UntilStdinCloses };
        options.AddTo(command);
        command.SetAction((parsed, cancel) => RunAsync(options.Read(parsed), parsed, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ConfigurationSources sources, ParseResult parsed, CancellationToken cancel)
    {
        NodeConfiguration? configuration = ConfigurationCheck.Check(sources);
        foreach (string warning in sources.Warnings)
        {
            Output.Errors.MarkupLineInterpolated($"[yellow]{warning}[/]");
        }

        if (configuration is null)
        {
            foreach (ConfigurationError error in sources.Errors)
            {
                Output.Errors.MarkupLineInterpolated($"[red]{error.ToString()}[/]");
            }

            return Output.Fail(ExitCodes.Usage, $"{sources.Errors.Count} configuration error(s); nothing was started.");
        }

        if (parsed.GetValue(PrintConfig))
        {
            Print(sources, parsed.GetValue(Json));
            return ExitCodes.Success;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (parsed.GetValue(UntilStdinCloses))
        {
            _ = StopAtEndOfInputAsync(stop);
        }

        return await NodeHost.RunAsync(configuration, stop.Token);
    }

    private static void Print(ConfigurationSources sources, bool json)
    {
        if (json)
        {
            var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (ConfigurationKey key in ConfigurationKeys.All)
            {
                values[key.Name] = key.Shown(sources.Get(key).Text);
            }

            Console.WriteLine(JsonSerializer.Serialize(values, Indented));
            return;
        }

        Table table = Output.NewTable("key", "value", "from");
        foreach (ConfigurationKey key in ConfigurationKeys.All)
        {
            ConfigurationValue value = sources.Get(key);
            table.AddRow(Markup.Escape(key.Name), Markup.Escape(key.Shown(value.Text)), Markup.Escape(value.Origin));
        }

        Output.Console.Write(table);
    }

    private static async Task StopAtEndOfInputAsync(CancellationTokenSource stop)
    {
        await using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[256];
        while (await input.ReadAsync(ignored) > 0)
        {
            // Nothing is expected there; only its end means something.
        }

        try
        {
            await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The node has stopped for another reason.
        }
    }
}
