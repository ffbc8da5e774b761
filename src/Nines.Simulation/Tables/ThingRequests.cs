using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Simulation.Tables;

/// <summary>The requests for the table of things, which has an index of each kind, a stream and, in time, a time to live.</summary>
internal static class ThingRequests
{
    /// <summary>What is beside the key of a thing that is always the same.</summary>
    public const string Same = ""","n":{"N":"7"},"g":{"S":"g7"}""";

    /// <summary>The attribute with the second at which a thing expires.</summary>
    public const string ExpiryAttribute = "e";

    private static readonly string[] BothPartitions = ["p0", "p1"];

    public static TableDescription Create() => TableRequests.Good(RequestParser.CreateTable(TableRequests.Utf8($$"""
        {"TableName":"things","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},
        {"AttributeName":"id","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
        "KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"id","KeyType":"RANGE"}],{{TableRequests.Stream}},
        "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
        "Projection":{"ProjectionType":"ALL"} }],
        "GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
        "Projection":{"ProjectionType":"ALL"} }] }
        """)));

    public static TimeToLiveRequest Expiry(bool isOn) => TableRequests.Good(RequestParser.UpdateTimeToLive(TableRequests.Utf8(
        $$"""{"TableName":"things","TimeToLiveSpecification":{"AttributeName":"{{ExpiryAttribute}}","Enabled":{{(isOn ? "true" : "false")}} } }""")));

    /// <summary>What is beside the key of a thing that no other write makes: with or without a key of the global index, and a time.</summary>
    public static string Another(string? group, long number, long version, string? expiry) =>
        $$""","n":{"N":"{{number}}"},"v":{"N":"{{version}}"}"""
        + (group is null ? "" : $$""","g":{"S":"{{group}}"}""") + (expiry is null ? "" : $""","{ExpiryAttribute}":{expiry}""");

    public static ItemRequest Put(string partition, string id, string rest) => TableRequests.Good(RequestParser.Item(
        TableRequests.Utf8($$$"""{"TableName":"things","Item":{ {{{Named(partition, id)}}}{{{rest}}} } }"""), ItemOperation.Put));

    /// <summary>Puts a thing into two partitions at once.</summary>
    public static TransactWriteRequest PutBoth(string id, string rest, string token) => TableRequests.Write(token, BothPartitions.Select(
        partition => $$$"""{"Put":{"TableName":"things","Item":{ {{{Named(partition, id)}}}{{{rest}}} } } }"""));

    /// <summary>Deletes a thing and returns it.</summary>
    public static ItemRequest Delete(string partition, string id) => TableRequests.Good(RequestParser.Item(
        TableRequests.Utf8($$$"""{"TableName":"things","Key":{ {{{Named(partition, id)}}} },"ReturnValues":"ALL_OLD"}"""), ItemOperation.Delete));

    /// <summary>Sets the attributes of a thing that is always the same to what they mostly are.</summary>
    public static ItemRequest UpdateSame(string partition, string id) => TableRequests.Good(RequestParser.Item(TableRequests.Utf8(
        $$$"""
        {"TableName":"things","Key":{ {{{Named(partition, id)}}} },"UpdateExpression":"SET n = :n, g = :g",
        "ExpressionAttributeValues":{":n":{"N":"7"},":g":{"S":"g7"} } }
        """), ItemOperation.Update));

    /// <summary>Reads an index, as it has come to be.</summary>
    public static ScanRequest ScanIndex(string index) => TableRequests.Good(RequestParser.Scan(
        TableRequests.Utf8($$"""{"TableName":"things","IndexName":"{{index}}"}""")));

    /// <summary>Things as records of the stream are told apart: table, partition, id.</summary>
    public static IEnumerable<string> Keys(IEnumerable<string> partitions, string id) => partitions.Select(partition => Key(partition, id));

    public static string Key(Item thing) => Key(thing["p"]!.ToString()!, thing["id"]!.ToString()!);

    /// <summary>The second at which a thing expires; null: never.</summary>
    public static long? ExpiryOf(Item thing) =>
        thing[ExpiryAttribute] is NumberValue ? TableRequests.Number(thing, ExpiryAttribute) : null;

    private static string Key(string partition, string id) => $"{TableRequests.Things}/{partition}/{id}";

    private static string Named(string partition, string id) => $$""" "p":{"S":"{{partition}}"},"id":{"S":"{{id}}"}""";
}
