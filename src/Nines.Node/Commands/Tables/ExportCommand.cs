using System.Buffers;
using System.CommandLine;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables export</c>: a whole table as lines of JSON.</summary>
internal static class ExportCommand
{
    private const string Description = """
        Writes all items of a table as JSON lines, {"Item":{"id":{"S":"a"}}} each, which is the format of AWS's own exports.

        Examples:
          nines tables export people --out people.jsonl
          nines tables export people --out people.jsonl.gz --segments 16
          nines tables export people | jq -c .Item > items.jsonl
          nines tables describe people --json > people.table.json      # to make the table again with import --create

        The table is read in parallel segments, so the order of lines means nothing. It is not one moment's picture: an item that is written
        meanwhile may be in it as before or as after. FILE appears when it is whole; until then, and after an interruption, there is
        FILE.partial. A name that ends in .gz is compressed. Progress is shown on a terminal, the figures at the end on standard error, with
        --json as JSON on standard output (on standard error when the items go to standard output).
        Exit codes: 0 all items written, 1 not all of them, 2 wrong usage, 130 interrupted.
        """;

    public static Command Build(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "The figures at the end as JSON.");
        var table = new Argument<string>("TABLE") { Description = "The table's name." };
        var file = new Option<string?>("--out", "-o") { Description = "Where to; standard output when left out.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "FILE may be there, and is replaced." };
        var strong = new Option<bool>("--strong") { Description = "Strong reads: all writes acknowledged before the export began are in it." };
        Option<int> segments = NumberOption.Whole("--segments", "N", 1, PagedRead.SegmentsMax, 4, "How many parts are read at the same time.");
        return options.Finish(new Command("export", Description) { table, file, force, strong, segments }, async (parsed, client, cancel) =>
        {
            var request = new JsonObject { ["TableName"] = parsed.GetValue(table) };
            if (parsed.GetValue(strong))
            {
                request["ConsistentRead"] = true;
            }

            var transfer = new Transfer(terminal);
            IAsyncEnumerable<JsonElement> pages = PagedRead.ScanAsync(client, request, parsed.GetValue(segments), cancel);
            Task Copy(Stream to) => transfer.RunAsync($"exporting {parsed.GetValue(table)}", () => CopyAsync(pages, to, transfer, cancel));
            bool json = parsed.GetValue(options.Json);
            string name = parsed.GetValue(table)!;
            if (parsed.GetValue(file) is not { } path)
            {
                await using Stream output = terminal.OpenOut();
                await Copy(output);
                transfer.Report($"exported {name}", json, terminal.Errors.Profile.Out.Writer, ("table", name));
                return ExitCodes.Success;
            }

            await WriteWholeAsync(path, parsed.GetValue(force), Copy);
            transfer.Report($"exported {name} to {path}", json, terminal.Console.Profile.Out.Writer, ("table", name), ("file", path));
            return ExitCodes.Success;
        });
    }

    /// <summary>The file has its name only when all of it is on the disk.</summary>
    private static async Task WriteWholeAsync(string path, bool force, Func<Stream, Task> write)
    {
        if (Directory.Exists(path) || (File.Exists(path) && !force))
        {
            throw new TablesUsageException(
                Directory.Exists(path) ? $"--out: {path} is a directory; name a file" : $"--out: {path} is there already; --force replaces it");
        }

        string partial = path + ".partial";
        await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true))
        {
            if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                await using var packed = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
                await write(packed);
            }
            else
            {
                await write(file);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
    }

    private static async Task CopyAsync(IAsyncEnumerable<JsonElement> pages, Stream to, Transfer transfer, CancellationToken cancel)
    {
        var lines = new ArrayBufferWriter<byte>(1 << 20);
        await foreach (JsonElement page in pages.WithCancellation(cancel))
        {
            lines.ResetWrittenCount();
            int items = 0;
            foreach (JsonElement item in page.GetProperty("Items").EnumerateArray())
            {
                ItemJson.WriteWrapped(item, lines);
                items++;
            }

            await to.WriteAsync(lines.WrittenMemory, cancel);
            transfer.AddItems(items);
            transfer.AddBytes(lines.WrittenCount);
        }
    }
}
