using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Node.Commands.Tables;

/// <summary>The arguments TABLE and KEY of a command about one item.</summary>
internal sealed class KeyArgument
{
    public Argument<string> Table { get; } = new("TABLE") { Description = "The table's name." };

    public Argument<string[]> Key { get; } = new("KEY")
    {
        Description = "The whole key: NAME=VALUE for each of its attributes, or one JSON object.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The key as DynamoDB JSON. Of pairs the types are the table's; those of JSON are left for the door to judge.</summary>
    /// <exception cref="TablesUsageException">It is no key, or not the whole of it.</exception>
    public async Task<JsonNode> ReadAsync(ParseResult parsed, TablesClient client, CancellationToken cancel)
    {
        string[] given = parsed.GetValue(Key)!;
        if (given[0].StartsWith('{'))
        {
            return given.Length == 1
                ? JsonObject.Create(FromJson(given[0], "KEY", plain: null))!
                : throw new TablesUsageException("KEY: expected one JSON object, or NAME=VALUE pairs; quote JSON for the shell");
        }

        TableKeys keys = await TableKeys.OfTableAsync(client, parsed.GetValue(Table)!, cancel);
        JsonObject key = keys.ReadPairs(given);
        return key.Count == keys.Parts.Count ? key : throw new TablesUsageException($"KEY: is not the whole key; expected {keys.Form}");
    }

    /// <summary>An argument in either spelling as DynamoDB JSON.</summary>
    /// <param name="name">What the argument is called, for the message.</param>
    /// <param name="plain">It is plain whatever it looks like; null where nobody can say so.</param>
    public static JsonElement FromJson(string text, string name, bool? plain)
    {
        try
        {
            return ItemJson.Typed(ItemJson.Parse(text), plain == true);
        }
        catch (FormatException e)
        {
            throw new TablesUsageException($"{name}: {e.Message}{(plain == false ? " (--plain takes any item as plain JSON)" : "")}");
        }
    }
}
