using Nines.Kernel;
using Nines.Tables.Model;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Tests.Model;

/// <summary>One example of every format, byte for byte: docs/formats/tables.md. Never change a line; add one for a new version.</summary>
public sealed class GoldenTests
{
    private static readonly TableDescription Row = new()
    {
        Name = "abc",
        Id = 0x0102,
        Uuid = new UInt128(0x1111, 0x2222),
        Hash = new KeyAttribute("h", AttributeType.String),
        Range = new KeyAttribute("r", AttributeType.Number),
        RangeDefinedFirst = true,
        DeletionProtection = true,
        Billing = BillingMode.Provisioned,
        ReadCapacityUnits = 5,
        WriteCapacityUnits = 300,
        Class = TableClass.Standard,
        CreatedMs = 1000,
        Status = TableStatus.Active,
    };

    private const string RowHex = "0102020100000000000011110000000000002222000000000000036162630168010701720201" + "05AC0201E807";

    private static readonly TableDescription Tagged = Row with { Tags = TableTags.Of([new("b", "2"), new("a", "")]) };

    private const string PlainPart = "02" + "0201000000000000" + "1111000000000000" + "2222000000000000" + "03616263" + "016801" + "07" + "017202"
        + "01" + "05" + "AC02" + "01" + "E807";

    private const string TagsSection = "01" + "08" + "02" + "0161" + "00" + "0162" + "0132";

    private const string TaggedHex = "02" + PlainPart + "01" + TagsSection;

    private static readonly TableDescription Updated = Tagged with
    {
        Throughput = new(1, 300, 4),
        PayPerRequestSinceMs = 5,
        ClassChanges = new(7, 6),
    };

    private const string UpdatedHex = "02" + PlainPart + "04" + TagsSection + "02" + "04" + "01AC0204" + "03" + "01" + "05" + "04" + "02" + "0706";

    private static readonly IndexShape Index = new(0x0103, "idx", IsGlobal: true, new KeyAttribute("g", AttributeType.Binary), Row.Range)
    {
        Projection = ProjectionKind.Include,
        Included = ["p"],
    };

    private const string IndexHex = "8302" + "03696478" + "03" + "016703" + "017202" + "02" + "01" + "0170";

    private static readonly TableDescription Indexed = Row with
    {
        Revision = 0x0109,
        Attributes = [Row.Hash, Row.Range!.Value, Index.Hash],
        Indexes = [new TableIndex(Index) { Status = IndexStatus.Deleting, Units = new(5, 300), Throughput = new(1, 2, 3) }],
    };

    private const string IndexedHex = "02" + PlainPart + "02" + "05" + "23" + "03" + "016801" + "017202" + "016703" + "01" + IndexHex + "03" + "05AC02"
        + "010203" + "06" + "02" + "8902";

    private static readonly TableDescription Streamed = Row with
    {
        Streams = TableStreams.None.TryBegin(new LogIndex(0x0103), StreamView.OldImage, 300)!.End(new LogIndex(0x0104), 301)
            .TryBegin(new LogIndex(0x0105), StreamView.NewAndOldImages, 302)!,
        TimeToLive = new TimeToLive(0x0106, TimeToLiveStatus.Enabled, "e"),
    };

    private const string StreamedHex = "02" + PlainPart + "02" + "07" + "10" + "8502" + "02" + "8302" + "03" + "AC02AD02" + "8502" + "04" + "AE02" + "00"
        + "08" + "05" + "8602" + "02" + "0165";

    private static readonly StreamPlace Place = new(300, 2);

    private static readonly OutboxEntry Entry = new(300, 0x0102, [new IndexEdit(0x0103, [2, 1, 9], new byte[] { 1, 0 })]);

    private const string EntryHex = "01" + "AC02" + "8202" + "01" + "8302" + "03020109" + "020100";

    private static readonly OutboxNumber Number = new(new LogIndex(0x0201), 3);

    private static readonly Item Key = Item.Of(("h", AttributeValue.Of("k")), ("r", AttributeValue.Of(-7)));

    public static TheoryData<string, string, string> Commands => new()
    {
        { "row", RowHex, Hex(Row.Encode) },
        { "row with sections", TaggedHex, Hex(Tagged.Encode) },
        { "row with every section", UpdatedHex, Hex(Updated.Encode) },
        { "row with indexes", IndexedHex, Hex(Indexed.Encode) },
        { "row with streams and time to live", StreamedHex, Hex(Streamed.Encode) },
        { "update stream", "0106" + "03616263" + "80" + "04", Hex(b => TableCommand.UpdateTable(b, new TableUpdate("abc") { Stream = new StreamChange(StreamView.NewAndOldImages) })) },
        { "settle table", "011A" + "AC02" + "0201000000000000" + "03616263", Hex(b => ExpiryCommand.SettleTable(b, "abc", 0x0102, 300)) },
        { "finish time to live", "011B" + "AC02" + "0201000000000000" + "03616263", Hex(b => ExpiryCommand.FinishTimeToLive(b, "abc", 0x0102, 300)) },
        { "update time to live", "011C" + "03616263" + "0165" + "01", Hex(b => ExpiryCommand.UpdateTimeToLive(b, "abc", "e", true)) },
        { "fill expiry", "011D" + "0201000000000000" + "AC02" + "020105", Hex(b => ExpiryCommand.FillExpiry(b, 0x0102, 300, [1, 5])) },
        { "expire items", "011E", Hex(ExpiryCommand.ExpireItems) },
        { "due items", "0125" + "AC02" + "05", Hex(b => ExpiryCommand.DueItems(b, 300, 5)) },
        {
            "read stream", "0124" + "0201000000000000" + "8302" + "07" + "AC02" + "02" + "05" + "06",
            Hex(new StreamQuery(0x0102, 0x0103, 7, Place, 5, 6).Encode)
        },
        { "stream shard", "0127" + "0201000000000000" + "8302" + "07", Hex(b => StreamQuery.EncodeShard(b, 0x0102, 0x0103, 7)) },
        { "list streams", "0126" + "03616263" + "0162" + "0163" + "05" + "07", Hex(b => StreamQuery.EncodeList(b, "abc", ("b", "c"), 5, 7)) },
        {
            "answer records", "00" + "01" + "AC02" + "02" + "01" + "05" + "00" + "0109",
            Hex(b => StreamAnswer.WriteRecords(b, ShardState.CaughtUp, Place, [new PlacedRecord(new StreamPlace(5, 0), new byte[] { 9 })]))
        },
        { "answer shard", "00" + "01" + "01" + "0500" + "AC0202", Hex(b => StreamAnswer.WriteShard(b, true, (new StreamPlace(5, 0), Place))) },
        { "answer streams", "00" + "01" + "01" + "03616263" + "AC02", Hex(b => StreamAnswer.WriteList(b, true, [new ListedStream("abc", 300)])) },
        {
            "stream record", "01" + "02" + "07" + "AC02" + "0105" + "0106" + "0107",
            Hex(new StreamRecord(StreamEvent.Modify, 300, new byte[] { 5 }) { IsByService = true, NewImage = new byte[] { 6 }, OldImage = new byte[] { 7 } }.Encode)
        },
        {
            "update indexes", "0106" + "03616263" + "40" + "01" + "016703" + "03" + "01" + "03696478" + IndexHex + "01" + "05AC02" + "02" + "0161" + "01" + "0102"
                + "03" + "0162" + "00",
            Hex(b => TableCommand.UpdateTable(b, new TableUpdate("abc")
            {
                Attributes = [Index.Hash],
                Indexes =
                [
                    new IndexChange("idx") { Added = Index, Units = new(5, 300) }, new IndexChange("a") { Units = new(1, 2) },
                    new IndexChange("b") { IsRemoval = true },
                ],
            }))
        },
        {
            "apply index edits", "0113" + "05" + "01" + "00000000000002010003" + "0F" + EntryHex,
            Hex(new IndexBatch(new GroupId(5), [(Number, Entry)]).Encode)
        },
        { "trim outbox", "0114" + "00000000000002010003", Hex(b => TableCommand.TrimOutbox(b, Number)) },
        { "backfill index", "0115" + "0201000000000000" + "8302", Hex(b => TableCommand.BackfillIndex(b, 0x0102, 0x0103)) },
        { "clear index", "0116" + "0201000000000000" + "8302", Hex(b => TableCommand.ClearIndex(b, 0x0102, 0x0103)) },
        { "settle index", "0117" + "0201000000000000" + "03616263" + "8302" + "01", Hex(b => TableCommand.SettleIndex(b, "abc", 0x0102, 0x0103, true)) },
        { "read outbox", "0122" + "00000000000002010003" + "AC02", Hex(b => TableCommand.ReadOutbox(b, Number, 300)) },
        { "read shape", "0123" + "0201000000000000", Hex(b => TableCommand.ReadShape(b, 0x0102)) },
        {
            "page of an index", "0121" + "0201000000000000" + "30" + "8302" + "00" + "00" + "00" + "01" + "00",
            Hex(new PageQuery(0x0102, default, default, PageFlags.Fetch, 0, 1, []) { IndexId = 0x0103 }.Encode)
        },
        { "answer outbox", "00" + "AC02" + "07" + "01" + "01" + "00000000000002010003" + "0F" + EntryHex, Hex(new OutboxPage(300, 7, true, [(Number, Entry)]).Encode) },
        { "answer fill", "00" + "04" + "02" + "AC02", Hex(b => new FillAnswer(new LogIndex(300), false, true).Write(b, hasWork: true)) },
        { "answer item with costs", "00" + "0A" + "01" + "02" + "01" + "8302" + "AC02", Hex(b => TableAnswer.BeginItem(b, (1, 2), false, costs: [new IndexCost(0x0103, 300)])) },
        { "answer fetched page", "00" + "01" + "01" + "AC02" + "02" + "05" + "01", Hex(b => PageAnswer.Write(b, new PageTotals(1, 1, 300) { FetchedBytes = 5, FetchedUnits = 1 })) },
        { "index fill key", "10" + "0000000000000102" + "0000000000000103", Convert.ToHexString(Keyspace.OfIndexFill(0x0102, 0x0103)) },
        { "create", "0101" + RowHex, Hex(b => TableCommand.CreateTable(b, Row)) },
        { "activate", "0102" + "0201000000000000" + "03616263", Hex(b => TableCommand.ActivateTable(b, "abc", 0x0102)) },
        { "delete", "0103" + "03616263", Hex(b => TableCommand.DeleteTable(b, "abc")) },
        { "forget", "0104" + "0201000000000000" + "03616263", Hex(b => TableCommand.ForgetTable(b, "abc", 0x0102)) },
        {
            "change tags", "0105" + "03616263" + "01" + "0161" + "0131" + "02" + "0162" + "0163",
            Hex(b => TableCommand.ChangeTags(b, "abc", TableTags.Of([new("a", "1")]), ["b", "c"]))
        },
        {
            "update all", "0106" + "03616263" + "1F" + "01" + "05AC02" + "02",
            Hex(b => TableCommand.UpdateTable(b, new TableUpdate("abc")
            {
                Billing = BillingMode.Provisioned,
                Throughput = new(5, 300),
                Class = TableClass.InfrequentAccess,
                DeletionProtection = true,
            }))
        },
        { "update one", "0106" + "03616263" + "08", Hex(b => TableCommand.UpdateTable(b, new TableUpdate("abc") { DeletionProtection = false })) },
        { "register", "0110" + "0201000000000000" + "01" + "8202" + "016801" + "01" + "017202" + "00", Hex(b => TableCommand.RegisterTable(b, Row.Schema)) },
        { "drop", "0111" + "0201000000000000", Hex(b => TableCommand.DropTable(b, 0x0102)) },
        {
            "put", "0120" + "0201000000000000" + "04" + "01" + "0402016B01",
            Hex(b => TableCommand.BeginItem(b, TableCommandKind.PutItem, 0x0102, new ItemKey(513, [0x6B, 1]), ItemFlags.Measure, ReturnValues.AllOld))
        },
        { "get", "0120" + "0201000000000000" + "08" + "0302016B", Hex(b => TableCommand.GetItem(b, 0x0102, new ItemKey(513, [0x6B]), ItemFlags.Projection)) },
        {
            "page", "0121" + "0201000000000000" + "09" + "020201" + "020203" + "0A" + "808008" + "02" + "0168" + "0172",
            Hex(new PageQuery(0x0102, new byte[] { 2, 1 }, new byte[] { 2, 3 }, PageFlags.Reverse | PageFlags.CountOnly, 10, 1 << 17, ["h", "r"]).Encode)
        },
        { "describe", "0101" + "03616263", Hex(b => TableCommand.DescribeTable(b, "abc")) },
        { "list", "0102" + "03616263" + "64", Hex(b => TableCommand.ListTables(b, "abc", 100)) },
        { "pending", "0103", Hex(TableCommand.PendingTables) },
        { "partition", "0000000000000102" + "6B0001", Hex(b => KeyRules.Partition(Row.Schema, Key, b)) },
        { "partition and sort", "0000000000000102" + "6B0001" + "017DB8FF", Hex(b =>
            {
                KeyRules.Partition(Row.Schema, Key, b);
                KeyRules.Sort(Row.Schema, Key, b);
            })
        },
        { "answer row", "00" + RowHex, Hex(b => TableAnswer.Write(b, Row)) },
        { "answer item", "00" + "03" + "01" + "AC02", Hex(b => TableAnswer.BeginItem(b, (1, 300), true)) },
        { "answer more", "0001", Hex(b => TableAnswer.WriteMore(b, true)) },
        { "answer unknown table", "02", Hex(b => TableAnswer.Write(b, AnswerStatus.UnknownTable)) },
        { "answer page", "00" + "03" + "02" + "AC02" + "00" + "01FF", Hex(b => PageAnswer.Write(b, new PageTotals(3, 2, 300), [1, 0xFF])) },
        {
            "answer full page", "00" + "01" + "00" + "05" + "01" + "01010168" + "01016B",
            Hex(b => PageAnswer.Write(b, new PageTotals(1, 0, 5), default, Item.Of(("h", AttributeValue.Of("k")))))
        },
        { "answer error", "01" + "0174" + "016D" + "9003" + "00", Hex(b => TableAnswer.Write(b, new TableError("t", "m"))) },
        { "catalogue key", "01616263", Convert.ToHexString(Keyspace.CatalogueKey("abc")) },
        { "registration key", "020000000000000102", Hex(b => Fill(b, k => Keyspace.RegistrationKey(0x0102, k))) },
        { "item prefix", "030000000000000102", Hex(b => Fill(b, k => Keyspace.ItemPrefix(0x0102, k))) },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void Formats_stay_as_they_are(string name, string golden, string written) => Assert.Equal((name, golden), (name, written));

    [Fact]
    public void A_row_reads_back_as_it_was() => Assert.Equal(Row, TableDescription.TryDecode(Convert.FromHexString(RowHex)));

    [Fact]
    public void A_row_with_sections_reads_back_as_it_was()
    {
        Assert.Equal(Tagged, TableDescription.TryDecode(Convert.FromHexString(TaggedHex)));
        Assert.Equal(Updated, TableDescription.TryDecode(Convert.FromHexString(UpdatedHex)));
    }

    [Fact]
    public void A_row_with_indexes_reads_back_as_it_was()
    {
        TableDescription? read = TableDescription.TryDecode(Convert.FromHexString(IndexedHex));
        Assert.NotNull(read);
        Assert.Equal(IndexedHex, Hex(read.Encode));
        Assert.Equal(0x0109UL, read.Shape.Revision);
        Assert.Empty(read.Shape.Indexes);
    }

    [Fact]
    public void A_row_with_streams_reads_back_as_it_was() => Assert.Equal(Streamed, TableDescription.TryDecode(Convert.FromHexString(StreamedHex)));

    [Theory]
    [InlineData("01" + "7F" + "00", "a kind of section that nobody knows")]
    [InlineData("01" + "01" + "09" + "02" + "0161" + "00" + "0162" + "013200", "a section with something behind it")]
    [InlineData("01" + "01" + "08" + "02" + "0162" + "00" + "0161" + "0132", "keys out of order")]
    [InlineData("01" + "01" + "08" + "02" + "0161" + "00" + "0161" + "0132", "a key twice")]
    [InlineData("02" + "01" + "04" + "01" + "0161" + "00" + "01" + "04" + "01" + "0161" + "00", "a section twice")]
    [InlineData("01" + "01" + "08" + "02" + "0161" + "00" + "0162", "cut off")]
    [InlineData("02" + "03" + "01" + "05" + "02" + "04" + "01AC0204", "sections out of order")]
    public void Sections_that_are_not_right_make_no_row(string sections, string what)
    {
        Assert.True(TableDescription.TryDecode(Convert.FromHexString("02" + PlainPart + sections)) is null, what);
    }

    private delegate void KeyWriter(Span<byte> key);

    private static void Fill(ByteBuffer buffer, KeyWriter write)
    {
        Span<byte> key = stackalloc byte[9];
        write(key);
        buffer.Raw(key);
    }

    private static string Hex(Action<ByteBuffer> write)
    {
        var buffer = new ByteBuffer();
        write(buffer);
        return Convert.ToHexString(buffer.Written);
    }
}
