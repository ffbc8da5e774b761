using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables list</c>.</summary>
internal static class ListCommand
{
    private const string Description = """
        Names the tables, one a line, in the door's order.

        Examples:
          nines tables list
          nines tables list --json | jq length
          for t in $(nines tables list); do nines tables export $t --out $t.jsonl; done

        Exit codes: 0 done, 1 no answer or refused, 2 wrong usage.
        """;

    public static Command Build(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "The names as one JSON array.");
        return options.Finish(new Command("list", Description), async (parsed, client, cancel) =>
        {
            List<string> names = await NamesAsync(client, cancel);
            if (parsed.GetValue(options.Json))
            {
                terminal.WriteLine(JsonSerializer.Serialize(names, ItemJson.Relaxed));
                return ExitCodes.Success;
            }

            names.ForEach(terminal.WriteLine);
            if (names.Count == 0 && terminal.IsErrorTerminal)
            {
                terminal.Note("There are no tables.");
            }

            return ExitCodes.Success;
        });
    }

    private static async Task<List<string>> NamesAsync(TablesClient client, CancellationToken cancel)
    {
        List<string> names = [];
        var request = new JsonObject();
        while (true)
        {
            JsonElement page = await client.SendAsync("ListTables", request, cancel);
            names.AddRange(page.GetProperty("TableNames").EnumerateArray().Select(n => n.GetString()!));
            if (!page.TryGetProperty("LastEvaluatedTableName", out JsonElement last) || last.ValueKind != JsonValueKind.String)
            {
                return names;
            }

            request["ExclusiveStartTableName"] = last.GetString();
        }
    }
}
