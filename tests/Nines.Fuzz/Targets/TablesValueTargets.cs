using System.Text;
using System.Text.Json;
using Nines.Kernel;
using Nines.Tables.Model.Catalogue;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Machine;
using Nines.Tables.Model.Requests;
using Nines.Tables.Model.Values;
using Nines.Tables.Protocol;

namespace Nines.Fuzz.Targets;

/// <summary>Values, items, rows and expressions of the tables door, as texts and as bytes.</summary>
internal static class TablesValueTargets
{
    private const string ItemJson =
        """
        {"id":{"S":"aé\n😀"},"n":{"N":"-1.50e3"},"b":{"B":"AAEC/w=="},"l":{"L":[{"BOOL":true},{"NULL":true},{"N":"0"}]},
         "m":{"M":{"x":{"SS":["a","b"]},"y":{"NS":["1","2.5"]},"z":{"BS":["AA==","AQ=="]},"d":{"M":{"e":{"L":[]}}}}},"h":{"N":"99999999999999999999999999999999999999"}}
        """;

    private static readonly string[] JsonWords =
    [
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "\"S\"", "\"N\"", "\"M\"", "\"L\"", "\"SS\"", "{\"L\":[", "{\"M\":{\"a\":", "\\ud800",
        "\\u0000", "é", "1e-130", "9.9e125", "99999999999999999999", "\"\"", "=", "AA==",
    ];

    private static readonly string[] Conditions =
    [
        "attribute_not_exists(a.b[2]) AND (#a = :n OR size(b) > :m) AND NOT c BETWEEN :n AND :m",
        "a IN (:s, b, (c)) OR contains(l, :s) AND begins_with(s, :s) OR attribute_type(a, :N)",
        "(((a = b) AND (b <> c)) OR NOT (n >= :n)) AND attribute_exists(m.x)",
    ];

    private static readonly string[] Updates =
    [
        "SET a = :n, b.c[1] = if_not_exists(b, :n) + :m REMOVE d, e[0] ADD f :n, g :ss DELETE h :ss",
        "SET a = list_append(if_not_exists(a, :e), :l), #b = n - :n",
    ];

    private static readonly string[] Projections = ["id, b.c[2].d, #a, e[0], e[1]", "id"];

    private static readonly string[] Words =
    [
        "(", ")", "[", "]", ".", ",", "=", "<", ">", "<>", "<=", ">=", "+", "-", " ", "\t", "#a", ":n", ":s", "#", ":", "a", "_", "AND", "or", "NOT", "BETWEEN",
        "IN", "SET", "REMOVE", "ADD", "DELETE", "size(", "contains(", "0", "17", "99999999999", "é", "😀", "\0", "((((((((", "NOT NOT NOT ", "[0][1][2][3]",
    ];

    public static Item Item { get; } = ReadItem(Bytes.Of(ItemJson))!;

    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new("tables.number", () => new Decoder("tables.number", Numbers(), i => DynamoNumber.Parse(i, out _) == NumberFault.None)
        {
            Words = Bytes.OfAll("-", ".", "e", "E", "+", "0", "00000000000000000000", "99999999999999999999999", "e-130", "e125", "e99999999999"),
        }),
        new("tables.value.json", () => new Decoder("tables.value.json", Bytes.OfAll(ItemJson), TryItemJson) { Words = Bytes.OfAll(JsonWords), PerByte = 512 }),
        new("tables.item", () => new Decoder("tables.item", [EncodedItem()], TryItem) { PerByte = 512 }),
        new("tables.item.answer", () => new Decoder("tables.item.answer", [EncodedItem()], AnswerItem()) { PerByte = 512 }),
        new("tables.row", () => new Decoder("tables.row", [Bytes.Of(Row().Encode), Bytes.Of(RowWithSections().Encode)], i => TableDescription.TryDecode(i) is not null)),
        new("tables.streamrecord", () => new Decoder("tables.streamrecord", [Bytes.Of(Record().Encode)], i => StreamRecord.TryDecode(i) is not null)),
        new("tables.session", () => new Decoder("tables.session", Bytes.OfAll(Token(1), Token(9)), i => SessionToken.TryDecode(Encoding.UTF8.GetString(i)) is not null)),
        new("expression.condition", () => new Decoder("expression.condition", Bytes.OfAll(Conditions), TryCondition) { Words = Bytes.OfAll(Words), PerByte = 4096 }),
        new("expression.update", () => new Decoder("expression.update", Bytes.OfAll(Updates), TryUpdate) { Words = Bytes.OfAll(Words), PerByte = 4096 }),
        new("expression.projection", () => new Decoder("expression.projection", Bytes.OfAll(Projections), TryProjection) { Words = Bytes.OfAll(Words), PerByte = 4096 }),
        new("expression.names", () => new Decoder("expression.names", Bytes.OfAll(Names, Values), TryNames) { Words = Bytes.OfAll(JsonWords), PerByte = 1024 }),
        new("expression.bytes.condition", () => new Decoder("expression.bytes.condition", EncodedConditions(), DecodeCondition) { PerByte = 1024 }),
        new("expression.bytes.update", () => new Decoder("expression.bytes.update", EncodedUpdates(), DecodeUpdate) { PerByte = 1024 }),
        new("expression.bytes.projection", () => new Decoder("expression.bytes.projection", EncodedProjections(), DecodeProjection) { PerByte = 1024 }),
    ];

    private const string Names = """{"#a":"a","#b":"b","#c":"c d","#d":"[3]"}""";

    private const string Values =
        """
        {":s":{"S":"s"},":n":{"N":"5"},":m":{"N":"7"},":b":{"B":"AQID"},":l":{"L":[{"N":"5"}]},":o":{"M":{}},":ss":{"SS":["s"]},":N":{"S":"N"},":e":{"L":[]}}
        """;

    public static TableDescription Row() => new()
    {
        Name = "table", Id = 7, Uuid = 5, Hash = new KeyAttribute("id", AttributeType.String), Range = new KeyAttribute("r", AttributeType.Number),
        Billing = BillingMode.Provisioned, ReadCapacityUnits = 5, WriteCapacityUnits = 300, Class = TableClass.Standard, CreatedMs = 1000,
        Status = TableStatus.Active,
    };

    private static StreamRecord Record() => new(StreamEvent.Modify, 1000, new byte[] { 1, 2 })
    {
        IsByService = true, NewImage = EncodedItem(), OldImage = new byte[] { 3 },
    };

    public static TableDescription RowWithSections() => Row() with
    {
        Tags = TableTags.Of([new("a", ""), new("key", "value")]),
        Throughput = new(1, 2, 3),
        PayPerRequestSinceMs = 4,
        ClassChanges = new(6, 5),
        Streams = TableStreams.None.TryBegin(new LogIndex(9), StreamView.OldImage, 10)!.End(new LogIndex(11), 12).TryBegin(new LogIndex(13), StreamView.KeysOnly, 14)!,
        TimeToLive = new TimeToLive(15, TimeToLiveStatus.Enabled, "ttl"),
    };

    public static ExpressionContext Context()
    {
        var findings = default(JsonFindings);
        var names = new Utf8JsonReader(Bytes.Of(Names));
        names.Read();
        List<ExpressionName> nameList = ExpressionContext.ReadNames(ref names, ref findings);
        var values = new Utf8JsonReader(Bytes.Of(Values), AttributeValueJson.ReaderOptions);
        values.Read();
        return ExpressionContext.Create(nameList, ExpressionContext.ReadValues(ref values, ref findings)).Value!;
    }

    public static IReadOnlyList<byte[]> EncodedConditions() => [.. Conditions.Select(c => Bytes.Of(
        b => ExpressionCodec.Encode(ExpressionParser.ParseCondition(c, ExpressionKind.Condition, Context()).Value!, b)))];

    public static IReadOnlyList<byte[]> EncodedUpdates() =>
        [.. Updates.Select(u => Bytes.Of(b => ExpressionCodec.Encode(ExpressionParser.ParseUpdate(u, Context()).Value!, b)))];

    public static IReadOnlyList<byte[]> EncodedProjections() =>
        [.. Projections.Select(p => Bytes.Of(b => ExpressionCodec.Encode(ExpressionParser.ParseProjection(p, Context()).Value!, b)))];

    private static byte[] EncodedItem() => Bytes.Of(b => ItemCodec.Encode(Item, b));

    private static IReadOnlyList<byte[]> Numbers() =>
        Bytes.OfAll("0", "-1", "12.50", "1e10", "-9.9999999999999999999999999999999999999E+125", "1E-130", "+00012.3400e-5", "123456789012345678901234567890");

    private static string Token(int groups)
    {
        var token = new SessionToken();
        for (int i = 1; i <= groups; i++)
        {
            token.Observe(new GroupId(i), new LogIndex(i * 1000));
        }

        return token.Encode();
    }

    private static Item? ReadItem(byte[] json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, AttributeValueJson.ReaderOptions);
            if (!reader.Read())
            {
                return null;
            }

            var findings = default(JsonFindings);
            Item item = AttributeValueJson.ReadItem(ref reader, ref findings);
            return findings.IsClean ? item : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that is no Unicode: the door answers that once for the whole request.
            return null;
        }
    }

    private static bool TryItemJson(byte[] input)
    {
        if (ReadItem(input) is not { } item)
        {
            return false;
        }

        Invariant.Assert(ItemCodec.TryDecode(Bytes.Of(b => ItemCodec.Encode(item, b)), out Item again) && again.Equals(item));
        return true;
    }

    private static bool TryItem(byte[] input)
    {
        bool read = ItemCodec.TryDecode(input, out Item item);
        if (read)
        {
            _ = ItemSize.Of(item);
            Invariant.Assert(Bytes.Of(b => ItemCodec.Encode(item, b)).Length <= input.Length);
        }

        return read;
    }

    private static Func<byte[], bool> AnswerItem()
    {
        var request = new ItemRequest { Operation = ItemOperation.Get, TableName = "table", Item = Item };
        var buffer = new ByteBuffer();
        return input =>
        {
            buffer.Clear();
            return ResponseWriter.Item(buffer, request, input, 1, [new IndexUnits("index", IsGlobal: true, 1)]);
        };
    }

    private static bool TryCondition(byte[] input)
    {
        Parsed<Condition> parsed = ExpressionParser.ParseCondition(Encoding.UTF8.GetString(input), ExpressionKind.Condition, Context());
        _ = parsed.Value?.Evaluate(Item);
        if (parsed.Value is not null)
        {
            var reader = new ByteReader(Bytes.Of(b => ExpressionCodec.Encode(parsed.Value, b)).AsMemory());
            Invariant.Assert(ExpressionCodec.DecodeCondition(ref reader) is not null);
        }

        return parsed.IsOk;
    }

    private static bool TryUpdate(byte[] input)
    {
        Parsed<UpdateProgram> parsed = ExpressionParser.ParseUpdate(Encoding.UTF8.GetString(input), Context());
        _ = parsed.Value?.Apply(Item);
        if (parsed.Value is not null)
        {
            var reader = new ByteReader(Bytes.Of(b => ExpressionCodec.Encode(parsed.Value, b)).AsMemory());
            Invariant.Assert(ExpressionCodec.DecodeUpdate(ref reader) is not null);
        }

        return parsed.IsOk;
    }

    private static bool TryProjection(byte[] input)
    {
        Parsed<ProjectionPlan> parsed = ExpressionParser.ParseProjection(Encoding.UTF8.GetString(input), Context());
        _ = parsed.Value?.Apply(Item);
        return parsed.IsOk;
    }

    private static bool TryNames(byte[] input)
    {
        try
        {
            var findings = default(JsonFindings);
            var reader = new Utf8JsonReader(input, AttributeValueJson.ReaderOptions);
            if (!reader.Read())
            {
                return false;
            }

            if (input.Length % 2 == 0)
            {
                return ExpressionContext.Create(ExpressionContext.ReadNames(ref reader, ref findings), null).IsOk && findings.IsClean;
            }

            return ExpressionContext.Create(null, ExpressionContext.ReadValues(ref reader, ref findings)).IsOk && findings.IsClean;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool DecodeCondition(byte[] input)
    {
        var reader = new ByteReader(input.AsMemory());
        Condition? condition = ExpressionCodec.DecodeCondition(ref reader);
        Invariant.Assert(condition is null == reader.Failed);
        _ = condition?.Evaluate(Item);
        return condition is not null;
    }

    private static bool DecodeUpdate(byte[] input)
    {
        var reader = new ByteReader(input.AsMemory());
        UpdateProgram? update = ExpressionCodec.DecodeUpdate(ref reader);
        Invariant.Assert(update is null == reader.Failed);
        _ = update?.Apply(Item);
        return update is not null;
    }

    private static bool DecodeProjection(byte[] input)
    {
        var reader = new ByteReader(input.AsMemory());
        ProjectionPlan? plan = ExpressionCodec.DecodeProjection(ref reader);
        Invariant.Assert(plan is null == reader.Failed);
        _ = plan?.Apply(Item);
        return plan is not null;
    }
}
