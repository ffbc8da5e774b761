using Nines.Tables.Model.Expressions;
using Nines.Tables.Model.Values;

namespace Nines.Tables.Protocol;

/// <summary>
/// One entry of the parameter Expected: an attribute compared with values, or merely expected to exist or not. Or one of QueryFilter,
/// ScanFilter or KeyConditions, which always compare with a list. Compiles into the parts that expressions compile into.
/// </summary>
internal sealed class LegacyCondition(string attribute, bool isExpectation = true)
{
    public const string Operators =
        "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS";

    /// <summary>What keeping a value in a list costs beside its bytes.</summary>
    private const int ValueOverhead = 8;

    private const string Invalid = "One or more parameter values were invalid: ";

    private string? _valueInvalid;
    private string? _listInvalid;
    private List<AttributeValue>? _list;
    private AttributeValue? _value;
    private bool? _exists;

    public string Attribute { get; } = attribute;

    public string? Operator { get; private set; }

    /// <summary>Name and values, in bytes.</summary>
    public long Size =>
        Attribute.Length + (_value is null ? 0 : ItemSize.Of(_value)) + (_list?.Sum(static v => ValueOverhead + ItemSize.Of(v)) ?? 0);

    public void Read(ref JsonInput json)
    {
        while (json.NextMember())
        {
            if (isExpectation && json.Is("Value"u8))
            {
                _value = json.Value() ? json.FieldHere(ref _valueInvalid) : _value;
            }
            else if (json.Is("AttributeValueList"u8))
            {
                ReadList(ref json);
            }
            else if (json.Is("ComparisonOperator"u8))
            {
                Operator = json.String();
            }
            else if (isExpectation && json.Is("Exists"u8))
            {
                _exists = json.Boolean();
            }
            else
            {
                json.Skip();
            }
        }
    }

    /// <summary>Whether members and values go together, in DynamoDB's order and words.</summary>
    public string? Check()
    {
        if (_list is not null && _value is not null)
        {
            return Invalid + "Value and AttributeValueList cannot be used together for Attribute: " + Attribute;
        }

        if (Operator is not null)
        {
            return (isExpectation ? null : _listInvalid) ?? CheckComparison();
        }

        if (_list is not null)
        {
            return Invalid + "AttributeValueList can only be used with a ComparisonOperator for Attribute: " + Attribute;
        }

        if (_exists != false && _value is null)
        {
            string exists = _exists is null ? "null" : "true";
            return Invalid + $"Value must be provided when Exists is {exists} for Attribute: {Attribute}";
        }

        return _exists == false && _value is not null
            ? Invalid + "Value cannot be used when Exists is false for Attribute: " + Attribute
            : _valueInvalid;
    }

    /// <summary>The condition; only after <see cref="Check"/> found nothing.</summary>
    public Condition Compile()
    {
        DocumentPath path = DocumentPath.Of(Attribute);
        var operand = new PathOperand(path);
        Operand[] values = [.. (_list ?? (_value is null ? [] : [_value])).Select(v => new ValueOperand(v))];
        return Operator switch
        {
            null when values.Length == 0 => new Existence(path, false),
            null or "EQ" => new Comparison(Comparator.Equal, operand, values[0]),
            "NE" => new Negation(new Comparison(Comparator.Equal, operand, values[0])),
            "LT" => new Comparison(Comparator.Less, operand, values[0]),
            "LE" => new Comparison(Comparator.LessOrEqual, operand, values[0]),
            "GT" => new Comparison(Comparator.Greater, operand, values[0]),
            "GE" => new Comparison(Comparator.GreaterOrEqual, operand, values[0]),
            "NULL" => new Existence(path, false),
            "NOT_NULL" => new Existence(path, true),
            "CONTAINS" => new ContainmentTest(operand, values[0]),
            "NOT_CONTAINS" => new Negation(new ContainmentTest(operand, values[0])),
            "BEGINS_WITH" => new PrefixTest(operand, values[0]),
            "IN" => new Membership(operand, values),
            _ => new Between(operand, values[0], values[1]),
        };
    }

    /// <summary>The condition as one on a key; only after <see cref="Check"/> found nothing.</summary>
    public KeyCondition CompileKey() => new(Attribute, Operator switch
    {
        "EQ" => KeyComparator.Equal,
        "LT" => KeyComparator.Less,
        "LE" => KeyComparator.LessOrEqual,
        "GT" => KeyComparator.Greater,
        "GE" => KeyComparator.GreaterOrEqual,
        "BETWEEN" => KeyComparator.Between,
        "BEGINS_WITH" => KeyComparator.BeginsWith,
        _ => KeyComparator.NotIndexable,
    }, _list ?? []);

    private void ReadList(ref JsonInput json)
    {
        if (!json.Value() || !json.IsList())
        {
            return;
        }

        _list = [];
        while (json.NextElement())
        {
            if (json.ValueHere(ref _listInvalid) is { } value)
            {
                _list.Add(value);
            }
        }
    }

    private string? CheckComparison()
    {
        if (_exists is not null)
        {
            return Invalid + "Exists and ComparisonOperator cannot be used together for Attribute: " + Attribute;
        }

        bool wantsNone = Operator is "NULL" or "NOT_NULL";
        if (isExpectation && !wantsNone && _list is null && _value is null)
        {
            return Invalid + $"Value or AttributeValueList must be used with ComparisonOperator: {Operator} for Attribute: {Attribute}";
        }

        int count = _list?.Count ?? (_value is null ? 0 : 1);
        bool fits = Operator switch
        {
            "NULL" or "NOT_NULL" => count == 0,
            "IN" => count > 0,
            "BETWEEN" => count == 2,
            _ => count == 1,
        };
        if (!fits)
        {
            return Invalid + $"Invalid number of argument(s) for the {Operator} ComparisonOperator";
        }

        return _listInvalid ?? _valueInvalid ?? CheckTypes();
    }

    private string? CheckTypes()
    {
        List<AttributeValue> values = _list ?? (_value is null ? [] : [_value]);
        if (values.Exists(v => v.Type != values[0].Type))
        {
            return Invalid + "AttributeValues inside AttributeValueList must be of same type";
        }

        AttributeValue? wrong = values.Find(v => !Takes(v.Type));
        if (wrong is not null)
        {
            return Invalid + $"ComparisonOperator {Operator} is not valid for {wrong.Type.Code()} AttributeValue type";
        }

        bool isReversed = Operator == "BETWEEN"
            && new Comparison(Comparator.Greater, new ValueOperand(values[0]), new ValueOperand(values[1])).Evaluate(Item.Empty);
        return isReversed
            ? "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
            : null;
    }

    private bool Takes(AttributeType type) => Operator switch
    {
        "LT" or "LE" or "GT" or "GE" or "BETWEEN" => KeyEncoding.IsKeyType(type),
        "BEGINS_WITH" => type is AttributeType.String or AttributeType.Binary,
        "CONTAINS" or "NOT_CONTAINS" => KeyEncoding.IsKeyType(type),
        _ => true,
    };
}
