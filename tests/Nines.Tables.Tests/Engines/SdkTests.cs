using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>An unmodified AWS SDK against the door, once through every operation.</summary>
public sealed class SdkTests : IAsyncLifetime
{
    private DoorHost _door = null!;
    private AmazonDynamoDBClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        _client = new AmazonDynamoDBClient(
            new BasicAWSCredentials("key", "secret"),
            new AmazonDynamoDBConfig { ServiceURL = _door.Address, AuthenticationRegion = "us-east-1", MaxErrorRetry = 2 });
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _door.DisposeAsync();
    }

    [Fact]
    public async Task A_table_lives_and_dies()
    {
        CreateTableResponse created = await CreateAsync("people");
        Assert.Equal(TableStatus.CREATING, created.TableDescription.TableStatus);
        DescribeTableResponse described = await _client.DescribeTableAsync("people");
        Assert.Equal(TableStatus.ACTIVE, described.Table.TableStatus);
        Assert.Equal("arn:aws:dynamodb:us-east-1:000000000000:table/people", described.Table.TableArn);
        Assert.Equal(BillingMode.PAY_PER_REQUEST, described.Table.BillingModeSummary.BillingMode);
        Assert.Equal(["people"], (await _client.ListTablesAsync()).TableNames);
        ResourceInUseException twice = await Assert.ThrowsAsync<ResourceInUseException>(() => CreateAsync("people"));
        Assert.Equal("Table already exists: people", twice.Message);
        Assert.Equal(TableStatus.DELETING, (await _client.DeleteTableAsync("people")).TableDescription.TableStatus);
        await Assert.ThrowsAsync<ResourceNotFoundException>(() => _client.DescribeTableAsync("people"));
    }

    [Fact]
    public async Task Statements_read_and_write()
    {
        await CreateAsync("people");
        await _client.ExecuteStatementAsync(new ExecuteStatementRequest
        {
            Statement = "INSERT INTO people VALUE {'id': ?, 'n': 1}",
            Parameters = [new() { S = "a" }],
        });
        await Assert.ThrowsAsync<DuplicateItemException>(() => _client.ExecuteStatementAsync(new ExecuteStatementRequest
        {
            Statement = "INSERT INTO people VALUE {'id': 'a'}",
        }));
        BatchExecuteStatementResponse batch = await _client.BatchExecuteStatementAsync(new BatchExecuteStatementRequest
        {
            Statements =
            [
                new() { Statement = "UPDATE people SET n = n + 1 WHERE id = 'a' RETURNING ALL NEW *" },
                new() { Statement = "DELETE FROM people WHERE id = 'a' AND n = 7" },
            ],
        });
        Assert.Equal("2", batch.Responses[0].Item["n"].N);
        Assert.Equal(BatchStatementErrorCodeEnum.ConditionalCheckFailed, batch.Responses[1].Error.Code);
        TransactionCanceledException canceled = await Assert.ThrowsAsync<TransactionCanceledException>(() => _client.ExecuteTransactionAsync(new ExecuteTransactionRequest
        {
            TransactStatements = [new() { Statement = "INSERT INTO people VALUE {'id': 'b'}" }, new() { Statement = "INSERT INTO people VALUE {'id': 'a'}" }],
        }));
        Assert.Equal(["None", "DuplicateItem"], canceled.CancellationReasons.Select(static r => r.Code));
        ExecuteStatementResponse all = await _client.ExecuteStatementAsync(new ExecuteStatementRequest { Statement = "SELECT n FROM \"people\"" });
        Assert.Equal("2", Assert.Single(all.Items)["n"].N);
    }

    [Fact]
    public async Task An_item_of_every_type_comes_back_as_it_was()
    {
        await CreateAsync("people");
        var item = new Dictionary<string, AttributeValue>
        {
            ["id"] = new() { S = "a" },
            ["n"] = new() { N = "12345678901234567890123456789012345678" },
            ["b"] = new() { B = new MemoryStream([1, 2, 3]) },
            ["t"] = new() { BOOL = true },
            ["z"] = new() { NULL = true },
            ["l"] = new() { L = [new() { S = "" }, new() { N = "1" }] },
            ["m"] = new() { M = new() { ["x"] = new() { S = "é" } } },
            ["ss"] = new() { SS = ["a", "b"] },
            ["ns"] = new() { NS = ["1", "2"] },
        };
        await _client.PutItemAsync("people", item);
        Dictionary<string, AttributeValue> read = (await _client.GetItemAsync("people", Key("a"), consistentRead: true)).Item;
        Assert.Equal("12345678901234567890123456789012345678", read["n"].N);
        Assert.Equal([1, 2, 3], read["b"].B.ToArray());
        Assert.Equal("é", read["m"].M["x"].S);
        Assert.Equal(["a", "b"], read["ss"].SS);
        DeleteItemResponse deleted = await _client.DeleteItemAsync("people", Key("a"), ReturnValue.ALL_OLD);
        Assert.Equal(9, deleted.Attributes.Count);
        Assert.False((await _client.GetItemAsync("people", Key("a"))).IsItemSet);
    }

    [Fact]
    public async Task Batches_write_and_read()
    {
        await CreateAsync("people");
        BatchWriteItemResponse written = await _client.BatchWriteItemAsync(new Dictionary<string, List<WriteRequest>>
        {
            ["people"] = [.. Enumerable.Range(0, 25).Select(i => new WriteRequest(new PutRequest(Key($"k{i}"))))],
        });
        Assert.Empty(written.UnprocessedItems);
        BatchGetItemResponse read = await _client.BatchGetItemAsync(new Dictionary<string, KeysAndAttributes>
        {
            ["people"] = new() { Keys = [.. Enumerable.Range(0, 100).Select(i => Key($"k{i}"))] },
        });
        Assert.Equal(25, read.Responses["people"].Count);
        Assert.Empty(read.UnprocessedKeys);
    }

    [Fact]
    public async Task Updates_count_and_failed_conditions_carry_the_item()
    {
        await CreateAsync("people");
        var add = new UpdateItemRequest
        {
            TableName = "people",
            Key = Key("a"),
            UpdateExpression = "ADD #n :one",
            ExpressionAttributeNames = new() { ["#n"] = "count" },
            ExpressionAttributeValues = new() { [":one"] = new() { N = "1" } },
            ReturnValues = ReturnValue.UPDATED_NEW,
        };
        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal(i.ToString(), (await _client.UpdateItemAsync(add)).Attributes["count"].N);
        }

        ConditionalCheckFailedException failed = await Assert.ThrowsAsync<ConditionalCheckFailedException>(() =>
            _client.PutItemAsync(new PutItemRequest
            {
                TableName = "people",
                Item = Key("a"),
                ConditionExpression = "attribute_not_exists(id)",
                ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure.ALL_OLD,
            }));
        Assert.Equal("The conditional request failed", failed.Message);
        Assert.Equal("5", failed.Item["count"].N);
        GetItemResponse read = await _client.GetItemAsync(new GetItemRequest
        {
            TableName = "people",
            Key = Key("a"),
            ProjectionExpression = "#n",
            ExpressionAttributeNames = new() { ["#n"] = "count" },
            ReturnConsumedCapacity = ReturnConsumedCapacity.TOTAL,
        });
        Assert.Equal(["count"], read.Item.Keys);
        Assert.Equal(0.5, read.ConsumedCapacity.CapacityUnits);
    }

    [Fact]
    public async Task A_table_is_updated_and_keeps_its_items()
    {
        await CreateAsync("people");
        await _client.PutItemAsync("people", Key("a"));
        UpdateTableResponse updated = await _client.UpdateTableAsync(new UpdateTableRequest
        {
            TableName = "people",
            BillingMode = BillingMode.PROVISIONED,
            ProvisionedThroughput = new ProvisionedThroughput(5, 6),
        });
        Assert.Equal(TableStatus.UPDATING, updated.TableDescription.TableStatus);
        await _client.UpdateTableAsync(new UpdateTableRequest { TableName = "people", DeletionProtectionEnabled = true });
        await Assert.ThrowsAsync<LimitExceededException>(() => _client.UpdateTableAsync("people", new ProvisionedThroughput(40_001, 1)));
        TableDescription now = (await _client.DescribeTableAsync("people")).Table;
        Assert.Equal((TableStatus.ACTIVE, BillingMode.PROVISIONED, 6, true), (now.TableStatus, now.BillingModeSummary.BillingMode, now.ProvisionedThroughput.WriteCapacityUnits, now.DeletionProtectionEnabled));
        Assert.True((await _client.GetItemAsync("people", Key("a"), consistentRead: true)).IsItemSet);
    }

    [Fact]
    public async Task Tags_are_set_told_and_removed()
    {
        await CreateAsync("people");
        string arn = (await _client.DescribeTableAsync("people")).Table.TableArn;
        await _client.TagResourceAsync(new TagResourceRequest { ResourceArn = arn, Tags = [new() { Key = "a", Value = "1" }, new() { Key = "b", Value = "" }] });
        await _client.UntagResourceAsync(new UntagResourceRequest { ResourceArn = arn, TagKeys = ["a"] });
        ListTagsOfResourceResponse told = await _client.ListTagsOfResourceAsync(new ListTagsOfResourceRequest { ResourceArn = arn });
        Assert.Equal(("b", ""), (Assert.Single(told.Tags).Key, told.Tags[0].Value));
        Assert.Null(told.NextToken);
    }

    [Fact]
    public async Task The_service_tells_its_limits_and_its_address()
    {
        DescribeLimitsResponse limits = await _client.DescribeLimitsAsync(new DescribeLimitsRequest());
        Assert.Equal((80_000, 40_000), (limits.AccountMaxReadCapacityUnits, limits.TableMaxWriteCapacityUnits));
        Endpoint endpoint = Assert.Single((await _client.DescribeEndpointsAsync(new DescribeEndpointsRequest())).Endpoints);
        Assert.Equal(new Uri(_door.Address).Authority, endpoint.Address);
        Assert.Equal(1440, endpoint.CachePeriodInMinutes);
    }

    private static Dictionary<string, AttributeValue> Key(string id) => new() { ["id"] = new() { S = id } };

    [Fact]
    public async Task Queries_and_scans_page_through_everything()
    {
        await _door.CreateTableAsync("log", "h:S", "r:N");
        for (int i = 0; i < 30; i++)
        {
            await _client.PutItemAsync("log", new() { ["h"] = new($"p{i % 3}"), ["r"] = new() { N = $"{i}" }, ["v"] = new($"value {i}") });
        }

        var query = new QueryRequest("log")
        {
            KeyConditionExpression = "h = :h AND r >= :r",
            FilterExpression = "begins_with(v, :v)",
            ExpressionAttributeValues = new() { [":h"] = new("p1"), [":r"] = new() { N = "7" }, [":v"] = new("value 1") },
            ScanIndexForward = false,
            Limit = 2,
        };
        var found = new List<string>();
        await foreach (QueryResponse page in _client.Paginators.Query(query).Responses)
        {
            found.AddRange(page.Items.Select(item => item["r"].N));
        }

        Assert.Equal(["19", "16", "13", "10"], found);
        int counted = 0;
        for (int segment = 0; segment < 3; segment++)
        {
            await foreach (ScanResponse page in _client.Paginators.Scan(
                new ScanRequest("log") { Limit = 4, Segment = segment, TotalSegments = 3, Select = Select.COUNT }).Responses)
            {
                counted += page.Count ?? 0;
            }
        }

        Assert.Equal(30, counted);
    }

    private Task<CreateTableResponse> CreateAsync(string name) => _client.CreateTableAsync(new CreateTableRequest
    {
        TableName = name,
        BillingMode = BillingMode.PAY_PER_REQUEST,
        AttributeDefinitions = [new("id", ScalarAttributeType.S)],
        KeySchema = [new("id", KeyType.HASH)],
    });
}
