using System.CommandLine;
using System.IO.Compression;
using System.Text.Json;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables import</c>: lines of JSON into a table.</summary>
internal static class ImportCommand
{
    private const string Description = """
        Writes items from JSON lines into a table: those of nines tables export and of AWS's exports, {"Item":{...}}, or one bare item
        a line, in DynamoDB JSON or plain JSON (the rule is that of nines tables put).

        Examples:
          nines tables import people people.jsonl
          nines tables import people people.jsonl.gz --create people.table.json
          nines tables scan people | nines tables import copies -
          jq -c '.[]' people.json | nines tables import people - --json

        An item with a key that is there replaces it, and of lines with the same key the last one stays, so an import that was interrupted
        is simply run again. A bad line is told by its number and left out; the others are written. What the node is too busy for is sent
        again, slower and slower, until it is taken or 20 seconds bring no progress. A name that ends in .gz is unpacked.
        Exit codes: 0 every line is written, 1 some are not, 2 wrong usage, 130 interrupted.
        """;

    public static Command Build(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "The figures at the end as JSON.");
        var table = new Argument<string>("TABLE") { Description = "The table's name." };
        var file = new Argument<string>("FILE") { Description = "The lines; - reads standard input." };
        var create = new Option<string?>("--create")
        {
            Description = "Makes the table first unless it is there, like the one this file describes (nines tables describe --json).", HelpName = "FILE",
        };
        var plain = new Option<bool>("--plain") { Description = "Items are plain JSON, whatever they look like." };
        Option<int> parallel = NumberOption.Whole("--parallel", "N", 1, 64, 8, "How many batches are under way at the same time.");
        return options.Finish(new Command("import", Description) { table, file, create, plain, parallel }, async (parsed, client, cancel) =>
        {
            string name = parsed.GetValue(table)!;
            string path = parsed.GetValue(file)!;
            var transfer = new Transfer(terminal);
            await using Stream input = Open(path, terminal, transfer);
            if (parsed.GetValue(create) is { } description)
            {
                await TableCreation.EnsureAsync(client, name, description, terminal.Time, cancel);
            }

            var import = new Import(terminal, transfer, await TableKeys.OfTableAsync(client, name, cancel), parsed.GetValue(plain));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var writer = new BatchWriter(client, name, parsed.GetValue(parallel), terminal.Time, transfer, import.Refuse, stop.Token);
            string? stopped = null;
            try
            {
                await transfer.RunAsync($"importing into {name}", () => import.RunAsync(input, writer, stop.Token));
            }
            catch (Exception e) when (e is TablesException or FormatException or IOException or InvalidDataException or OperationCanceledException)
            {
                // The figures are said all the same: how much is there is what one wants to know now.
                stopped = e is OperationCanceledException ? "interrupted" : e is TablesException ? e.ToString() : e.Message;
            }

            await stop.CancelAsync();
            await writer.SettleAsync();
            return End(terminal, transfer, import, name, parsed.GetValue(options.Json), stopped, cancel.IsCancellationRequested);
        });
    }

    private static int End(Terminal terminal, Transfer transfer, Import import, string table, bool json, string? stopped, bool interrupted)
    {
        if (stopped is not null)
        {
            terminal.Fail(ExitCodes.NotWell, $"{stopped}. Stopped at line {import.Lines:N0}: what is before it is written in part; run the import again.");
        }

        transfer.Report(
            $"imported into {table}, {import.Lines:N0} lines read, {import.Refused:N0} bad",
            json,
            terminal.Console.Profile.Out.Writer,
            ("table", table),
            ("lines", import.Lines),
            ("bad", import.Refused),
            ("complete", stopped is null && import.Refused == 0));
        return interrupted ? ExitCodes.Interrupted : stopped is null && import.Refused == 0 ? ExitCodes.Success : ExitCodes.NotWell;
    }

    private static Stream Open(string path, Terminal terminal, Transfer transfer)
    {
        if (path == "-")
        {
            return terminal.OpenIn();
        }

        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
        bool packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        transfer.BytesInAll = packed || !file.CanSeek ? 0 : file.Length;
        return packed ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}

/// <summary>One import under way: reads lines, judges them, hands the items on.</summary>
internal sealed class Import(Terminal terminal, Transfer transfer, TableKeys keys, bool plain)
{
    /// <summary>Who has more bad lines has the wrong file, and learns nothing from further ones.</summary>
    private const int RefusedShown = 20;

    private readonly Lock _lock = new();

    public long Lines { get; private set; }

    /// <summary>How many lines were left out.</summary>
    public long Refused { get; private set; }

    /// <summary>Tells of a line that is left out. Any thread may call it.</summary>
    public void Refuse(long line, string why)
    {
        lock (_lock)
        {
            Refused++;
            if (Refused <= RefusedShown)
            {
                terminal.Fail(ExitCodes.NotWell, $"line {line}: {why}");
            }

            if (Refused == RefusedShown)
            {
                terminal.Note("Further bad lines are counted only.");
            }
        }
    }

    public async Task RunAsync(Stream input, BatchWriter writer, CancellationToken cancel)
    {
        var reader = new LineReader(input);
        while (await reader.ReadAsync(cancel) is { } line)
        {
            transfer.AddBytes(line.Length + 1);
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            Lines = reader.Number;
            if (Judge(line.Span, reader.Number) is { } item)
            {
                await writer.AddAsync(item);
            }
        }

        await writer.FinishAsync();
    }

    private ImportItem? Judge(ReadOnlySpan<byte> line, long number)
    {
        try
        {
            JsonElement item = ItemJson.Typed(ItemJson.Unwrap(ItemJson.Parse(line)), plain);
            string key = keys.KeyOf(item) ?? throw new FormatException($"the item has not the table's key, {keys.Form}");
            return new ImportItem(number, item, key, line.Length);
        }
        catch (FormatException e)
        {
            Refuse(number, e.Message);
            return null;
        }
    }
}
