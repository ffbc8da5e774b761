using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>Tables and indexes are held to their provisioned throughput, when that is asked for.</summary>
public sealed class ThroughputTests : IAsyncLifetime
{
    private const string Prefix = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\",\"message\":\"";

    private const string OfTable = "The level of configured provisioned throughput for the table was exceeded. "
        + "Consider increasing your provisioning level with the UpdateTable API.";

    private const string OfIndexes = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. "
        + "Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API";

    private readonly ManualTime _time = new();
    private DoorHost _door = null!;

    public async ValueTask InitializeAsync() => _door = await DoorHost.StartAsync(time: _time, throughputNodes: 1);

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    [Fact]
    public async Task Nothing_is_held_to_anything_unless_asked_for()
    {
        await using DoorHost door = await DoorHost.StartAsync(time: _time);
        await CreateAsync("tab", 1, 1, door: door);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await door.SendAsync("PutItem", Put("tab", "a"))).Status);
            Assert.Equal(200, (await door.SendAsync("GetItem", Key("tab", "a"))).Status);
        }
    }

    [Fact]
    public async Task Writes_are_refused_when_nothing_is_left_and_let_in_when_something_came()
    {
        await CreateAsync("tab", 1, 2);
        Assert.Equal(2, await CountAsync("PutItem", Put("tab", "a")));
        DoorAnswer refused = await _door.SendAsync("PutItem", Put("tab", "b"));
        Assert.Equal((400, Prefix + OfTable + "\"}", "not-done"), (refused.Status, refused.Body, refused["x-nines-outcome"]));
        Assert.Equal("{}", (await _door.SendAsync("GetItem", Key("tab", "b"))).Body);
        AssertExceeded(await _door.SendAsync("DeleteItem", Key("tab", "a")));
        AssertExceeded(await _door.SendAsync("UpdateItem", Key("tab", "a")));
        _time.Tick(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await CountAsync("DeleteItem", Key("tab", "a")));
    }

    [Fact]
    public async Task A_request_that_is_wrong_is_told_so_first()
    {
        await CreateAsync("tab", 1, 1);
        await CountAsync("PutItem", Put("tab", "a"));
        Assert.Contains("ValidationException", (await _door.SendAsync("PutItem", """{"TableName":"tab","Item":{"x":{"S":"a"}}}""")).Body, StringComparison.Ordinal);
        Assert.Contains("ResourceNotFound", (await _door.SendAsync("PutItem", Put("none", "a"))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_minutes_of_unused_capacity_are_kept()
    {
        await CreateAsync("tab", 1, 1);
        await CountAsync("PutItem", Put("tab", "a"));
        _time.Tick(TimeSpan.FromHours(1));
        Assert.Equal(300, await CountAsync("PutItem", Put("tab", "a")));
    }

    [Fact]
    public async Task Large_items_are_paid_for_afterwards()
    {
        await CreateAsync("tab", 1, 1);
        string large = Put("tab", "a", X(4096));
        Assert.Equal(200, (await _door.SendAsync("PutItem", large)).Status);
        _time.Tick(TimeSpan.FromSeconds(4));
        AssertExceeded(await _door.SendAsync("PutItem", Put("tab", "b")));
        _time.Tick(TimeSpan.FromMilliseconds(1));

        // It replaces the large one and costs as much.
        Assert.Equal(200, (await _door.SendAsync("PutItem", Put("tab", "a"))).Status);
        _time.Tick(TimeSpan.FromSeconds(4));
        AssertExceeded(await _door.SendAsync("PutItem", Put("tab", "b")));
    }

    [Fact]
    public async Task An_eventual_read_costs_half()
    {
        await CreateAsync("tab", 2, 1);
        Assert.Equal(4, await CountAsync("GetItem", Key("tab", "a")));
        _time.Tick(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await CountAsync("GetItem", Key("tab", "a", ",\"ConsistentRead\":true")));
        DoorAnswer refused = await _door.SendAsync("GetItem", Key("tab", "a"));
        Assert.Equal((400, Prefix + OfTable + "\"}"), (refused.Status, refused.Body));
    }

    [Fact]
    public async Task Pages_are_refused_before_they_begin_and_paid_for_afterwards()
    {
        await CreateAsync("tab", 1, 100);
        for (int i = 0; i < 6; i++)
        {
            await _door.SendAsync("PutItem", Put("tab", $"{i}", X(4000)));
        }

        Assert.Equal(1, await CountAsync("Scan", """{"TableName":"tab"}"""));
        const string Query = """{"TableName":"tab","KeyConditionExpression":"id = :v","ExpressionAttributeValues":{":v":{"S":"1"}}}""";
        AssertExceeded(await _door.SendAsync("Query", Query));

        // 24 KB read eventually are 3 units, of which one was there.
        _time.Tick(TimeSpan.FromSeconds(2));
        AssertExceeded(await _door.SendAsync("Query", Query));
        _time.Tick(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await CountAsync("Query", Query));
    }

    [Fact]
    public async Task Global_indexes_have_units_of_their_own()
    {
        await CreateAsync("tab", 1, 10, indexRead: 2, indexWrite: 1);
        const string Scan = """{"TableName":"tab","IndexName":"byG"}""";
        Assert.Equal(4, await CountAsync("Scan", Scan));
        DoorAnswer read = await _door.SendAsync("Scan", Scan);
        Assert.Equal((400, Prefix + OfIndexes + "\"}"), (read.Status, read.Body));
        Assert.Equal(2, await CountAsync("GetItem", Key("tab", "a")));

        // Items that are not in the index cost it nothing.
        Assert.Equal(200, (await _door.SendAsync("PutItem", Put("tab", "a"))).Status);
        Assert.Equal(200, (await _door.SendAsync("PutItem", Put("tab", "b"))).Status);
        Assert.Equal(200, (await _door.SendAsync("PutItem", Put("tab", "c", ",\"g\":{\"S\":\"1\"}"))).Status);
        DoorAnswer write = await _door.SendAsync("PutItem", Put("tab", "d"));
        Assert.Equal((400, Prefix + OfIndexes + "\"}", "not-done"), (write.Status, write.Body, write["x-nines-outcome"]));
    }

    [Fact]
    public async Task Local_indexes_draw_on_their_table()
    {
        await _door.SendAsync(
            "CreateTable",
            """
            {"TableName":"tab","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"r","AttributeType":"S"},{"AttributeName":"n","AttributeType":"S"}],
            "KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":5},
            "LocalSecondaryIndexes":[{"IndexName":"byN","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}
            """);
        int puts = 0;
        while ((await _door.SendAsync("PutItem", Put("tab", "a", $",\"r\":{{\"S\":\"{puts}\"}},\"n\":{{\"S\":\"1\"}}"))).Status == 200)
        {
            puts++;
        }

        // Two units each, of five.
        Assert.Equal(3, puts);
        Assert.Equal(2, await CountAsync("Scan", """{"TableName":"tab","IndexName":"byN"}"""));
        AssertExceeded(await _door.SendAsync("Scan", """{"TableName":"tab","IndexName":"byN"}"""));
    }

    [Fact]
    public async Task A_batch_leaves_unprocessed_what_was_refused_and_is_refused_when_all_was()
    {
        await CreateAsync("tab", 2, 3);
        string puts = string.Join(",", Enumerable.Range(0, 5).Select(static i => "{\"PutRequest\":{\"Item\":" + Id(i) + "}}"));
        string writes = $$$"""{"RequestItems":{"tab":[{{{puts}}}]}}""";
        DoorAnswer written = await _door.SendAsync("BatchWriteItem", writes);
        Assert.Equal((200, 2), (written.Status, Occurrences(written.Body, "PutRequest")));
        DoorAnswer refused = await _door.SendAsync("BatchWriteItem", writes);
        Assert.Equal((400, Prefix + OfTable + "\"}", "not-done"), (refused.Status, refused.Body, refused["x-nines-outcome"]));

        string keys = string.Join(",", Enumerable.Range(0, 5).Select(Id));
        string gets = "{\"RequestItems\":{\"tab\":{\"Keys\":[" + keys + "],\"ConsistentRead\":true}}}";
        DoorAnswer read = await _door.SendAsync("BatchGetItem", gets);
        Assert.Equal((200, 3), (read.Status, Occurrences(read.Body[read.Body.IndexOf("UnprocessedKeys", StringComparison.Ordinal)..], "\"id\":{")));
        AssertExceeded(await _door.SendAsync("BatchGetItem", gets));
    }

    [Fact]
    public async Task A_transaction_is_cancelled_and_says_by_which_table()
    {
        await CreateAsync("tab", 4, 2);
        await CreateAsync("free", 100, 100);
        const string Writes = """{"TransactItems":[{"Put":{"TableName":"free","Item":{"id":{"S":"a"}}}},{"Put":{"TableName":"tab","Item":{"id":{"S":"a"}}}}]}""";

        // Twice a unit is all there is.
        Assert.Equal(200, (await _door.SendAsync("TransactWriteItems", Writes)).Status);
        DoorAnswer refused = await _door.SendAsync("TransactWriteItems", Writes);
        Assert.Equal(
            (400, "not-done", "{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\",\"CancellationReasons\":[{\"Code\":\"None\"},"
                + $"{{\"Code\":\"ProvisionedThroughputExceeded\",\"Message\":\"{OfTable}\"}}],\"Message\":\"Transaction cancelled, please refer cancellation reasons "
                + "for specific reasons [None, ProvisionedThroughputExceeded]\"}"),
            (refused.Status, refused["x-nines-outcome"], refused.Body));

        const string Gets = """{"TransactItems":[{"Get":{"TableName":"tab","Key":{"id":{"S":"a"}}}},{"Get":{"TableName":"free","Key":{"id":{"S":"a"}}}}]}""";
        Assert.Equal(2, await CountAsync("TransactGetItems", Gets));
        Assert.Contains("[ProvisionedThroughputExceeded, None]", (await _door.SendAsync("TransactGetItems", Gets)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_costs_global_indexes_twice_too()
    {
        await CreateAsync("tab", 1, 100, indexRead: 1, indexWrite: 5);
        string moved = Transaction(TransactPut("a", ",\"g\":{\"S\":\"1\"}"));

        // Two units for an entry that is new, none for one that stays, four for one that moves: of five.
        Assert.Equal(3, await CountAsync("TransactWriteItems", Transaction(TransactPut("a", ",\"g\":{\"S\":\"2\"}"), TransactPut("b")), most: 3));
        Assert.Equal(1, await CountAsync("TransactWriteItems", moved));
        DoorAnswer refused = await _door.SendAsync("TransactWriteItems", moved);
        Assert.Contains($"{{\"Code\":\"ProvisionedThroughputExceeded\",\"Message\":\"{OfIndexes}\"}}", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statements_are_held_to_it_like_what_they_come_to()
    {
        await CreateAsync("tab", 1, 1);
        await CreateAsync("free", 1, 1);
        Assert.Equal(200, (await _door.SendAsync("ExecuteStatement", """{"Statement":"INSERT INTO tab VALUE {'id': 'a'}"}""")).Status);
        AssertExceeded(await _door.SendAsync("ExecuteStatement", """{"Statement":"INSERT INTO tab VALUE {'id': 'b'}"}"""));
        DoorAnswer batch = await _door.SendAsync(
            "BatchExecuteStatement", """{"Statements":[{"Statement":"DELETE FROM free WHERE id = 'a'"},{"Statement":"DELETE FROM tab WHERE id = 'a'"}]}""");
        Assert.Equal(
            $"{{\"Responses\":[{{\"TableName\":\"free\"}},{{\"Error\":{{\"Code\":\"ProvisionedThroughputExceeded\",\"Message\":\"{OfTable}\"}},\"TableName\":\"tab\"}}]}}",
            batch.Body);
        DoorAnswer transaction = await _door.SendAsync("ExecuteTransaction", """{"TransactStatements":[{"Statement":"DELETE FROM tab WHERE id = 'a'"}]}""");
        Assert.Contains("[ProvisionedThroughputExceeded]", transaction.Body, StringComparison.Ordinal);
        Assert.Equal(2, await CountAsync("ExecuteStatement", """{"Statement":"SELECT * FROM tab"}"""));
        AssertExceeded(await _door.SendAsync("ExecuteStatement", """{"Statement":"SELECT * FROM tab"}"""));
    }

    [Fact]
    public async Task Another_rate_holds_at_once_here_and_soon_elsewhere()
    {
        await using var other = new EmbeddedTableEngine(_door.Replicated, _time, throughputNodes: 1);
        await CreateAsync("tab", 1, 1);
        Assert.Equal(1, await CountAsync("PutItem", Put("tab", "a")));
        Assert.Null((await PutAsync(other)).Error);
        Assert.Equal(TableError.ThroughputExceededType, (await PutAsync(other)).Error?.Type);
        await UpdateAsync("\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1,\"WriteCapacityUnits\":10}");
        _time.Tick(TimeSpan.FromMilliseconds(500));
        Assert.Equal(5, await CountAsync("PutItem", Put("tab", "a")));
        _time.Tick(TimeSpan.FromSeconds(1));
        Assert.Null((await PutAsync(other)).Error);
        _time.Tick(TimeSpan.FromSeconds(1));
        int others = 0;
        while ((await PutAsync(other)).Error is null)
        {
            others++;
        }

        Assert.InRange(others, 10, 11);
        await UpdateAsync("\"BillingMode\":\"PAY_PER_REQUEST\"");
        Assert.Equal(500, await CountAsync("PutItem", Put("tab", "a"), most: 500));
    }

    [Fact]
    public async Task A_node_gives_its_share()
    {
        await using DoorHost third = await DoorHost.StartAsync(time: _time, throughputNodes: 3);
        await CreateAsync("tab", 6, 3, door: third);
        Assert.Equal(1, await CountAsync("PutItem", Put("tab", "a"), door: third));
        Assert.Equal(2, await CountAsync("GetItem", Key("tab", "a", ",\"ConsistentRead\":true"), door: third));
        _time.Tick(TimeSpan.FromSeconds(10));
        Assert.Equal(10, await CountAsync("PutItem", Put("tab", "a"), door: third));
    }

    [Fact]
    public async Task A_table_of_the_same_name_begins_anew()
    {
        await CreateAsync("tab", 1, 1);
        Assert.Equal(1, await CountAsync("PutItem", Put("tab", "a")));
        await _door.SendAsync("DeleteTable", """{"TableName":"tab"}""");
        await CreateAsync("tab", 1, 4);
        Assert.Equal(4, await CountAsync("PutItem", Put("tab", "a")));
    }

    private static async Task<ItemResult> PutAsync(EmbeddedTableEngine engine) => await engine.ItemAsync(
        new ItemRequest { Operation = ItemOperation.Put, TableName = "tab", Item = Item.Of(("id", AttributeValue.Of("a"))) }, IndexRig.Call);

    private async Task UpdateAsync(string change) =>
        Assert.Equal(200, (await _door.SendAsync("UpdateTable", $$"""{"TableName":"tab",{{change}}}""")).Status);

    /// <summary>How often a request is done before it is refused.</summary>
    private async Task<int> CountAsync(string operation, string body, int most = 1000, DoorHost? door = null)
    {
        int done = 0;
        while (done < most && (await (door ?? _door).SendAsync(operation, body)).Status == 200)
        {
            done++;
        }

        return done;
    }

    private async Task CreateAsync(string name, int read, int write, int indexRead = 0, int indexWrite = 0, DoorHost? door = null)
    {
        string index = indexRead == 0 ? "" : ",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"byG\",\"KeySchema\":[{\"AttributeName\":\"g\",\"KeyType\":\"HASH\"}],"
            + $"\"Projection\":{{\"ProjectionType\":\"ALL\"}},{Units(indexRead, indexWrite)}}}]";
        string attributes = indexRead == 0 ? "" : ",{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}";
        DoorAnswer made = await (door ?? _door).SendAsync(
            "CreateTable",
            $"{{\"TableName\":\"{name}\",\"AttributeDefinitions\":[{{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}}{attributes}],"
                + $"\"KeySchema\":[{{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}}],{Units(read, write)}{index}}}");
        Assert.True(made.Status == 200, made.Body);
    }

    private static string Units(int read, int write) => $"\"ProvisionedThroughput\":{{\"ReadCapacityUnits\":{read},\"WriteCapacityUnits\":{write}}}";

    private static void AssertExceeded(DoorAnswer answer) =>
        Assert.Equal((400, Prefix + OfTable + "\"}", "not-done"), (answer.Status, answer.Body, answer["x-nines-outcome"]));

    private static string Transaction(params string[] operations) => "{\"TransactItems\":[" + string.Join(",", operations) + "]}";

    private static string TransactPut(string id, string more = "") => "{\"Put\":" + Put("tab", id, more) + "}";

    private static string Id(int i) => $"{{\"id\":{{\"S\":\"{i}\"}}}}";

    /// <summary>One more attribute, of so many bytes and its name.</summary>
    private static string X(int bytes) => $",\"x\":{{\"S\":\"{new string('x', bytes)}\"}}";

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;

    private static string Put(string table, string id, string more = "") => $$$"""{"TableName":"{{{table}}}","Item":{"id":{"S":"{{{id}}}"}{{{more}}}}}""";

    private static string Key(string table, string id, string more = "") => $$$"""{"TableName":"{{{table}}}","Key":{"id":{"S":"{{{id}}}"}}{{{more}}}}""";
}
