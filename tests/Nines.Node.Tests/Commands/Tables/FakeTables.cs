namespace Nines.Node.Tests.Commands.Tables;

/// <summary>Descriptions of tables as DescribeTable gives them.</summary>
internal static class FakeTables
{
    /// <summary>Keys id (S) and n (N), an index byName on name (S) and n.</summary>
    public const string Indexed = """
        {"TableName":"t","TableStatus":"ACTIVE","ItemCount":0,"TableSizeBytes":0,"TableId":"x","CreationDateTime":1796070361.9,
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"name","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"n","KeyType":"RANGE"},{"AttributeName":"id","KeyType":"HASH"}],
        "ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":6},
        "GlobalSecondaryIndexes":[{"IndexName":"byName","IndexStatus":"CREATING","ItemCount":0,"Projection":{"ProjectionType":"KEYS_ONLY"},
        "KeySchema":[{"AttributeName":"name","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
        "ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":1,"WriteCapacityUnits":2}}]}
        """;
}
