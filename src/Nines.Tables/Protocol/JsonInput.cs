using System.Text.Json;
using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>
/// Walks a request's JSON and checks each value against the type its member must have. The first mismatch sets
/// <see cref="Fault"/> with DynamoDB's own text, after which every read gives nothing; <see cref="Drain"/> then still reads to the
/// end, because malformed JSON wins over a wrong type. Malformed JSON itself throws <see cref="JsonException"/>, which
/// <see cref="RequestParser"/> turns into an answer.
/// </summary>
internal ref partial struct JsonInput
{
    private readonly ReadOnlySpan<byte> _bytes;

    private Utf8JsonReader _reader;

    public JsonInput(ReadOnlySpan<byte> bytes, TableScope scope)
    {
        _bytes = bytes;
        Scope = scope;
        _reader = new Utf8JsonReader(bytes, AttributeValueJson.ReaderOptions);
    }

    /// <summary>Whose ARNs may stand for names.</summary>
    public TableScope Scope { get; }

    /// <summary>The text of the SerializationException, or null.</summary>
    public string? Fault { get; private set; }

    public readonly bool IsFaulty => Fault is not null;

    /// <summary>Why a table's ARN in the request is refused, or null. Said before anything else that is wrong with the values.</summary>
    public TableError? Refusal { get; private set; }

    /// <summary>The token that was read last.</summary>
    public readonly JsonTokenType Token => _reader.TokenType;

    /// <summary>Where the token that was read last begins.</summary>
    public readonly int TokenStart => (int)_reader.TokenStartIndex;

    /// <summary>Where the token that was read last ends.</summary>
    public readonly int Consumed => (int)_reader.BytesConsumed;

    /// <summary>The request's own text between two places, for messages that quote it.</summary>
    public readonly ReadOnlySpan<byte> Raw(int from, int to) => _bytes[from..to];

    /// <summary>Begins the request: true when it is a JSON object.</summary>
    public bool Begin()
    {
        if (_reader.Read() && _reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        Fail(_reader.TokenType == JsonTokenType.StartArray ? "Unrecognized collection type class" : "Unexpected value type in payload");
        return false;
    }

    /// <summary>Goes to the next member of the current object; false at its end.</summary>
    public bool NextMember() => !IsFaulty && _reader.Read() && _reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Goes to the next element of the current array; false at its end.</summary>
    public bool NextElement() => !IsFaulty && _reader.Read() && _reader.TokenType != JsonTokenType.EndArray;

    /// <summary>Whether the current member's name, or the current string, is the given one.</summary>
    public readonly bool Is(ReadOnlySpan<byte> text) => _reader.ValueTextEquals(text);

    /// <summary>The current member's name, or the current string.</summary>
    public readonly string Text() => _reader.GetString() ?? "";

    /// <summary>Steps from a name to its value. False for null, which counts as absent.</summary>
    public bool Value() => _reader.Read() && _reader.TokenType != JsonTokenType.Null;

    /// <summary>Passes over the current member, whatever it is.</summary>
    public void Skip() => _reader.Skip();

    /// <summary>The value of the current member as a string; null when absent or wrong.</summary>
    public string? String() => Value() ? StringHere() : null;

    /// <summary>The current value as a string.</summary>
    public string? StringHere()
    {
        if (_reader.TokenType == JsonTokenType.String)
        {
            return Text();
        }

        FailScalar("String");
        return null;
    }

    /// <summary>The value of the current member as a table's name or ARN.</summary>
    public SentTable Table() => Table(String());

    /// <summary>The current member's name as a table's name or ARN.</summary>
    public SentTable TableKey() => Table(Text());

    /// <summary>The value of the current member as a map of attribute values: an item, a key. Null when absent or wrong.</summary>
    public Item? Item(ref string? invalid) => Value() ? ItemHere(ref invalid) : null;

    /// <summary>The current value as a map of attribute values; what no attribute may have goes to <paramref name="invalid"/>.</summary>
    public Item? ItemHere(ref string? invalid)
    {
        var findings = new JsonFindings { Invalid = invalid };
        Item item = AttributeValueJson.ReadItem(ref _reader, ref findings);
        return Take(findings, ref invalid) ? item : null;
    }

    /// <summary>The current value as an attribute value.</summary>
    public AttributeValue? ValueHere(ref string? invalid)
    {
        var findings = new JsonFindings { Invalid = invalid };
        AttributeValue value = AttributeValueJson.ReadValue(ref _reader, ref findings);
        return Take(findings, ref invalid) ? value : null;
    }

    /// <summary>The current value as an attribute value that is a member of a structure.</summary>
    public AttributeValue? FieldHere(ref string? invalid) => IsField("AttributeValue") ? ValueHere(ref invalid) : null;

    /// <summary>The value of the current member as ExpressionAttributeNames.</summary>
    public List<ExpressionName>? ExpressionNames()
    {
        if (!Value())
        {
            return null;
        }

        string? invalid = null;
        var findings = new JsonFindings();
        List<ExpressionName> names = ExpressionContext.ReadNames(ref _reader, ref findings);
        return Take(findings, ref invalid) ? names : null;
    }

    /// <summary>The value of the current member as ExpressionAttributeValues.</summary>
    public List<ExpressionValue>? ExpressionValues()
    {
        if (!Value())
        {
            return null;
        }

        string? invalid = null;
        var findings = new JsonFindings();
        List<ExpressionValue> values = ExpressionContext.ReadValues(ref _reader, ref findings);
        return Take(findings, ref invalid) ? values : null;
    }

    /// <summary>The value of the current member as a boolean; DynamoDB takes some strings for one.</summary>
    public bool? Boolean() => Value() ? BooleanHere() : null;

    /// <summary>The current value as a boolean.</summary>
    public bool? BooleanHere()
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.String:
                string text = Text().ToUpperInvariant();
                if (text is "TRUE" or "1" or "YES")
                {
                    return true;
                }

                if (text is "FALSE" or "0" or "NO")
                {
                    return false;
                }

                Fail("Unexpected token received from parser");
                return null;
            default:
                FailScalar("Boolean");
                return null;
        }
    }

    /// <summary>The value of the current member as a whole number; decimals are cut.</summary>
    public long? Integer(string type)
    {
        if (!Value())
        {
            return null;
        }

        if (_reader.TokenType != JsonTokenType.Number)
        {
            FailScalar(type);
            return null;
        }

        if (_reader.TryGetInt64(out long whole))
        {
            return whole;
        }

        double value = Math.Floor(_reader.TryGetDouble(out double number) ? number : double.MaxValue);
        return value >= long.MaxValue ? long.MaxValue : value <= long.MinValue ? long.MinValue : (long)value;
    }

    /// <summary>The request's own text from a place to the token that was read last, cut to a length fit for a message.</summary>
    public readonly string Quote(int from)
    {
        const int QuotedMax = 4096;
        ReadOnlySpan<byte> raw = _bytes[from..Math.Max(from, Consumed)];
        return System.Text.Encoding.UTF8.GetString(raw.Length <= QuotedMax ? raw : raw[..QuotedMax]);
    }

    /// <summary>Sets the fault unless there is one.</summary>
    public void Fail(string fault) => Fault ??= fault;

    /// <summary>Reads what is left, so that malformed JSON behind the fault is seen too.</summary>
    public void Drain()
    {
        while (_reader.Read())
        {
            // Reading is all: the reader throws at the first malformed token.
        }
    }

    private SentTable Table(string? sent)
    {
        TableError? refusal = SentTable.TryRead(sent, Scope, out SentTable table);
        Refusal ??= refusal;
        return table;
    }

    private bool Take(JsonFindings findings, ref string? invalid)
    {
        invalid = findings.Invalid;
        if (findings.Malformed is { } malformed)
        {
            Fail(malformed.Message);
            return false;
        }

        return true;
    }
}
