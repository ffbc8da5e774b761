using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables query</c> and <c>scan</c>: many items.</summary>
internal static class ReadCommands
{
    private const string QueryDescription = """
        Shows the items of one partition, in the order of the sort key. On a terminal as a table, else a line of DynamoDB JSON each.

        Examples:
          nines tables query orders customer=7
          nines tables query orders customer=7 --sort 'begins_with 2026-' --reverse --limit 10
          nines tables query orders customer=7 --sort-between 2026-01 2026-06 --count
          nines tables query orders --index byState state=open --filter 'total > :t' --values '{":t":100}'
          nines tables query orders customer=7 --plain | jq -s 'map(.total) | add'

        KEY is the partition key as NAME=VALUE, and the sort key the same way when it is to be equal; values have the types of the table's
        or index's key. Filters name attributes and values as DynamoDB does; a filter does not make a query cheaper.
        Exit codes: 0 done, found something or not; 1 refused or no answer, 2 wrong usage.
        """;

    private const string ScanDescription = """
        Shows all items of a table, in no order. On a terminal as a table, else a line of DynamoDB JSON each.

        Examples:
          nines tables scan people
          nines tables scan people --filter 'attribute_not_exists(email)' --count
          nines tables scan people --segments 8 --plain > people.jsonl
          nines tables scan people --filter '#s = :s' --names '{"#s":"status"}' --values '{":s":"new"}' --limit 5

        A scan reads the whole table, whatever the filter leaves. To keep a copy use nines tables export.
        Exit codes: 0 done, found something or not; 1 refused or no answer, 2 wrong usage.
        """;

    /// <summary>Placeholders that no one writes into a filter by chance.</summary>
    private const string PartitionPlace = "nines_p";

    private const string SortPlace = "nines_s";

    public static Command BuildQuery(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "Lines of DynamoDB JSON, on a terminal too; with --count as {\"count\":N,\"scanned\":N}.");
        var read = new ReadOptions();
        var key = new KeyArgument();
        var sort = new Option<string?>("--sort") { Description = $"What the sort key is to be: {SortCondition.Form}.", HelpName = "CONDITION" };
        var between = new Option<string[]?>("--sort-between")
        {
            Description = "The sort key is from A to B, both included.", HelpName = "A> <B", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true,
        };
        var reverse = new Option<bool>("--reverse") { Description = "Last sort key first." };
        var command = new Command("query", QueryDescription) { key.Table, key.Key, sort, between, reverse };
        read.AddTo(command);
        return options.Finish(command, async (parsed, client, cancel) =>
        {
            JsonObject request = read.Request(parsed, parsed.GetValue(key.Table)!);
            SortCondition? condition = Condition(parsed.GetValue(sort), parsed.GetValue(between));
            JsonElement description = await TableKeys.DescribeAsync(client, parsed.GetValue(key.Table)!, cancel);
            TableKeys keys = TableKeys.Of(description, parsed.GetValue(read.Index));
            AddKey(request, keys, parsed.GetValue(key.Key)!, condition);
            if (parsed.GetValue(reverse))
            {
                request["ScanIndexForward"] = false;
            }

            IAsyncEnumerable<JsonElement> pages = PagedRead.PagesAsync(client, "Query", request, cancel);
            return await read.ShowAsync(parsed, terminal, parsed.GetValue(options.Json), pages, [.. keys.Parts.Select(p => p.Name)], cancel);
        });
    }

    public static Command BuildScan(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "Lines of DynamoDB JSON, on a terminal too; with --count as {\"count\":N,\"scanned\":N}.");
        var read = new ReadOptions();
        var table = new Argument<string>("TABLE") { Description = "The table's name." };
        Option<int> segments = NumberOption.Whole("--segments", "N", 1, PagedRead.SegmentsMax, 1, "How many parts are read at the same time.");
        var command = new Command("scan", ScanDescription) { table, segments };
        read.AddTo(command);
        return options.Finish(command, async (parsed, client, cancel) =>
        {
            string name = parsed.GetValue(table)!;
            JsonObject request = read.Request(parsed, name);
            bool json = parsed.GetValue(options.Json);
            List<string> first = [];
            if (ItemPrinter.IsForPerson(terminal, json, parsed.GetValue(read.Plain)))
            {
                first = [.. (await TableKeys.OfTableAsync(client, name, cancel)).Parts.Select(p => p.Name)];
                if (parsed.GetValue(read.AtMost) is null && !parsed.GetValue(read.CountOnly) && parsed.GetValue(read.Filter) is null)
                {
                    request["Limit"] = ReadOptions.LimitForPerson;
                }
            }

            IAsyncEnumerable<JsonElement> pages = PagedRead.ScanAsync(client, request, parsed.GetValue(segments), cancel);
            return await read.ShowAsync(parsed, terminal, json, pages, first, cancel);
        });
    }

    /// <summary>Adds the key condition, its names and values to a request that may have some of the filter's.</summary>
    /// <exception cref="TablesUsageException">The partition key is missing, or the sort key is asked for twice or does not exist.</exception>
    private static void AddKey(JsonObject request, TableKeys keys, string[] given, SortCondition? condition)
    {
        JsonObject key = given[0].StartsWith('{') && given.Length == 1
            ? JsonObject.Create(KeyArgument.FromJson(given[0], "KEY", plain: null))!
            : keys.ReadPairs(given);
        if (!key.ContainsKey(keys.Partition.Name))
        {
            throw new TablesUsageException($"KEY: a query needs the partition key; expected {keys.Partition.Name}=VALUE");
        }

        if (condition is not null && keys.Sort is null)
        {
            throw new TablesUsageException("--sort: there is no sort key here; see nines tables describe");
        }

        var names = request["ExpressionAttributeNames"] as JsonObject ?? [];
        var values = request["ExpressionAttributeValues"] as JsonObject ?? [];
        names["#" + PartitionPlace] = keys.Partition.Name;
        values[":" + PartitionPlace] = key[keys.Partition.Name]!.DeepClone();
        string expression = $"#{PartitionPlace} = :{PartitionPlace}";
        if (keys.Sort is { } sort && (condition is not null || key.ContainsKey(sort.Name)))
        {
            if (condition is not null && key.ContainsKey(sort.Name))
            {
                throw new TablesUsageException($"KEY: {sort.Name} is given here and by --sort; leave out one");
            }

            JsonNode[] sought = condition is null ? [key[sort.Name]!.DeepClone()] : [.. condition.Values.Select(sort.Value)];
            string[] places = [.. sought.Select((_, i) => $":{SortPlace}{i}")];
            names["#" + SortPlace] = sort.Name;
            foreach ((string place, JsonNode value) in places.Zip(sought))
            {
                values[place] = value;
            }

            expression += " AND " + (condition ?? new SortCondition("=", [])).Expression("#" + SortPlace, places);
        }

        request["KeyConditionExpression"] = expression;
        request["ExpressionAttributeNames"] = names;
        request["ExpressionAttributeValues"] = values;
    }

    private static SortCondition? Condition(string? sort, string[]? between) => (sort, between) switch
    {
        (not null, { Length: 2 }) => throw new TablesUsageException("--sort: is given beside --sort-between; leave out one"),
        (not null, _) => SortCondition.Parse(sort),
        (_, { Length: 2 }) => SortCondition.Between(between[0], between[1]),
        _ => null,
    };
}
