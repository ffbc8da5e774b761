using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Machine.Transactions;
using Nines.Tables.Model.Values;

namespace Nines.Fuzz.Targets;

/// <summary>Commands, queries and answers of the tables machine.</summary>
internal static class TablesMachineTargets
{
    private const ulong Table = 7;

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("tables.command", () => new MachineTarget("tables.command", new TablesMachine(), Commands(), Commands(), 500)),
        new("tables.answer", () => new Decoder("tables.answer", Answers(), TryAnswer) { PerByte = 1024 }),
    ];

    public static IReadOnlyList<byte[]> Commands()
    {
        TableDescription row = TablesValueTargets.Row();
        var keyBytes = new ByteBuffer();
        KeyEncoding.Key(AttributeValue.Of("a"), AttributeValue.Of(1), keyBytes);
        byte[] key = keyBytes.ToArray();
        Item keyItem = Item.Of(("id", AttributeValue.Of("a")), ("r", AttributeValue.Of(1)));
        Item item = Item.Of(("id", AttributeValue.Of("a")), ("r", AttributeValue.Of(1)), ("v", AttributeValue.Of(5)), ("l", new ListValue([])));
        byte[] condition = TablesValueTargets.EncodedConditions()[2];
        byte[] update = TablesValueTargets.EncodedUpdates()[1];
        return
        [
            Bytes.Of(b => TableCommand.RegisterTable(b, row.Schema)),
            Bytes.Of(b => Put(b, key, item, ItemFlags.Measure, [])),
            Bytes.Of(b => Put(b, key, item, ItemFlags.Condition | ItemFlags.ReturnItemOnFailure, condition)),
            Bytes.Of(b => Write(b, TableCommandKind.UpdateItem, key, keyItem, ItemFlags.Update | ItemFlags.Measure, update, ReturnValues.UpdatedNew)),
            Bytes.Of(b => Write(b, TableCommandKind.UpdateItem, key, keyItem, ItemFlags.None, [], ReturnValues.AllNew)),
            Bytes.Of(b => Write(b, TableCommandKind.DeleteItem, key, null, ItemFlags.None, [], ReturnValues.AllOld)),
            Bytes.Of(b => TableCommand.CreateTable(b, row)), Bytes.Of(b => TableCommand.ActivateTable(b, "table", Table)),
            Bytes.Of(b => TableCommand.DeleteTable(b, "table")), Bytes.Of(b => TableCommand.ForgetTable(b, "table", Table)),
            Bytes.Of(b => TableCommand.CreateTable(b, TablesValueTargets.RowWithSections() with { Name = "tagged" })), Bytes.Of(b => TableCommand.ActivateTable(b, "tagged", 8)),
            Bytes.Of(b => TableCommand.UpdateTable(b, new("tagged") { Billing = BillingMode.Provisioned, Throughput = new(1, 9), DeletionProtection = true })),
            Bytes.Of(b => TableCommand.UpdateTable(b, new("tagged") { Class = TableClass.InfrequentAccess })),
            Bytes.Of(b => TableCommand.ChangeTags(b, "tagged", TableTags.Of([new("a", "b"), new("c", "")]), ["key"])),
            Bytes.Of(b => TableCommand.CreateTable(b, row with { Name = "other" })), Bytes.Of(b => TableCommand.DropTable(b, 8)),
            Bytes.Of(b => TableCommand.GetItem(b, Table, new ItemKey(7, key), ItemFlags.None)),
            Bytes.Of(b =>
            {
                TableCommand.GetItem(b, Table, new ItemKey(7, key), ItemFlags.Projection);
                b.Raw(TablesValueTargets.EncodedProjections()[0]);
            }),
            Bytes.Of(new PageQuery(Table, Array.Empty<byte>(), Array.Empty<byte>(), PageFlags.Reverse, 3, 1 << 17, ["id", "r"])
            {
                Filter = new Existence(DocumentPath.Of("id"), true),
                Projection = ProjectionPlan.OfAttributes(["id", "v"]),
            }.Encode),
            Bytes.Of(new PageQuery(Table, new byte[] { 0, 7 }, new byte[] { 0, 8 }, PageFlags.CountOnly, 0, PageQuery.BytesMax, ["id", "r"]).Encode),
            .. IndexCommands(row, key, item),
            .. StreamAndExpiryCommands(row, key, item),
            .. TransactionCommands(key, item, condition),
            Bytes.Of(b => TableCommand.DescribeTable(b, "table")), Bytes.Of(b => TableCommand.ListTables(b, "", 10)), Bytes.Of(TableCommand.PendingTables),
        ];
    }

    private static IEnumerable<byte[]> IndexCommands(TableDescription row, byte[] key, Item item)
    {
        var local = new IndexShape(2561, "local", IsGlobal: false, row.Hash, new KeyAttribute("v", AttributeType.Number)) { Projection = ProjectionKind.KeysOnly };
        var global = new IndexShape(2562, "global", IsGlobal: true, new KeyAttribute("v", AttributeType.Number), null) { Projection = ProjectionKind.Include, Included = ["l"] };
        var number = new OutboxNumber(new LogIndex(5), 1);
        var entry = new OutboxEntry(7, Table, [new IndexEdit(2562, [0, 7, 2, 0, 7, 97], EncodedItem(item)), new IndexEdit(2561, [0, 7, 1], default)]);
        return
        [
            Bytes.Of(b => TableCommand.RegisterTable(b, Table, row.Shape with { Revision = 10, Indexes = [local, global] })),
            Bytes.Of(b => Put(b, key, item, ItemFlags.Measure, [])),
            Bytes.Of(b => TableCommand.BackfillIndex(b, Table, 2562)), Bytes.Of(b => TableCommand.ClearIndex(b, Table, 2563)),
            Bytes.Of(new IndexBatch(new GroupId(3), [(number, entry)]).Encode), Bytes.Of(b => TableCommand.TrimOutbox(b, number)),
            Bytes.Of(b => TableCommand.SettleIndex(b, "tagged", 8, 2562, false)),
            Bytes.Of(b => TableCommand.UpdateTable(b, new("tagged")
            {
                Attributes = [global.Hash], Indexes = [new IndexChange("global") { Added = global, Units = new(1, 2) }, new IndexChange("x") { IsRemoval = true }],
            })),
            Bytes.Of(b => TableCommand.ReadOutbox(b, OutboxNumber.None, 1000)), Bytes.Of(b => TableCommand.ReadShape(b, Table)),
            Bytes.Of(new PageQuery(Table, default, default, PageFlags.Fetch, 2, 1 << 17, ["id", "r", "v"]) { IndexId = 2561 }.Encode),
        ];
    }

    private static IEnumerable<byte[]> StreamAndExpiryCommands(TableDescription row, byte[] key, Item item)
    {
        TableShape shape = row.Shape with { Revision = 20, Stream = new StreamShape(12, StreamView.NewAndOldImages), ExpiryAttribute = "v" };
        return
        [
            Bytes.Of(b => TableCommand.RegisterTable(b, Table, shape)),
            Bytes.Of(b => Put(b, key, item, ItemFlags.Measure, [])),
            Bytes.Of(b => ExpiryCommand.UpdateTimeToLive(b, "tagged", "v", true)), Bytes.Of(b => ExpiryCommand.SettleTable(b, "tagged", 8, 8)),
            Bytes.Of(b => ExpiryCommand.FinishTimeToLive(b, "tagged", 8, 8)), Bytes.Of(b => ExpiryCommand.FillExpiry(b, Table, 20, [])),
            Bytes.Of(ExpiryCommand.ExpireItems), Bytes.Of(b => ExpiryCommand.DueItems(b, 1000, 10)),
            Bytes.Of(b => TableCommand.UpdateTable(b, new("tagged") { Stream = new StreamChange(StreamView.KeysOnly) })),
            Bytes.Of(new StreamQuery(Table, 12, 0, StreamPlace.Start, 10, 1000).Encode), Bytes.Of(b => StreamQuery.EncodeShard(b, Table, 12, 0)),
            Bytes.Of(b => StreamQuery.EncodeList(b, "", ("", ""), 10, 0)),
        ];
    }

    private static byte[] EncodedItem(Item item) => Bytes.Of(b => ItemCodec.Encode(item, b));

    private static byte[][] TransactionCommands(byte[] key, Item item, byte[] condition)
    {
        var first = new TransactionId(1, 2);
        var second = new TransactionId(3, 4);
        ReadOnlyMemory<byte>[] operations =
        [
            Bytes.Of(b => Put(b, key, item, ItemFlags.Measure, [])),
            Bytes.Of(b => Write(b, TableCommandKind.CheckItem, [.. key, 1], null, ItemFlags.Condition, condition, ReturnValues.None)),
        ];
        return
        [
            Bytes.Of(b => TransactionCommand.Transact(b, first, TransactionFlags.All, 5, operations)),
            Bytes.Of(b => TransactionCommand.Prepare(b, second, TransactionFlags.Measured, [operations[0]])),
            Bytes.Of(b => TransactionCommand.Decide(b, second, 6, [new(1), new(2)])),
            Bytes.Of(b => TransactionCommand.End(b, second, true)),
            Bytes.Of(b => TransactionCommand.Resolve(b, new(3, 5))),
            Bytes.Of(b => TransactionCommand.Finish(b, [second])),
            Bytes.Of(b =>
            {
                TransactionCommand.BeginRead(b, 1);
                b.Fixed64(Table);
                b.Byte((byte)ItemFlags.Projection);
                new ItemKey(7, key).Write(b);
                b.Raw(TablesValueTargets.EncodedProjections()[0]);
            }),
            Bytes.Of(b =>
            {
                TransactionCommand.BeginUnchanged(b, new(3), 1);
                b.Fixed64(Table);
                new ItemKey(7, key).Write(b);
            }),
            Bytes.Of(b => TransactionCommand.FindDecision(b, 1)), Bytes.Of(TransactionCommand.OpenTransactions),
        ];
    }

    private static void Put(ByteBuffer b, byte[] key, Item item, ItemFlags flags, byte[] condition) =>
        Write(b, TableCommandKind.PutItem, key, item, flags, condition, ReturnValues.AllOld);

    private static void Write(
        ByteBuffer b, TableCommandKind kind, byte[] key, Item? item, ItemFlags flags, byte[] expressions, ReturnValues returns)
    {
        TableCommand.BeginItem(b, kind, Table, new ItemKey(7, key), flags, returns);
        b.Raw(expressions);
        if (item is not null)
        {
            ItemCodec.Encode(item, b);
        }
    }

    private static IReadOnlyList<byte[]> Answers() =>
    [
        Bytes.Of(b => TableAnswer.Write(b, TableError.ConditionalCheckFailed(TablesValueTargets.Item))),
        Bytes.Of(b => TableAnswer.Write(b, TablesValueTargets.Row())),
        Bytes.Of(b =>
        {
            TableAnswer.BeginItem(b, (100, 2000), true);
            ItemCodec.Encode(TablesValueTargets.Item, b);
        }),
        Bytes.Of(b => TableAnswer.WriteMore(b, true)),
        Bytes.Of(b => StreamAnswer.WriteRecords(b, ShardState.More, new StreamPlace(5, 1), [new PlacedRecord(new StreamPlace(4, 0), new byte[] { 1, 2 })])),
        Bytes.Of(b => StreamAnswer.WriteShard(b, true, (new StreamPlace(5, 1), new StreamPlace(6, 0)))),
        Bytes.Of(b => StreamAnswer.WriteList(b, true, [new ListedStream("table", 1000)])),
        Bytes.Of(b => TableAnswer.BeginItem(b, (1, 2), false, hasWork: true, [new IndexCost(2562, 3)])),
        Bytes.Of(new OutboxPage(3, 400, true, [(new OutboxNumber(new LogIndex(5), 1), new OutboxEntry(7, Table, [new IndexEdit(2562, [0, 7, 1], default)]))]).Encode),
        Bytes.Of(b => new FillAnswer(new LogIndex(9), true, false).Write(b, hasWork: true)),
        Bytes.Of(b => PageAnswer.Write(b, new PageTotals(3, 2, 300) { FetchedBytes = 200, FetchedUnits = 2 }, [1, 1])),
        Bytes.Of(b => PageAnswer.Write(b, new PageTotals(3, 2, 300), [1, 1, 2, 1, 1], TablesValueTargets.Item)),
        Bytes.Of(b =>
        {
            TableAnswer.WriteMore(b, true);
            b.Count(2);
            b.Text("table");
            b.Text("other");
        }),
    ];

    private static bool TryAnswer(byte[] input)
    {
        bool any = TableAnswer.TryReadError(input) is not null;
        any |= TableAnswer.TryReadItem(input, out _, out _, out _);
        any |= TableAnswer.TryReadRow(input) is not null;
        any |= TableAnswer.TryReadRows(input) is not null;
        any |= TableAnswer.TryReadNames(input) is not null;
        any |= TableAnswer.TryReadMore(input) is not null;
        any |= PageAnswer.TryRead(input, [], out _, out _);
        any |= OutboxPage.TryDecode(input) is not null;
        any |= StreamAnswer.TryReadRecords(input, [], out _, out _);
        any |= StreamAnswer.TryReadShard(input, out _, out _);
        any |= StreamAnswer.TryReadList(input) is not null;
        any |= ExpiryCommand.TryReadFilled(input) is not null;
        any |= ExpiryCommand.TryReadExpired(input) is not null;
        any |= ExpiryCommand.TryReadDue(input) is not null;
        any |= FillAnswer.TryRead(input) is not null;
        any |= TableAnswer.TryReadShape(input) is not null;
        any |= TableAnswer.TryReadUnknown(input) is not null;
        _ = TableAnswer.StatusOf(input);
        return any;
    }
}
