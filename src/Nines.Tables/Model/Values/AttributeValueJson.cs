using System.Text.Json;

namespace Nines.Tables.Model.Values;

/// <summary>
/// What reading values out of a request found. DynamoDB reads the whole request before it validates any of it: so a wrong shape
/// ends the reading at once, while an invalid value is only noted, to be reported when its turn in the validation comes.
/// </summary>
public struct JsonFindings
{
    /// <summary>The JSON has a wrong shape: reading stopped, answer this.</summary>
    public TableError? Malformed { get; set; }

    /// <summary>The first invalid value's message; the values that were read must not be used.</summary>
    public string? Invalid { get; set; }

    /// <summary>Nothing is wrong.</summary>
    public readonly bool IsClean => Malformed is null && Invalid is null;
}

/// <summary>
/// Attribute values from DynamoDB's JSON: <c>{"S": "text"}</c>. The readers here start on the value's first token and end on its
/// last. They are given a <see cref="Utf8JsonReader"/> over contiguous, final bytes with <see cref="ReaderOptions"/>; JSON that is
/// not JSON makes that reader throw, which the door catches once around the whole request.
/// </summary>
public static partial class AttributeValueJson
{
    /// <summary>Deep enough for every legal value: each level takes two or three levels of JSON.</summary>
    public static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 256 };

    internal const string TooDeep = "Nesting Levels have exceeded supported limits: "
        + "Attributes in the item have nested levels beyond supported limit";

    private const string Prefix = "One or more parameter values were invalid: ";

    // The order in which DynamoDB looks at the members of a value that has several.
    private const int RankString = 0;
    private const int RankBinary = 1;
    private const int RankNumber = 2;
    private const int RankBoolean = 3;
    private const int RankNull = 4;
    private const int RankBinarySet = 5;
    private const int RankNumberSet = 6;
    private const int RankStringSet = 7;
    private const int RankList = 8;
    private const int RankMap = 9;
    private const int RankNone = 10;

    /// <summary>Reads a map of names to attribute values: an item, a key.</summary>
    public static Item ReadItem(ref Utf8JsonReader reader, ref JsonFindings findings) =>
        ReadEntries(ref reader, ref findings, 1);

    /// <summary>Reads one attribute value.</summary>
    public static AttributeValue ReadValue(ref Utf8JsonReader reader, ref JsonFindings findings) =>
        ReadValue(ref reader, ref findings, 1);

    private static Item ReadEntries(ref Utf8JsonReader reader, ref JsonFindings findings, int depth)
    {
        if (!JsonShapes.ExpectMap(ref reader, "AttributeValue", ref findings))
        {
            return Item.Empty;
        }

        ItemBuilder? builder = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? name = JsonShapes.Name(ref reader, ref findings);
            if (name is null)
            {
                return Item.Empty;
            }

            findings.Invalid ??= AttributeNames.Check(name);
            reader.Read();
            AttributeValue value = ReadValue(ref reader, ref findings, depth);
            if (findings.Malformed is not null)
            {
                return Item.Empty;
            }

            builder ??= new ItemBuilder();
            builder.Add(name, value);
        }

        return builder is null ? Item.Empty : builder.Build();
    }

    private static AttributeValue ReadValue(ref Utf8JsonReader reader, ref JsonFindings findings, int depth)
    {
        if (depth > TableLimits.NestingLevelsMax)
        {
            findings.Invalid ??= TooDeep;
            reader.Skip();
            return NullValue.Instance;
        }

        if (reader.TokenType == JsonTokenType.Null)
        {
            findings.Invalid ??= "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
            return NullValue.Instance;
        }

        if (!JsonShapes.ExpectStructure(ref reader, "AttributeValue", ref findings))
        {
            return NullValue.Instance;
        }

        AttributeValue? value = null;
        string? invalid = null;
        int invalidRank = RankNone;
        int present = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int rank = RankOf(ref reader);
            reader.Read();
            if (rank == RankNone || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }

            var own = new JsonFindings();
            value = ReadContent(ref reader, rank, ref own, depth);
            if (own.Malformed is not null)
            {
                findings.Malformed = own.Malformed;
                return NullValue.Instance;
            }

            present |= 1 << rank;
            if (own.Invalid is not null && rank < invalidRank)
            {
                invalid = own.Invalid;
                invalidRank = rank;
            }
        }

        findings.Invalid ??= invalid ?? JudgeMembers(present);
        return value ?? NullValue.Instance;
    }

    private static string? JudgeMembers(int present)
    {
        if (present == 0)
        {
            return "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
        }

        return (present & (present - 1)) == 0
            ? null
            : "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
    }

    private static int RankOf(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> name = reader.ValueSpan;
        switch (name.Length)
        {
            case 1:
                return name[0] switch
                {
                    (byte)'S' => RankString,
                    (byte)'N' => RankNumber,
                    (byte)'B' => RankBinary,
                    (byte)'M' => RankMap,
                    (byte)'L' => RankList,
                    _ => RankNone,
                };
            case 2 when name[1] == 'S':
                return name[0] switch
                {
                    (byte)'S' => RankStringSet,
                    (byte)'N' => RankNumberSet,
                    (byte)'B' => RankBinarySet,
                    _ => RankNone,
                };
            case 4 when name.SequenceEqual("BOOL"u8):
                return RankBoolean;
            case 4 when name.SequenceEqual("NULL"u8):
                return RankNull;
            default:
                return RankNone;
        }
    }

    private static AttributeValue ReadContent(ref Utf8JsonReader reader, int rank, ref JsonFindings findings, int depth)
    {
        switch (rank)
        {
            case RankString:
                return JsonShapes.Text(ref reader, ref findings, out ReadOnlyMemory<byte> text)
                    ? new StringValue(text)
                    : NullValue.Instance;
            case RankNumber:
                return ReadNumber(ref reader, ref findings, out DynamoNumber number)
                    ? new NumberValue(number)
                    : NullValue.Instance;
            case RankBinary:
                return ReadBlob(ref reader, ref findings, out byte[] blob) ? new BinaryValue(blob) : NullValue.Instance;
            case RankBoolean:
                return BooleanValue.Of(JsonShapes.Truth(ref reader, ref findings));
            case RankNull:
                if (!JsonShapes.Truth(ref reader, ref findings))
                {
                    findings.Invalid = Prefix + "Null attribute value types must have the value of true";
                }

                return NullValue.Instance;
            case RankStringSet:
                return ReadStringSet(ref reader, ref findings);
            case RankNumberSet:
                return ReadNumberSet(ref reader, ref findings);
            case RankBinarySet:
                return ReadBinarySet(ref reader, ref findings);
            default:
                return ReadContainer(ref reader, rank, ref findings, depth);
        }
    }

    private static AttributeValue ReadContainer(ref Utf8JsonReader reader, int rank, ref JsonFindings findings, int depth)
    {
        return rank == RankMap
            ? new MapValue(ReadEntries(ref reader, ref findings, depth + 1))
            : ReadList(ref reader, ref findings, depth + 1);
    }

    private static ListValue ReadList(ref Utf8JsonReader reader, ref JsonFindings findings, int depth)
    {
        if (!JsonShapes.ExpectList(ref reader, ref findings))
        {
            return new ListValue([]);
        }

        var elements = new List<AttributeValue>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray && findings.Malformed is null)
        {
            elements.Add(ReadValue(ref reader, ref findings, depth));
            if (findings.Malformed is not null)
            {
                break;
            }
        }

        return new ListValue([.. elements]);
    }

    private static bool ReadNumber(ref Utf8JsonReader reader, ref JsonFindings findings, out DynamoNumber number)
    {
        number = DynamoNumber.Zero;
        if (!JsonShapes.ExpectText(ref reader, ref findings))
        {
            return false;
        }

        ReadOnlySpan<byte> text = reader.ValueSpan;
        NumberFault fault;
        if (!reader.ValueIsEscaped)
        {
            fault = DynamoNumber.Parse(text, out number);
        }
        else if (!JsonShapes.Text(ref reader, ref findings, out ReadOnlyMemory<byte> unescaped))
        {
            return false;
        }
        else
        {
            text = unescaped.Span;
            fault = DynamoNumber.Parse(text, out number);
        }

        if (fault != NumberFault.None)
        {
            findings.Invalid ??= DynamoNumber.Describe(fault, text);
        }

        return true;
    }

    private static bool ReadBlob(ref Utf8JsonReader reader, ref JsonFindings findings, out byte[] blob)
    {
        blob = [];
        if (!JsonShapes.ExpectBlob(ref reader, ref findings))
        {
            return false;
        }

        if (!JsonShapes.Text(ref reader, ref findings, out ReadOnlyMemory<byte> text))
        {
            return false;
        }

        string? fault = Base64Text.Decode(text.Span, out blob);
        if (fault is not null)
        {
            findings.Malformed = TableError.Serialization(fault);
        }

        return fault is null;
    }
}
