using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary>What query and scan have in common: which items of those found are wanted, and how they are shown.</summary>
internal sealed class ReadOptions
{
    /// <summary>As many a person looks at; a script gets all.</summary>
    public const int LimitForPerson = 100;

    /// <summary>Rows of one table on a terminal: the columns of a table are known only when all its rows are.</summary>
    private const int RowsMax = 500;

    public Option<string?> Index { get; } = new("--index") { Description = "Read this index instead of the table.", HelpName = "NAME" };

    public Option<int?> AtMost { get; } = NumberOption.WholeIfAny(
        "--limit", "-n", "N", 0, int.MaxValue, $"At most so many items; 0 for all. A person on a terminal gets {LimitForPerson} unless it is given, everything else all.");

    public Option<string?> Filter { get; } = new("--filter")
    {
        Description = "Only items for which this is true, in DynamoDB's expression language: 'n > :n AND attribute_exists(name)'.", HelpName = "EXPRESSION",
    };

    public Option<string?> Values { get; } = new("--values")
    {
        Description = "The values in the filter, as JSON, plain or DynamoDB's: '{\":n\":5}'.", HelpName = "JSON",
    };

    public Option<string?> Names { get; } = new("--names")
    {
        Description = "Names for #placeholders in the filter, for attributes that are called like a reserved word: '{\"#s\":\"status\"}'.", HelpName = "JSON",
    };

    public Option<bool> CountOnly { get; } = new("--count") { Description = "Only how many items there are." };

    public Option<bool> Strong { get; } = new("--strong") { Description = "Sees every write acknowledged before." };

    public Option<bool> Plain { get; } = new("--plain") { Description = "Lines of plain JSON, without the types." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Index, AtMost, Filter, Values, Names, CountOnly, Strong, Plain })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The request as far as the options say it.</summary>
    /// <exception cref="TablesUsageException">Options contradict each other, or are not JSON where they should be.</exception>
    public JsonObject Request(ParseResult parsed, string table)
    {
        var request = new JsonObject { ["TableName"] = table };
        void Add(string member, JsonNode? value)
        {
            if (value is not null)
            {
                request[member] = value;
            }
        }

        Add("IndexName", parsed.GetValue(Index));
        Add("FilterExpression", parsed.GetValue(Filter));
        Add("ExpressionAttributeValues", parsed.GetValue(Values) is { } values ? JsonObject.Create(KeyArgument.FromJson(values, "--values", plain: null)) : null);
        Add("ExpressionAttributeNames", parsed.GetValue(Names) is { } names ? ReadNames(names) : null);
        Add("ConsistentRead", parsed.GetValue(Strong) ? true : null);
        if (parsed.GetValue(CountOnly))
        {
            request["Select"] = parsed.GetValue(AtMost) is null
                ? "COUNT"
                : throw new TablesUsageException("--count: counts all there is; leave out --limit");
        }
        else if (parsed.GetValue(AtMost) is > 0 and { } limit && parsed.GetValue(Filter) is null)
        {
            // With a filter DynamoDB counts what it looked at, not what it found.
            request["Limit"] = limit;
        }

        return request;
    }

    /// <summary>Shows items as they come, or counts them.</summary>
    /// <param name="first">Attributes whose columns come first.</param>
    public async Task<int> ShowAsync(
        ParseResult parsed, Terminal terminal, bool json, IAsyncEnumerable<JsonElement> pages, IReadOnlyList<string> first, CancellationToken cancel)
    {
        if (parsed.GetValue(CountOnly))
        {
            return await CountAsync(pages, json, terminal, cancel);
        }

        bool person = ItemPrinter.IsForPerson(terminal, json, parsed.GetValue(Plain));
        int limit = parsed.GetValue(AtMost) ?? (person ? LimitForPerson : 0);
        using var printer = new ItemPrinter(terminal, json, parsed.GetValue(Plain), first);
        long shown = 0;
        bool isMore = false;
        List<JsonElement> rows = [];
        await foreach (JsonElement page in pages.WithCancellation(cancel))
        {
            JsonElement items = page.GetProperty("Items");
            int wanted = limit == 0 ? items.GetArrayLength() : (int)Math.Min(items.GetArrayLength(), limit - shown);
            rows.AddRange(items.EnumerateArray().Take(wanted));
            shown += wanted;
            isMore = wanted < items.GetArrayLength() || page.TryGetProperty("LastEvaluatedKey", out _);
            if ((!person || rows.Count >= RowsMax) && !TryPrint(printer, rows))
            {
                return ExitCodes.Success;
            }

            if (limit > 0 && shown >= limit)
            {
                break;
            }
        }

        TryPrint(printer, rows);
        if (person)
        {
            terminal.Note(isMore && limit > 0 && shown >= limit ? $"{shown:N0} items; there may be more: --limit N shows N, --limit 0 all." : $"{shown:N0} items.");
        }

        return ExitCodes.Success;
    }

    /// <summary>False: nobody reads any more, so has had enough.</summary>
    private static bool TryPrint(ItemPrinter printer, List<JsonElement> rows)
    {
        try
        {
            printer.Print(rows);
            rows.Clear();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<int> CountAsync(IAsyncEnumerable<JsonElement> pages, bool json, Terminal terminal, CancellationToken cancel)
    {
        long count = 0;
        long scanned = 0;
        await foreach (JsonElement page in pages.WithCancellation(cancel))
        {
            count += page.GetProperty("Count").GetInt64();
            scanned += page.TryGetProperty("ScannedCount", out JsonElement looked) ? looked.GetInt64() : 0;
        }

        terminal.WriteLine(json ? $"{{\"count\":{count},\"scanned\":{scanned}}}" : $"{count}");
        return ExitCodes.Success;
    }

    private static JsonObject ReadNames(string text)
    {
        try
        {
            return JsonObject.Create(ItemJson.Parse(text))!;
        }
        catch (FormatException e)
        {
            throw new TablesUsageException($"--names: {e.Message}");
        }
    }
}
