using System.Diagnostics;
using System.Text;
using Nines.Tables.Model.Requests;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

/// <summary>
/// Bodies of megabytes that repeat one small thing: the answer takes time and memory in proportion. What is quadratic needs minutes here, what is not about a second, and on a machine with other work some more.
/// </summary>
public sealed class LargeRequestTests
{
    private const int Megabytes = 4;
    private const int Operations = 9;

    private static readonly TimeSpan TimeAllowed = TimeSpan.FromSeconds(20);

    /// <summary>What comes before, what is repeated ({0}: a number), what comes behind.</summary>
    public static TheoryData<string, string, string> Shapes => new()
    {
        { "{\"RequestItems\":{\"aaa\":[]", ",\"t{0}\":[]", "}}" },
        { "{\"RequestItems\":{\"aaa\":{}", ",\"t{0}\":{}", "}}" },
        { "{\"RequestItems\":{\"aaa\":[]", ",\"aaa\":[]", "}}" },
        { "{\"RequestItems\":{\"aaa\":[{}", ",{}", "]}}" },
        { "{\"RequestItems\":{\"aaa\":{\"Keys\":[{}", ",{\"a\":{\"S\":\"{0}\"}}", "]}}}" },
        { "{\"TableName\":\"table\",\"Item\":{\"a\":{\"S\":\"a\"}", ",\"a{0}\":{\"NULL\":true}", "}}" },
        { "{\"TableName\":\"table\",\"Item\":{\"a\":{\"S\":\"a\"}", ",\"a\":{\"NULL\":true}", "}}" },
        { "{\"TableName\":\"table\",\"Item\":{\"a\":{\"SS\":[\"x\"", ",\"s{0}\"", "]}}}" },
        { "{\"TableName\":\"table\",\"Item\":{\"a\":{\"NS\":[\"-1\"", ",\"{0}\"", "]}}}" },
        { "{\"TableName\":\"table\",\"Item\":{\"a\":{\"S\":\"a\", \"x\":1", ",\"S\":\"{0}\"", "}}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"Expected\":{\"a\":{}", ",\"a{0}\":{}", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"AttributeUpdates\":{\"a\":{}", ",\"a{0}\":{}", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"AttributeUpdates\":{\"a\":{\"Action\":\"DELETE\"}", ",\"a{0}\":{\"Action\":\"DELETE\"}", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"AttributeUpdates\":{\"a\":{\"Value\":{\"NULL\":true}}", ",\"a{0}\":{\"Value\":{\"NULL\":true}}", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"Expected\":{\"a\":{\"Exists\":false}", ",\"a{0}\":{\"Exists\":false}", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"AttributesToGet\":[\"a\"", ",\"a{0}\"", "]}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"ConditionExpression\":\"a = b\",\"ExpressionAttributeNames\":{\"#a\":\"a\"", ",\"#a{0}\":\"a\"", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"ConditionExpression\":\"a = b\",\"ExpressionAttributeValues\":{\":a\":{\"S\":\"\"}", ",\":a{0}\":{\"S\":\"a\"}", "}}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"ConditionExpression\":\"a = b", " OR a{0} = b", "\"}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"UpdateExpression\":\"SET a = b", ", a{0} = b", "\"}" },
        { "{\"TableName\":\"table\",\"Key\":{},\"ProjectionExpression\":\"a", ", a{0}", "\"}" },
        { "{\"TableName\":\"", "!{0}", "\"}" },
        { "{\"TableName\":\"table\",\"KeySchema\":[{\"AttributeName\":\"a\",\"KeyType\":\"HASH\"}", ",{\"AttributeName\":\"a{0}\",\"KeyType\":\"x\"}", "]}" },
        { "{\"TableName\":\"table\",\"AttributeDefinitions\":[{}", ",{\"AttributeName\":\"a{0}\",\"AttributeType\":\"x\"}", "]}" },
        { "{\"a\":1", ",\"TableName\":\"t{0}\"", "}" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Take_time_and_memory_in_proportion(string before, string repeated, string behind)
    {
        var text = new StringBuilder(before, Megabytes << 20);
        for (int i = 0; text.Length < Megabytes << 20; i++)
        {
            text.Append(repeated.Replace("{0}", i.ToString(), StringComparison.Ordinal));
        }

        byte[] body = Encoding.UTF8.GetBytes(text.Append(behind).ToString());
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        foreach (ItemOperation operation in Enum.GetValues<ItemOperation>())
        {
            Assert.True(RequestParser.Item(body, operation) is { IsGood: true } or { Error: not null });
        }

        Assert.True(RequestParser.BatchGet(body) is { IsGood: true } or { Error.Message.Length: < 100_000 });
        Assert.True(RequestParser.BatchWrite(body) is { IsGood: true } or { Error.Message.Length: < 100_000 });
        Assert.True(RequestParser.CreateTable(body) is { IsGood: true } or { Error: not null });
        Assert.True(RequestParser.TableName(body) is { IsGood: true } or { Error.Message.Length: < 100_000 });
        _ = RequestParser.IsJson(body);
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        Assert.True(time < TimeAllowed, $"{time.TotalSeconds:F1} s");
        Assert.True(bytes < Operations * 60L * body.Length, $"{bytes >> 20} MiB");
    }
}
