using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary><c>nines tables get</c>, <c>put</c> and <c>delete</c>: one item.</summary>
internal static class ItemCommands
{
    private const string GetDescription = """
        Shows one item: an attribute a row on a terminal, one line of DynamoDB JSON into a pipe or with --json.

        Examples:
          nines tables get people id=a
          nines tables get orders customer=7 number:N=12 --strong
          nines tables get people '{"id":{"S":"a=b"}}'
          nines tables get people id=a --plain | jq .name

        The types of NAME=VALUE are those of the table's key; a value of type B is base64. JSON may be DynamoDB's or plain.
        Exit codes: 0 done, 1 no such item, no such table or no answer, 2 wrong usage.
        """;

    private const string PutDescription = """
        Writes one item, in place of one with the same key if there is one, and says "added" or "replaced".

        Examples:
          nines tables put people '{"id":"a","name":"Ada","born":1815}'
          nines tables put people '{"id":{"S":"a"},"tags":{"SS":["x","y"]}}'
          nines tables get people id=a | nines tables put copies -

        The item is DynamoDB JSON when each of its attributes is an object with one member named S, N, B, SS, NS, BS, M, L, BOOL or
        NULL of the fitting kind, and plain JSON when none is; a mixture is refused. --plain takes it as plain whatever it looks like.
        Of plain JSON, texts become S, numbers N (with all their digits), arrays L, objects M, true and false BOOL, null NULL.
        For many items use nines tables import. Exit codes: 0 done, 1 refused or no answer, 2 wrong usage.
        """;

    private const string DeleteDescription = """
        Deletes one item, and says "deleted", or "was not there", which is no error.

        Examples:
          nines tables delete people id=a
          nines tables delete orders '{"customer":{"N":"7"},"number":{"N":"12"}}' --json

        KEY is as for nines tables get. Exit codes: 0 done, 1 refused or no answer, 2 wrong usage.
        """;

    public static Command BuildGet(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "One line of DynamoDB JSON, on a terminal too.");
        var key = new KeyArgument();
        var strong = new Option<bool>("--strong") { Description = "Sees every write acknowledged before; without it the item may be a little old." };
        var plain = new Option<bool>("--plain") { Description = "One line of plain JSON, without the types." };
        return options.Finish(new Command("get", GetDescription) { key.Table, key.Key, strong, plain }, async (parsed, client, cancel) =>
        {
            JsonNode whole = await key.ReadAsync(parsed, client, cancel);
            List<string> first = [.. whole.AsObject().Select(p => p.Key)];
            var request = new JsonObject { ["TableName"] = parsed.GetValue(key.Table), ["Key"] = whole, ["ConsistentRead"] = parsed.GetValue(strong) };
            JsonElement answer = await client.SendAsync("GetItem", request, cancel);
            if (!answer.TryGetProperty("Item", out JsonElement item))
            {
                return terminal.Fail(
                    ExitCodes.NotWell, $"{parsed.GetValue(key.Table)} has no such item{(parsed.GetValue(strong) ? "" : "; --strong also sees what was written just now")}");
            }

            using var printer = new ItemPrinter(terminal, parsed.GetValue(options.Json), parsed.GetValue(plain), first);
            printer.PrintOne(item);
            return ExitCodes.Success;
        });
    }

    public static Command BuildPut(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "The outcome as JSON: {\"replaced\":false}.");
        var table = new Argument<string>("TABLE") { Description = "The table's name." };
        var item = new Argument<string>("ITEM") { Description = "The item as JSON, DynamoDB's or plain; - reads it from standard input." };
        var plain = new Option<bool>("--plain") { Description = "The item is plain JSON, whatever it looks like." };
        return options.Finish(new Command("put", PutDescription) { table, item, plain }, async (parsed, client, cancel) =>
        {
            string text = parsed.GetValue(item)!;
            JsonElement typed = KeyArgument.FromJson(text == "-" ? await ReadInputAsync(terminal, cancel) : text, "ITEM", parsed.GetValue(plain));
            var request = new JsonObject
            {
                ["TableName"] = parsed.GetValue(table), ["Item"] = JsonObject.Create(typed), ["ReturnValues"] = "ALL_OLD",
            };
            JsonElement answer = await client.SendAsync("PutItem", request, cancel);
            bool replaced = answer.TryGetProperty("Attributes", out _);
            terminal.WriteLine(
                parsed.GetValue(options.Json) ? $"{{\"replaced\":{(replaced ? "true" : "false")}}}" : replaced ? "replaced" : "added");
            return ExitCodes.Success;
        });
    }

    public static Command BuildDelete(Terminal terminal)
    {
        var options = new TablesOptions(terminal, "The outcome as JSON: {\"deleted\":true}.");
        var key = new KeyArgument();
        return options.Finish(new Command("delete", DeleteDescription) { key.Table, key.Key }, async (parsed, client, cancel) =>
        {
            var request = new JsonObject
            {
                ["TableName"] = parsed.GetValue(key.Table), ["Key"] = await key.ReadAsync(parsed, client, cancel), ["ReturnValues"] = "ALL_OLD",
            };
            JsonElement answer = await client.SendAsync("DeleteItem", request, cancel);
            bool deleted = answer.TryGetProperty("Attributes", out _);
            terminal.WriteLine(
                parsed.GetValue(options.Json) ? $"{{\"deleted\":{(deleted ? "true" : "false")}}}" : deleted ? "deleted" : "was not there");
            return ExitCodes.Success;
        });
    }

    private static async Task<string> ReadInputAsync(Terminal terminal, CancellationToken cancel)
    {
        await using Stream input = terminal.OpenIn();
        using var reader = new StreamReader(input, new UTF8Encoding(false, throwOnInvalidBytes: true));
        return await reader.ReadToEndAsync(cancel);
    }
}
