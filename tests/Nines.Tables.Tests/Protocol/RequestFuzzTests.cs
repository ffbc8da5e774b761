using System.Text;
using Nines.Kernel;
using Nines.Tables.Model.Requests;
using Nines.Tables.Protocol;

namespace Nines.Tables.Tests.Protocol;

/// <summary>
/// Any bytes against the parsers of all operations: an answer every time, never an exception, and no more memory than the request is
/// worth. NINES_FUZZ_ROUNDS makes a long night of it.
/// </summary>
public sealed class RequestFuzzTests
{
    private static readonly int Rounds =
        int.TryParse(Environment.GetEnvironmentVariable("NINES_FUZZ_ROUNDS"), out int rounds) ? rounds : 30_000;

    private static readonly string[] Corpus =
    [
        """{"TableName":"table","Item":{"id":{"S":"a\u00e9\n"},"n":{"N":"-1.5e3"},"b":{"B":"AAEC"},"l":{"L":[{"BOOL":true},{"NULL":true}]},"m":{"M":{"x":{"SS":["a","b"]},"y":{"NS":["1","2"]},"z":{"BS":["AA=="]}}}},"ConditionExpression":"attribute_not_exists(#a) AND v > :v","ExpressionAttributeNames":{"#a":"id"},"ExpressionAttributeValues":{":v":{"N":"1"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"TOTAL"}""",
        """{"TableName":"table","Key":{"id":{"S":"a"}},"UpdateExpression":"SET a.b[1] = if_not_exists(a, :v) + :w REMOVE #c ADD d :w DELETE e :s","ExpressionAttributeNames":{"#c":"c"},"ExpressionAttributeValues":{":v":{"N":"1"},":w":{"N":"2"},":s":{"SS":["x"]}},"ReturnValues":"UPDATED_NEW"}""",
        """{"TableName":"table","Key":{"id":{"S":"a"}},"ConsistentRead":true,"ProjectionExpression":"a, b.c[2], #d","ExpressionAttributeNames":{"#d":"d"},"AttributesToGet":["a"]}""",
        """{"RequestItems":{"table":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}],"ConsistentRead":false,"ProjectionExpression":"a"}},"ReturnConsumedCapacity":"INDEXES"}""",
        """{"RequestItems":{"table":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},{"DeleteRequest":{"Key":{"id":{"S":"b"}}}}]}}""",
        """{"TableName":"table","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"StreamSpecification":{"StreamEnabled":false},"Tags":[]}""",
        """{"Limit":10,"ExclusiveStartTableName":"table"}""",
        """{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/table","Tags":[{"Key":"a","Value":"b"}],"TagKeys":["a"],"NextToken":null}""",
        """{"TableName":"table","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6},"GlobalSecondaryIndexUpdates":[],"StreamSpecification":null}""",
        """{"TableName":"table","TableClass":"STANDARD","DeletionProtectionEnabled":true,"WarmThroughput":{},"ReplicaUpdates":[{}]}""",
        """{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/table","Key":{"id":{"S":"a"}}}""",
        """{"TableName":"table","Key":{"id":{"S":"a"}},"Expected":{"a":{"Value":{"S":"b"}}},"AttributeUpdates":{"a":{"Action":"PUT","Value":{"S":"b"}}},"ConditionalOperator":"AND"}""",
    ];

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "1", "-1e400", "\"S\"", "\"N\"", "\"M\"", "\"L\"", "{\"L\":[", "{\"M\":{\"a\":", "\\ud800", "\\u0000",
        "\"TableName\"", "\"Item\":", "\"Keys\":[", "é", "\ud83d\ude00", "9999999999999999999999", "\"\"", "{}", "[]", " ", "\"RequestItems\":",
    ];

    [Fact]
    public void Mutated_requests_are_always_answered()
    {
        for (int i = 0; i < Rounds; i++)
        {
            ulong seed = 1000 + (ulong)i;
            TryAll(Mutate(new Prng(seed)), seed);
        }
    }

    [Fact]
    public void Random_bytes_are_always_answered()
    {
        for (int i = 0; i < Rounds; i++)
        {
            ulong seed = 5_000_000 + (ulong)i;
            var random = new Prng(seed);
            var bytes = new byte[random.Below(60)];
            random.Fill(bytes);
            TryAll(bytes, seed);
        }
    }

    [Fact]
    public void Deep_nesting_is_answered_without_deep_recursion()
    {
        foreach (int depth in new[] { 10, 31, 32, 33, 100, 128, 1000, 1_000_000 })
        {
            string nested = string.Concat(Enumerable.Repeat("{\"L\":[", depth)) + "{\"S\":\"x\"}" + string.Concat(Enumerable.Repeat("]}", depth));
            TryAll(Encoding.UTF8.GetBytes("{\"TableName\":\"table\",\"Item\":{\"id\":" + nested + "}}"), (ulong)depth);
        }
    }

    private static byte[] Mutate(Prng random)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(random.Pick(Corpus));
        for (int i = random.Between(1, 4); i > 0; i--)
        {
            int at = random.Below(bytes.Length + 1);
            int to = Math.Min(bytes.Length, at + random.Below(12));
            switch (random.Below(4))
            {
                case 0:
                    bytes = [.. bytes[..at], .. Encoding.UTF8.GetBytes(random.Pick(Pieces)), .. bytes[at..]];
                    break;
                case 1:
                    bytes = [.. bytes[..at], .. bytes[to..]];
                    break;
                case 2:
                    bytes = [.. bytes[..to], .. bytes[at..]];
                    break;
                default:
                    if (at < bytes.Length)
                    {
                        bytes[at] = (byte)random.Below(256);
                    }

                    break;
            }
        }

        return bytes;
    }

    private static void TryAll(byte[] body, ulong seed)
    {
        try
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (ItemOperation operation in Enum.GetValues<ItemOperation>())
            {
                Assert.True(RequestParser.Item(body, operation) is { IsGood: true } or { Error: not null });
            }

            Assert.True(RequestParser.BatchGet(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.BatchWrite(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.CreateTable(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.TableName(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.ListTables(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.TagResource(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.UntagResource(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.ListTags(body) is { IsGood: true } or { Error: not null });
            Assert.True(RequestParser.UpdateTable(body) is { IsGood: true } or { Error: not null });
            _ = RequestParser.NoMembers(body);
            _ = RequestParser.IsJson(body);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 200_000 + (200L * body.Length), $"{allocated} bytes for a request of {body.Length}");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, 2000))}", e);
        }
    }
}
