using Nines.Kernel;
using Nines.Tables.Engines;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Tests.Support;

namespace Nines.Tables.Tests.Engines;

/// <summary>An engine over groups in memory, a table with indexes, and the comparison of the two.</summary>
internal sealed class IndexRig : IAsyncDisposable
{
    public const string Table = "tab";

    public static readonly IndexShape ByGroup = Global("byGroup", "g", "n", ProjectionKind.All);
    public static readonly IndexShape ByTag = Global("byTag", "t", null, ProjectionKind.KeysOnly);
    public static readonly IndexShape ByNumber = Global("byNumber", "n", "t", ProjectionKind.Include) with { Included = ["x"] };
    public static readonly IndexShape ByRank = new(0, "byRank", IsGlobal: false, Key("h"), Key("n")) { Projection = ProjectionKind.KeysOnly };

    private readonly EmbeddedTableEngine _engine;
    private bool _isStopped;

    public IndexRig(int groups = 5)
    {
        Replicated = new MemoryReplicated(groups);
        _engine = new EmbeddedTableEngine(Replicated, Time);
        _engine.Start();
    }

    public MemoryReplicated Replicated { get; }

    public ManualTime Time { get; } = new();

    public EmbeddedTableEngine Engine => _engine;

    public static TableCall Call => new() { Timeout = TimeSpan.FromSeconds(1) };

    public static KeyAttribute Key(string name) => new(name, name == "n" ? AttributeType.Number : AttributeType.String);

    public static Item KeyOf(int i) => Item.Of(("h", AttributeValue.Of($"p{i % 7}")), ("r", AttributeValue.Of($"{i}")));

    public async Task CreateAsync(params IndexShape[] indexes)
    {
        string[] names = [.. indexes.SelectMany(static i => new[] { i.Hash.Name, i.Range?.Name ?? "h" }).Concat(["h", "r"]).Distinct()];
        TableResult result = await _engine.CreateTableAsync(
            new TableDescription
            {
                Name = Table,
                Hash = Key("h"),
                Range = Key("r"),
                Billing = BillingMode.PayPerRequest,
                Indexes = [.. indexes.Select(static i => new TableIndex(i))],
                Attributes = indexes.Length == 0 ? [] : [.. names.Select(Key)],
            },
            Call);
        Assert.Null(result.Error);
        Assert.Equal(TableStatus.Active, (await DescribeAsync()).Status);
    }

    public async Task<TableDescription> DescribeAsync() =>
        (await _engine.DescribeTableAsync(Table, Call)).Table ?? throw new InvalidOperationException("there is no table");

    public async Task<TableResult> AddAsync(IndexShape index) => await _engine.UpdateTableAsync(
        new TableUpdate(Table)
        {
            Indexes = [new IndexChange(index.Name) { Added = index }],
            Attributes = index.Range is { } range ? [index.Hash, range] : [index.Hash],
        },
        Call);

    public async Task<TableResult> RemoveAsync(string index) =>
        await _engine.UpdateTableAsync(new TableUpdate(Table) { Indexes = [new IndexChange(index) { IsRemoval = true }] }, Call);

    /// <summary>Puts or deletes an item out of a few, with attributes that are there or not.</summary>
    public async Task<ItemResult> WriteAsync(Prng prng, int keys = 60)
    {
        Item key = KeyOf(prng.Below(keys));
        if (prng.Chance(0.2))
        {
            return await SendAsync(ItemOperation.Delete, key);
        }

        var item = new ItemBuilder(6);
        item.Add("h", key["h"]!);
        item.Add("r", key["r"]!);
        foreach (string name in new[] { "g", "t", "x", "y" })
        {
            if (prng.Chance(0.7))
            {
                item.Add(name, AttributeValue.Of($"{name}{prng.Below(4)}"));
            }
        }

        if (prng.Chance(0.7))
        {
            item.Add("n", AttributeValue.Of(prng.Below(9) - 4));
        }

        return await SendAsync(ItemOperation.Put, item.Build());
    }

    public async Task<ItemResult> SendAsync(ItemOperation operation, Item item) =>
        await _engine.ItemAsync(new ItemRequest { Operation = operation, TableName = Table, Item = item }, Call);

    /// <summary>Lets time pass until nothing waits to be sent.</summary>
    public void Settle()
    {
        for (int i = 0; i < 200; i++)
        {
            Time.Tick(TimeSpan.FromSeconds(1));
            if (Waiting() == 0)
            {
                return;
            }
        }

        Assert.Fail($"{Waiting()} changes still wait");
    }

    public long Waiting() => Replicated.Groups.Sum(g => Outbox.SizeOf(Replicated.StateOf(g)).Entries);

    /// <summary>Entries of an index, whichever group has them.</summary>
    public List<(GroupId Group, string Key, byte[] Value)> EntriesOf(ulong tableId, ulong indexId)
    {
        var found = new List<(GroupId, string, byte[])>();
        foreach (GroupId group in Replicated.Groups)
        {
            using IOrderedCursor cursor = Replicated.StateOf(group).Range(
                Keyspace.OfIndexEntry(tableId, indexId, []), Keyspace.OfIndexEntry(tableId, indexId + 1, []));
            while (cursor.MoveNext())
            {
                found.Add((group, Convert.ToHexString(cursor.Key), cursor.Value.ToArray()));
            }
        }

        return found;
    }

    /// <summary>Every index has what a naive look at every item says, each entry where it belongs, and nothing else.</summary>
    public async Task AssertIndexesEqualTableAsync()
    {
        TableDescription row = await DescribeAsync();
        List<Item> items = await ScanAsync(null);
        foreach (TableIndex index in row.Indexes)
        {
            string[] wanted = [.. items.Where(i => IsIn(i, index.Shape)).Select(i => Shown(i, index.Shape)).Order(StringComparer.Ordinal)];
            List<Item> got = await ScanAsync(index.Shape.Name);
            Assert.Equal(wanted, got.Select(Print).Order(StringComparer.Ordinal));
            Assert.Equal(wanted.Length, EntriesOf(row.Id, index.Shape.Id).Count);
        }
    }

    public async Task<List<Item>> ScanAsync(string? index)
    {
        var items = new List<Item>();
        Item? start = null;
        do
        {
            PageResult page = await _engine.ScanAsync(new ScanRequest { TableName = Table, IndexName = index, StartKey = start, Limit = 7 }, Call);
            Assert.Null(page.Error);
            items.AddRange(page.Items.Select(Decoded));
            start = page.LastKey;
        }
        while (start is not null);

        return items;
    }

    public static Item Decoded(ReadOnlyMemory<byte> encoded)
    {
        Assert.True(ItemCodec.TryDecode(encoded, out Item item));
        return item;
    }

    /// <summary>The first node is gone. What it said last can still be asked of the groups.</summary>
    public async Task StopAsync()
    {
        if (!_isStopped)
        {
            _isStopped = true;
            await _engine.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    public static string Print(Item item)
    {
        var parts = new List<string>();
        for (int i = 0; i < item.Count; i++)
        {
            parts.Add($"{item.Names[i]}={Print(item.Values[i])}");
        }

        return string.Join(" ", parts.Order(StringComparer.Ordinal));
    }

    private static string Print(AttributeValue value) => value is NumberValue number ? number.Number.ToString()! : System.Text.Encoding.UTF8.GetString(((StringValue)value).Utf8.Span);

    private static bool IsIn(Item item, IndexShape index) => item[index.Hash.Name] is not null && (index.Range is not { } range || item[range.Name] is not null);

    private static string Shown(Item item, IndexShape index)
    {
        Item shown = item;
        foreach (string name in item.Names.ToArray())
        {
            bool isKey = name is "h" or "r" || name == index.Hash.Name || name == index.Range?.Name;
            bool isIncluded = index.Projection == ProjectionKind.All || (index.Projection == ProjectionKind.Include && index.Included.Contains(name));
            shown = isKey || isIncluded ? shown : shown.Without(name);
        }

        return Print(shown);
    }

    private static IndexShape Global(string name, string hash, string? range, ProjectionKind projection) =>
        new(0, name, IsGlobal: true, Key(hash), range is null ? null : Key(range)) { Projection = projection };
}
