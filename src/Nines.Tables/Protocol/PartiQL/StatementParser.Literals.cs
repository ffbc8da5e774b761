using System.Text;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol.PartiQL;

/// <content>Literals: texts, numbers, truth values, null, lists, maps, sets, and parameters, which may stand wherever a literal may.</content>
internal sealed partial class StatementParser
{
    /// <summary>Reads a literal; null when there is an error.</summary>
    /// <param name="place">Where in the value it stands, for messages: <c>root.a[1]</c>.</param>
    private AttributeValue? ReadLiteral(string place)
    {
        StatementToken token = Current;
        switch (token.Kind)
        {
            case StatementTokenKind.Text:
                _at++;
                return AttributeValue.Of(token.Text);
            case StatementTokenKind.Number:
                return ReadNumber(isNegative: false, place);
            case StatementTokenKind.Word:
                return ReadWordLiteral(token, place);
            case StatementTokenKind.Symbol:
                return token.Text switch
                {
                    "?" => ReadParameter(),
                    "[" => Nested(() => ReadList(place)),
                    "{" => Nested(() => ReadMap(place, isItem: false)),
                    "<<" => ReadSet(),
                    "-" or "+" when Next.Kind == StatementTokenKind.Number => ReadNumber(isNegative: token.Text == "-", place),
                    _ => FailTermWith<AttributeValue>(),
                };
            default:
                return FailTermWith<AttributeValue>();
        }
    }

    private AttributeValue? ReadWordLiteral(StatementToken token, string place)
    {
        AttributeValue? value = token.Text.ToUpperInvariant() switch
        {
            "TRUE" => BooleanValue.True,
            "FALSE" => BooleanValue.False,
            "NULL" => NullValue.Instance,
            _ => null,
        };
        if (value is not null)
        {
            _at++;
            return value;
        }

        return IsWord("MISSING") ? RefuseWith<AttributeValue>("MISSING must be compared using IS operator")
            : IsName(token) ? RefuseWith<AttributeValue>($"Unsupported data type: {token.Text} under key {place} at {PlaceOf(token)}")
            : FailTermWith<AttributeValue>();
    }

    /// <summary>Null too when the request has too few parameters.</summary>
    private AttributeValue? ReadParameter()
    {
        _at++;
        return _used < _parameters.Count ? _parameters[_used++] : RefuseWith<AttributeValue>(StatementErrors.ParameterCount);
    }

    private NumberValue? ReadNumber(bool isNegative, string place)
    {
        _at += Current.Kind == StatementTokenKind.Symbol ? 1 : 0;
        string text = _tokens[_at++].Text;
        if (!FitsDecimal(text))
        {
            return FailWith<NumberValue>("");
        }

        NumberFault fault = DynamoNumber.Parse(Encoding.UTF8.GetBytes(isNegative ? "-" + text : text), out DynamoNumber number);
        return fault == NumberFault.None
            ? new NumberValue(number)
            : RefuseWith<NumberValue>($"{DynamoNumber.Describe(fault, Encoding.UTF8.GetBytes(text))} under {place}");
    }

    /// <summary>Exponent and scale are numbers of 32 bits in DynamoDB's parser, which knows no word for those that are not.</summary>
    private static bool FitsDecimal(string text)
    {
        int e = text.AsSpan().IndexOfAny('e', 'E');
        if (e < 0)
        {
            return true;
        }

        int point = text.IndexOf('.', StringComparison.Ordinal);
        long places = point < 0 ? 0 : e - point - 1;
        return int.TryParse(text.AsSpan(e + 1), out int exponent) && places - exponent is >= int.MinValue and <= int.MaxValue;
    }

    private ListValue? ReadList(string place)
    {
        _at++;
        var elements = new List<AttributeValue>();
        while (!TakeSymbol("]"))
        {
            if (elements.Count > 0 && !ExpectSymbol(","))
            {
                return null;
            }

            if (ReadLiteral($"{Short(place)}[{elements.Count}]") is not { } element)
            {
                return null;
            }

            elements.Add(element);
        }

        return new ListValue([.. elements]);
    }

    /// <summary>A map. What stands right in an item has the item's own place, as in DynamoDB.</summary>
    private MapValue? ReadMap(string place, bool isItem)
    {
        _at++;
        var entries = new ItemBuilder();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!TakeSymbol("}"))
        {
            if (names.Count > 0 && !ExpectSymbol(","))
            {
                return null;
            }

            StatementToken name = Current;
            if (name.Kind != StatementTokenKind.Text)
            {
                return FailTermWith<MapValue>();
            }

            _at++;
            if (!ExpectSymbol(":") || ReadLiteral(isItem ? place : $"{Short(place)}.{name.Text}") is not { } value)
            {
                return null;
            }

            if (!names.Add(name.Text))
            {
                return RefuseWith<MapValue>($"Duplicate keys in tuple. Key: {name.Text} under {place}");
            }

            if (isItem && AttributeNames.Check(name.Text) is { } invalid)
            {
                return RefuseWith<MapValue>(invalid);
            }

            entries.Add(name.Text, value);
        }

        return new MapValue(entries.Build());
    }

    private AttributeValue? ReadSet()
    {
        _at++;
        var elements = new List<AttributeValue>();
        while (!TakeSymbol(">>"))
        {
            if (elements.Count > 0 && !ExpectSymbol(","))
            {
                return null;
            }

            if (ReadLiteral("root") is not { } element)
            {
                return null;
            }

            elements.Add(element);
        }

        return elements.Count == 0 ? RefuseWith<AttributeValue>("Empty bags are not supported") : SetOf(elements);
    }

    private AttributeValue? SetOf(List<AttributeValue> elements)
    {
        AttributeType type = elements[0].Type;
        if (!KeyEncoding.IsKeyType(type) || elements.Exists(e => e.Type != type))
        {
            return RefuseWith<AttributeValue>("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
        }

        // Repetitions are found by making the set, which sorts: never by comparing each with each.
        (AttributeValue set, int count) = elements[0] switch
        {
            NumberValue => Counted(NumberSetValue.Of([.. elements.Select(static e => ((NumberValue)e).Number)])),
            StringValue => Counted(StringSetValue.Of([.. elements.Select(static e => ((StringValue)e).Utf8)])),
            _ => Counted(BinarySetValue.Of([.. elements.Select(static e => ((BinaryValue)e).Bytes)])),
        };
        if (count != elements.Count)
        {
            return RefuseWith<AttributeValue>(
                $"One or more parameter values were invalid: Input collection [{string.Join(", ", elements)}] contains duplicates.");
        }

        return type != AttributeType.Number && elements.Exists(static e => KeyEncoding.SizeOf(e) == 0)
            ? RefuseWith<AttributeValue>("One or more parameter values were invalid: An string set may not have a empty string as a member")
            : set;
    }

    private static (AttributeValue Set, int Count) Counted(NumberSetValue set) => (set, set.Elements.Length);

    private static (AttributeValue Set, int Count) Counted(StringSetValue set) => (set, set.Elements.Length);

    private static (AttributeValue Set, int Count) Counted(BinarySetValue set) => (set, set.Elements.Length);

    /// <summary>A place that is quoted in a message, however deep it is.</summary>
    private static string Short(string place)
    {
        const int PlaceMax = 128;
        return place.Length <= PlaceMax ? place : place[..PlaceMax];
    }

    /// <summary>Goes one level deeper, up to a bound that keeps the stack.</summary>
    private T? Nested<T>(Func<T?> read)
        where T : class
    {
        if (_depth == TableLimits.ExpressionDepthMax)
        {
            return FailWith<T>("");
        }

        _depth++;
        T? result = read();
        _depth--;
        return result;
    }
}
