using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables describe</c>.</summary>
internal static class DescribeCommand
{
    private const string Description = """
        Shows a table: keys, indexes, status, billing. With --json the description as DynamoDB's DescribeTable gives it, which
        nines tables import --create takes to make such a table again.

        Examples:
          nines tables describe people
          nines tables describe people --json | jq -r .Table.TableStatus

        Exit codes: 0 done, 1 no such table or no answer, 2 wrong usage.
        """;

    public static Command Build(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "The description as it came, in one line.");
        var table = new Argument<string>("TABLE") { Description = "The table's name." };
        return options.Finish(new Command("describe", Description) { table }, async (parsed, client, cancel) =>
        {
            JsonElement answer = await client.SendAsync("DescribeTable", new JsonObject { ["TableName"] = parsed.GetValue(table) }, cancel);
            if (parsed.GetValue(options.Json))
            {
                terminal.WriteLine(ItemJson.Line(answer));
            }
            else
            {
                Print(answer.GetProperty("Table"), terminal.Console);
            }

            return ExitCodes.Success;
        });
    }

    private static void Print(JsonElement table, IAnsiConsole console)
    {
        var facts = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        void Row(string name, string? value)
        {
            if (value is not null)
            {
                facts.AddRow(new Text(name), new Text(value));
            }
        }

        Row("table", Text(table, "TableName"));
        Row("status", Text(table, "TableStatus"));
        Row("billing", Billing(table));
        Row("class", table.TryGetProperty("TableClassSummary", out JsonElement summary) ? Text(summary, "TableClass") : null);
        Row("deletion", Flag(table, "DeletionProtectionEnabled") ? "protected" : null);
        Row("created", Moment(table, "CreationDateTime"));
        Row("id", Text(table, "TableId"));
        console.Write(facts);

        Table keys = Output.NewTable("of", "partition key", "sort key", "projection", "status");
        AddKeys(keys, "the table", table, table, index: null);
        foreach (JsonElement index in TableKeys.Indexes(table))
        {
            AddKeys(keys, Text(index, "IndexName")!, table, index, Text(index, "IndexName"));
        }

        console.Write(keys);
    }

    private static void AddKeys(Table keys, string of, JsonElement table, JsonElement keyed, string? index)
    {
        TableKeys parts = TableKeys.Of(table, index);
        string projection = keyed.TryGetProperty("Projection", out JsonElement p) ? Text(p, "ProjectionType") ?? "" : "";
        string[] cells =
        [
            of, $"{parts.Partition.Name} ({parts.Partition.Type})", parts.Sort is { } sort ? $"{sort.Name} ({sort.Type})" : "", projection,
            Text(keyed, index is null ? "TableStatus" : "IndexStatus") ?? "",
        ];
        keys.AddRow([.. cells.Select(c => new Text(c))]);
    }

    private static string Billing(JsonElement table)
    {
        if (table.TryGetProperty("BillingModeSummary", out JsonElement summary) && Text(summary, "BillingMode") == "PAY_PER_REQUEST")
        {
            return "on demand (PAY_PER_REQUEST)";
        }

        return table.TryGetProperty("ProvisionedThroughput", out JsonElement units)
            ? $"provisioned, {units.GetProperty("ReadCapacityUnits")} read and {units.GetProperty("WriteCapacityUnits")} write units"
            : "provisioned";
    }

    private static string? Moment(JsonElement table, string name) =>
        table.TryGetProperty(name, out JsonElement seconds) && seconds.ValueKind == JsonValueKind.Number
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds.GetDouble() * 1000)).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)
            : null;

    private static bool Flag(JsonElement from, string name) => from.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
