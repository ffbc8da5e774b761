using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;
using Nines.Tables.Protocol.PartiQL;

namespace Nines.Fuzz.Targets;

/// <summary>Bodies of requests to the tables door, operation by operation, and the door as a whole.</summary>
internal static class TablesRequestTargets
{
    private const string Stream = "arn:aws:dynamodb:us-east-1:000000000000:table/table/stream/2026-01-02T03:04:05.006";

    private static readonly string Iterator =
        ShardIteratorText.Encode(new ShardIterator(Stream, 7, new StreamShape(8, StreamView.KeysOnly), 1, new StreamPlace(5, 1), 1_800_000_000_000));

    public static readonly string[] Corpus =
    [
        """{"TableName":"table","Item":{"id":{"S":"aé\n"},"r":{"N":"1"},"n":{"N":"-1.5e3"},"b":{"B":"AAEC"},"l":{"L":[{"BOOL":true},{"NULL":true}]},"m":{"M":{"x":{"SS":["a","b"]},"y":{"NS":["1","2"]},"z":{"BS":["AA=="]}}}},"ConditionExpression":"attribute_not_exists(#a) AND v > :v","ExpressionAttributeNames":{"#a":"id"},"ExpressionAttributeValues":{":v":{"N":"1"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"TOTAL"}""",
        """{"TableName":"table","Key":{"id":{"S":"a"},"r":{"N":"1"}},"UpdateExpression":"SET a.b[1] = if_not_exists(a, :v) + :w REMOVE #c ADD d :w DELETE e :s","ExpressionAttributeNames":{"#c":"c"},"ExpressionAttributeValues":{":v":{"N":"1"},":w":{"N":"2"},":s":{"SS":["x"]}},"ReturnValues":"UPDATED_NEW"}""",
        """{"TableName":"table","Key":{"id":{"S":"a"},"r":{"N":"1"}},"ConsistentRead":true,"ProjectionExpression":"a, b.c[2], #d","ExpressionAttributeNames":{"#d":"d"}}""",
        """{"TableName":"table","Key":{"id":{"S":"a"},"r":{"N":"1"}},"AttributesToGet":["a","b"],"ReturnConsumedCapacity":"INDEXES"}""",
        """{"TableName":"table","Key":{"id":{"S":"a"},"r":{"N":"1"}},"Expected":{"a":{"Value":{"S":"b"},"Exists":true},"c":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"x"}]}},"ConditionalOperator":"AND"}""",
        """{"TableName":"table","Key":{"id":{"S":"a"},"r":{"N":"1"}},"AttributeUpdates":{"a":{"Action":"PUT","Value":{"S":"b"}},"n":{"Action":"ADD","Value":{"N":"1"}}},"Expected":{"z":{"Exists":false}},"ReturnValues":"ALL_NEW"}""",
        """{"RequestItems":{"table":{"Keys":[{"id":{"S":"a"},"r":{"N":"1"}},{"id":{"S":"b"},"r":{"N":"2"}}],"ConsistentRead":false,"ProjectionExpression":"a"}},"ReturnConsumedCapacity":"INDEXES"}""",
        """{"RequestItems":{"table":[{"PutRequest":{"Item":{"id":{"S":"a"},"r":{"N":"1"}}}},{"DeleteRequest":{"Key":{"id":{"S":"b"},"r":{"N":"1"}}}}]}}""",
        """{"TableName":"table2","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"r","AttributeType":"N"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"StreamSpecification":{"StreamEnabled":false},"Tags":[]}""",
        """{"TableName":"table3","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"B"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"TableClass":"STANDARD","DeletionProtectionEnabled":true}""",
        """{"TableName":"table"}""",
        """{"Limit":10,"ExclusiveStartTableName":"table"}""",
        """{"TableName":"table","KeyConditionExpression":"id = :h AND r BETWEEN :a AND :b","FilterExpression":"size(#v) > :a","ExpressionAttributeNames":{"#v":"v"},"ExpressionAttributeValues":{":h":{"S":"a"},":a":{"N":"1"},":b":{"N":"2"}},"Limit":3,"ScanIndexForward":false,"ExclusiveStartKey":{"id":{"S":"a"},"r":{"N":"1"}},"ReturnConsumedCapacity":"TOTAL"}""",
        """{"TableName":"table","KeyConditions":{"id":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]},"r":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"1"}]}},"QueryFilter":{"v":{"ComparisonOperator":"NOT_NULL"},"w":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"a"}]}},"ConditionalOperator":"OR","AttributesToGet":["a"]}""",
        """{"TableName":"table","FilterExpression":"contains(v, :v)","ExpressionAttributeValues":{":v":{"S":"a"}},"ProjectionExpression":"id, v.w[1]","TotalSegments":4,"Segment":1,"Select":"SPECIFIC_ATTRIBUTES","ConsistentRead":true}""",
        """{"TableName":"table","ScanFilter":{"v":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"1"},{"N":"2"}]}},"Select":"COUNT","Limit":1}""",
        """{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/table"}""",
        """{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/table","Tags":[{"Key":"a","Value":"b c"},{"Key":"é/1","Value":""}]}""",
        """{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/table","TagKeys":["a","zz"]}""",
        """{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/table","NextToken":null}""",
        """{"TableName":"table","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6},"GlobalSecondaryIndexUpdates":[],"StreamSpecification":null}""",
        """{"TableName":"table","DeletionProtectionEnabled":true}""",
        """{"TableName":"table","TableClass":"STANDARD_INFREQUENT_ACCESS","AttributeDefinitions":[{}]}""",
        """{"ClientRequestToken":"t","ReturnConsumedCapacity":"INDEXES","TransactItems":[{"Put":{"TableName":"table","Item":{"id":{"S":"a"},"r":{"N":"1"}},"ConditionExpression":"attribute_not_exists(id)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},{"Update":{"TableName":"table","Key":{"id":{"S":"b"},"r":{"N":"1"}},"UpdateExpression":"ADD n :v","ExpressionAttributeValues":{":v":{"N":"1"}}}},{"ConditionCheck":{"TableName":"table","Key":{"id":{"S":"c"},"r":{"N":"1"}},"ConditionExpression":"size(id) > :v","ExpressionAttributeValues":{":v":{"N":"9"}}}},{"Delete":{"TableName":"table","Key":{"id":{"S":"d"},"r":{"N":"1"}}}}]}""",
        """{"ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Get":{"TableName":"table","Key":{"id":{"S":"a"},"r":{"N":"1"}},"ProjectionExpression":"#a, b[1]","ExpressionAttributeNames":{"#a":"id"}}},{"Get":{"TableName":"table","Key":{"id":{"S":"b"},"r":{"N":"1"}}}}]}""",
        """{"TableName":"table4","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"r","AttributeType":"N"},{"AttributeName":"g","AttributeType":"B"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x","y"]}}]}""",
        """{"TableName":"table","AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"added","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}""",
        """{"TableName":"table","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"added"}},{"Update":{"IndexName":"global","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":2}}}]}""",
        """{"TableName":"table","IndexName":"added","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"a"}},"Select":"ALL_PROJECTED_ATTRIBUTES","ReturnConsumedCapacity":"INDEXES","ExclusiveStartKey":{"g":{"S":"a"},"id":{"S":"a"},"r":{"N":"1"}}}""",
        """{"TableName":"table","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}""",
        """{"TableName":"table","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}""",
        $$"""{"TableName":"table","Limit":3,"ExclusiveStartStreamArn":"{{Stream}}"}""",
        $$"""{"StreamArn":"{{Stream}}","Limit":5,"ExclusiveStartShardId":"{{StreamIds.ShardId(new ShardName(7, 1))}}"}""",
        $$"""{"StreamArn":"{{Stream}}","ShardId":"{{StreamIds.ShardId(new ShardName(7, 1))}}","ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":"{{new StreamPlace(5, 1).Text}}"}""",
        $$"""{"ShardIterator":"{{Iterator}}","Limit":100}""",
        """{"Statement":"SELECT m.k[1], \"r\" FROM \"table\" WHERE id = ? AND (r BETWEEN 1 AND 2.5 OR v IN [1, 'it''s']) AND NOT size(v) > 3 ORDER BY r DESC","Parameters":[{"S":"a"}],"Limit":3,"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"}""",
        """{"Statement":"UPDATE \"table\" SET n = if_not_exists(n, 0) + 1 SET ss = set_add(ss, <<'x', 'y'>>), l = list_append(l, [1, {'a': null}]) REMOVE m.k[0] WHERE id = 'a' AND r = 1 AND v IS NOT MISSING RETURNING MODIFIED NEW *","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}""",
        """{"Statement":"INSERT INTO \"table\" VALUE {'id': ?, 'r': -1e3, 'm': {'k': [true, <<1, 2>>]}}","Parameters":[{"S":"z"}]}""",
        """{"Statement":"SELECT * FROM \"table\" WHERE contains(v, 'a') OR attribute_exists(m.k) = true -- all of it","NextToken":"AUqHSx3Vw2BdsSduqU2gBtEBAgFoAQF4AXICAAAC"}""",
        """{"Statements":[{"Statement":"DELETE FROM \"table\" WHERE id = 'q' AND r = 1 RETURNING ALL OLD *"},{"Statement":"INSERT INTO \"table\" VALUE ?","Parameters":[{"M":{"id":{"S":"a"},"r":{"N":"1"}}}]}],"ReturnConsumedCapacity":"INDEXES"}""",
        """{"TransactStatements":[{"Statement":"EXISTS(SELECT * FROM \"table\" WHERE id = 'b' AND r = 1 AND begins_with(v, 'x'))"},{"Statement":"UPDATE \"table\" SET n = 1 WHERE id = ? AND r = 1","Parameters":[{"S":"c"}]}],"ClientRequestToken":"s"}""",
        """{"TransactStatements":[{"Statement":"SELECT m.k FROM \"table\" WHERE id = 'b' AND r = 1"}],"ReturnConsumedCapacity":"TOTAL"}""",
    ];

    public static readonly string[] Words =
    [
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "1", "-1e400", "\"S\"", "\"N\"", "\"M\"", "\"L\"", "{\"L\":[", "{\"M\":{\"a\":", "\\ud800", "\\u0000",
        "\"TableName\"", "\"Item\":", "\"Keys\":[", "é", "😀", "9999999999999999999999", "\"\"", "{}", "[]", " ", "\"RequestItems\":", "arn:", "table/", "us-east-1",
        " AND ", " OR ", " NOT ", " IN ", " IS ", " BETWEEN ", "(", ")", "'", "''", "<<", ">>", "?", "*", " WHERE ", "SELECT ", "--", "/*", "a.b[1]", "[[[[[[[[", "((((((((", "NOT NOT ",
    ];

    private static readonly TableSchema[] Schemas =
    [
        new(1, "table", new KeyAttribute("id", AttributeType.String), new KeyAttribute("r", AttributeType.Number)),
        new(2, "table", new KeyAttribute("id", AttributeType.String), null),
    ];

    private static readonly IReadOnlyList<byte[]> Pieces = Bytes.OfAll(Words);

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        Entry("tables.put", i => RequestParser.Item(i, ItemOperation.Put).IsGood, 0),
        Entry("tables.get", i => RequestParser.Item(i, ItemOperation.Get).IsGood, 2, 3),
        Entry("tables.delete", i => RequestParser.Item(i, ItemOperation.Delete).IsGood, 4),
        Entry("tables.update", i => RequestParser.Item(i, ItemOperation.Update).IsGood, 1, 5),
        Entry("tables.batchget", i => RequestParser.BatchGet(i).IsGood, 6),
        Entry("tables.batchwrite", i => RequestParser.BatchWrite(i).IsGood, 7),
        Entry("tables.createtable", i => RequestParser.CreateTable(i).IsGood, 8, 9, 25),
        Entry("tables.tablename", i => RequestParser.TableName(i).IsGood, 10, 16),
        Entry("tables.listtables", i => RequestParser.ListTables(i).IsGood, 11),
        Entry("tables.query", i => RequestParser.Query(i).IsGood, 12, 13, 28),
        Entry("tables.scan", i => RequestParser.Scan(i).IsGood, 14, 15),
        Entry("tables.updatetable", i => RequestParser.UpdateTable(i).IsGood, 20, 21, 22, 26, 27, 30),
        Entry("tables.transactwrite", i => RequestParser.TransactWrite(i).IsGood, 23),
        Entry("tables.transactget", i => RequestParser.TransactGet(i).IsGood, 24),
        Entry("tables.partiql", TryPlan, 35, 36, 37, 38, 39, 40, 41),
        Entry("tables.tag", i => RequestParser.TagResource(i).IsGood, 17),
        Entry("tables.untag", i => RequestParser.UntagResource(i).IsGood, 18),
        Entry("tables.listtags", i => RequestParser.ListTags(i).IsGood, 19),
        Entry("tables.timetolive", i => RequestParser.UpdateTimeToLive(i).IsGood, 29),
        Entry("tables.liststreams", i => RequestParser.ListStreams(i).IsGood, 31),
        Entry("tables.describestream", i => RequestParser.DescribeStream(i).IsGood, 32),
        Entry("tables.sharditerator", i => RequestParser.GetShardIterator(i).IsGood, 33),
        Entry("tables.getrecords", i => RequestParser.GetRecords(i).IsGood, 34),
        Entry("tables.nomembers", i => RequestParser.NoMembers(i) is null, 10),
        Entry("tables.json", i => RequestParser.IsJson(i), Enumerable.Range(0, Corpus.Length).ToArray()),
        new("tables.door", static () => new DoorTarget("tables.door")),
        new("tables.external", static () => new DoorTarget("tables.external", new SigningEngine())),
    ];

    /// <summary>Whatever may be a statement is planned too, for a table of one key attribute and for one of two.</summary>
    private static bool TryPlan(byte[] input)
    {
        bool isGood = false;
        foreach (TableSchema schema in Schemas)
        {
            if (RequestParser.Statement(input) is { IsGood: true } one)
            {
                isGood |= StatementPlan.Of(one.Request.Statement, schema, one.Request.Options).IsGood;
            }

            if (RequestParser.StatementBatch(input) is { IsGood: true } batch)
            {
                isGood |= batch.Request.Statements.Any(s =>
                    s.Parsed.IsGood && StatementPlan.OfOne(s.Parsed.Request, schema, s.Options, "BatchExecuteStatement").IsGood);
            }

            if (RequestParser.StatementTransaction(input) is { IsGood: true } transaction)
            {
                isGood |= transaction.Request.TryPlan([.. transaction.Request.Statements.Select(_ => schema)], out _) is null;
            }
        }

        return isGood;
    }

    // One in eight comes from another operation's requests.
    private static TargetEntry Entry(string name, Func<byte[], bool> parse, params int[] own)
    {
        byte[][] corpus = [.. Bytes.OfAll(own.SelectMany(o => Enumerable.Repeat(Corpus[o], 8))), .. Bytes.OfAll(Corpus)];
        return new(name, () => new Decoder(name, corpus, parse) { Words = Pieces, PerByte = 512, Fixed = 128 << 10 });
    }
}
