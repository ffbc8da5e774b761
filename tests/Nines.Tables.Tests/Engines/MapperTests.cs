using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.DataModel;
using Amazon.DynamoDBv2.DocumentModel;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>The object mapper of the AWS SDK for .NET, which still sends many of the older parameters, against the door.</summary>
public sealed class MapperTests : IAsyncLifetime
{
    private DoorHost _door = null!;
    private AmazonDynamoDBClient _client = null!;
    private DynamoDBContext _context = null!;

    public async ValueTask InitializeAsync()
    {
        _door = await DoorHost.StartAsync();
        await _door.CreateTableAsync("orders", "customer:S", "number:N");
        _client = new AmazonDynamoDBClient(
            new BasicAWSCredentials("key", "secret"),
            new AmazonDynamoDBConfig { ServiceURL = _door.Address, AuthenticationRegion = "us-east-1", MaxErrorRetry = 2 });
        _context = new DynamoDBContextBuilder().WithDynamoDBClient(() => _client).Build();
    }

    public async ValueTask DisposeAsync()
    {
        _context.Dispose();
        _client.Dispose();
        await _door.DisposeAsync();
    }

    [Fact]
    public async Task An_object_comes_back_as_it_was_and_goes()
    {
        var order = new Order
        {
            Customer = "a", Number = 7, Total = 12.34m, Placed = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), IsPaid = true,
            Lines = [new Line { Product = "tea", Count = 2 }, new Line { Product = "cup", Count = 1 }], Labels = ["new", "gift"],
        };
        await _context.SaveAsync(order);
        Order loaded = await _context.LoadAsync<Order>("a", 7, new LoadConfig { ConsistentRead = true });
        Assert.Equal(
            (order.Customer, order.Number, order.Total, order.Placed, order.IsPaid),
            (loaded.Customer, loaded.Number, loaded.Total, loaded.Placed.ToUniversalTime(), loaded.IsPaid));
        Assert.Equal(order.Lines.Select(static l => (l.Product, l.Count)), loaded.Lines.Select(static l => (l.Product, l.Count)));
        Assert.Equal(order.Labels.Order(), loaded.Labels.Order());
        await _context.DeleteAsync(loaded);
        Assert.Null(await _context.LoadAsync<Order>("a", 7));
    }

    [Fact]
    public async Task A_version_that_is_old_is_refused()
    {
        await _context.SaveAsync(new Order { Customer = "v", Number = 1, Total = 1 });
        Order mine = await _context.LoadAsync<Order>("v", 1);
        Order theirs = await _context.LoadAsync<Order>("v", 1);
        theirs.Total = 2;
        await _context.SaveAsync(theirs);
        mine.Total = 3;
        await Assert.ThrowsAsync<ConditionalCheckFailedException>(() => _context.SaveAsync(mine));
        Assert.Equal(2, (await _context.LoadAsync<Order>("v", 1)).Total);
    }

    [Fact]
    public async Task Queries_scans_batches_and_transactions()
    {
        IBatchWrite<Order> batch = _context.CreateBatchWrite<Order>(new BatchWriteConfig { SkipVersionCheck = true });
        batch.AddPutItems(Enumerable.Range(0, 40).Select(static i => new Order { Customer = i < 30 ? "b" : "c", Number = i, Total = i }));
        await batch.ExecuteAsync();

        List<Order> some = await _context.QueryAsync<Order>("b", QueryOperator.Between, [10, 19]).GetRemainingAsync();
        Assert.Equal(Enumerable.Range(10, 10), some.Select(static o => o.Number));
        List<Order> dear = await _context.ScanAsync<Order>([new ScanCondition("Total", ScanOperator.GreaterThan, 34m)]).GetRemainingAsync();
        Assert.Equal(Enumerable.Range(35, 5), dear.Select(static o => o.Number).Order());

        IBatchGet<Order> gets = _context.CreateBatchGet<Order>();
        gets.AddKey("b", 3);
        gets.AddKey("c", 33);
        gets.AddKey("c", 3);
        await gets.ExecuteAsync();
        Assert.Equal([3, 33], gets.Results.Select(static o => o.Number).Order());

        ITransactWrite<Order> write = _context.CreateTransactWrite<Order>();
        write.AddSaveItem(new Order { Customer = "t", Number = 1, Total = 5 });
        write.AddDeleteKey("b", 3);
        await _context.ExecuteTransactWriteAsync([write]);
        ITransactGet<Order> read = _context.CreateTransactGet<Order>();
        read.AddKey("t", 1);
        read.AddKey("b", 3);
        await read.ExecuteAsync();
        Assert.Equal([5m], read.Results.Select(static o => o.Total));
    }

    [DynamoDBTable("orders")]
    private sealed class Order
    {
        [DynamoDBHashKey("customer")]
        public string Customer { get; set; } = "";

        [DynamoDBRangeKey("number")]
        public int Number { get; set; }

        public decimal Total { get; set; }

        public DateTime Placed { get; set; }

        public bool IsPaid { get; set; }

        public List<Line> Lines { get; set; } = [];

        public HashSet<string> Labels { get; set; } = [];

        [DynamoDBVersion]
        public int? Version { get; set; }
    }

    private sealed class Line
    {
        public string Product { get; set; } = "";

        public int Count { get; set; }
    }
}
