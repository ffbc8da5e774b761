using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nines.Tables.Tests.Conformance;

/// <summary>
/// Answers in a form that is the same for all that mean the same: members of objects, elements of sets and items of BatchGetItem in order, numbers without
/// zeros at the end. What no two services can have in common (points in time, identities of tables) is a star.
/// </summary>
internal static class SameJson
{
    /// <summary>Of a status and a body; what is no JSON, such as a pattern with a star for some members, comes back as it is.</summary>
    public static string Of(string answer)
    {
        int space = answer.IndexOf(' ', StringComparison.Ordinal);
        try
        {
            return answer[..space] + " " + Same("", JsonNode.Parse(answer[space..]))?.ToJsonString();
        }
        catch (JsonException)
        {
            return answer;
        }
    }

    private static JsonNode? Same(string name, JsonNode? node) => node switch
    {
        _ when name == "TableId" || name.EndsWith("DateTime", StringComparison.Ordinal) => "*",
        JsonObject tables when name == "Responses" => new JsonObject(
            tables.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => KeyValuePair.Create(t.Key, Unordered(t.Value)))),
        JsonObject members => new JsonObject(
            members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Same(m.Key, m.Value)))),
        JsonArray when name is "SS" or "NS" or "BS" => Unordered(node),
        JsonArray elements => new JsonArray([.. elements.Select(e => Same("", e))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out decimal number) =>
            JsonValue.Create(number / 1.0000000000000000000000000000m),
        _ => node?.DeepClone(),
    };

    private static JsonNode? Unordered(JsonNode? node) => node is JsonArray elements
        ? new JsonArray([.. elements.Select(e => Same("", e)).OrderBy(e => e?.ToJsonString(), StringComparer.Ordinal)])
        : Same("", node);
}
