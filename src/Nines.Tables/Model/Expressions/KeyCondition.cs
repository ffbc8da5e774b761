using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>How a key attribute is compared.</summary>
public enum KeyComparator
{
    /// <summary>=</summary>
    Equal,

    /// <summary>&lt;</summary>
    Less,

    /// <summary>&lt;=</summary>
    LessOrEqual,

    /// <summary>&gt;</summary>
    Greater,

    /// <summary>&gt;=</summary>
    GreaterOrEqual,

    /// <summary>BETWEEN, both bounds included.</summary>
    Between,

    /// <summary>begins_with.</summary>
    BeginsWith,

    /// <summary>One of the older parameter's comparisons that no order of keys helps with (NE, IN, CONTAINS and the like).</summary>
    NotIndexable,
}

/// <summary>One condition of a Query on one key attribute.</summary>
/// <param name="Attribute">The attribute's name.</param>
/// <param name="Comparator">How it is compared.</param>
/// <param name="Values">With what: one value, two for BETWEEN.</param>
public sealed record KeyCondition(string Attribute, KeyComparator Comparator, IReadOnlyList<AttributeValue> Values)
{
    /// <summary>Whether a value of the attribute meets the condition.</summary>
    public bool IsMetBy(AttributeValue value)
    {
        int? order = ValueOrder.Compare(value, Values[0]);
        return Comparator switch
        {
            KeyComparator.Equal => order == 0,
            KeyComparator.Less => order < 0,
            KeyComparator.LessOrEqual => order <= 0,
            KeyComparator.Greater => order > 0,
            KeyComparator.GreaterOrEqual => order >= 0,
            KeyComparator.Between => order >= 0 && ValueOrder.Compare(value, Values[1]) <= 0,
            KeyComparator.BeginsWith => new PrefixTest(new ValueOperand(value), new ValueOperand(Values[0])).Evaluate(Item.Empty),
            KeyComparator.NotIndexable => false,
        };
    }
}

/// <summary>Takes a compiled KeyConditionExpression apart into conditions on single attributes, joined by AND.</summary>
public sealed class KeyConditionReader
{
    private const string Invalid = "Invalid condition in KeyConditionExpression: ";

    private readonly List<KeyCondition> _found = [];

    private KeyConditionReader()
    {
    }

    /// <summary>The conditions, or what is wrong with the expression in DynamoDB's words.</summary>
    public static Parsed<IReadOnlyList<KeyCondition>> Read(Condition condition)
    {
        var reader = new KeyConditionReader();
        return reader.Take(condition) is { } fault
            ? Parsed<IReadOnlyList<KeyCondition>>.Fail(fault)
            : Parsed<IReadOnlyList<KeyCondition>>.Ok(reader._found);
    }

    private string? Take(Condition condition) => condition switch
    {
        Junction { IsAnd: false } => InvalidOperator("OR"),
        Negation => InvalidOperator("NOT"),
        Membership => InvalidOperator("IN"),
        Comparison { Comparator: Comparator.NotEqual } => InvalidOperator("<>"),
        Existence existence => InvalidOperator(existence.IsWanted ? "attribute_exists" : "attribute_not_exists"),
        TypeTest => InvalidOperator("attribute_type"),
        ContainmentTest => InvalidOperator("contains"),
        Junction and => TakeAll(and),
        Comparison comparison => TakeComparison(comparison),
        Between between => TakeBetween(between),
        PrefixTest test => TakePrefix(test),
        _ => InvalidOperator(condition.GetType().Name),
    };

    private static string InvalidOperator(string name) => "Invalid operator used in KeyConditionExpression: " + name;

    private static string MustBeFirst(string name) => Invalid + $"{name} operator must have the key attribute as its first operand";

    private string? TakeAll(Junction and)
    {
        foreach (Condition part in and.Parts)
        {
            if (Take(part) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private string? TakeComparison(Comparison comparison)
    {
        if (CheckOperands(comparison.Left, comparison.Right) is { } fault)
        {
            return fault;
        }

        bool isTurned = comparison.Left is not PathOperand;
        KeyComparator comparator = comparison.Comparator switch
        {
            Comparator.Less => isTurned ? KeyComparator.Greater : KeyComparator.Less,
            Comparator.LessOrEqual => isTurned ? KeyComparator.GreaterOrEqual : KeyComparator.LessOrEqual,
            Comparator.Greater => isTurned ? KeyComparator.Less : KeyComparator.Greater,
            Comparator.GreaterOrEqual => isTurned ? KeyComparator.LessOrEqual : KeyComparator.GreaterOrEqual,
            _ => KeyComparator.Equal,
        };
        return Add(comparator, isTurned ? [comparison.Right, comparison.Left] : [comparison.Left, comparison.Right]);
    }

    private string? TakeBetween(Between between) =>
        between.Operand is ValueOperand ? MustBeFirst("BETWEEN")
        : CheckOperands(between.Operand, between.Low, between.High)
            ?? Add(KeyComparator.Between, [between.Operand, between.Low, between.High]);

    private string? TakePrefix(PrefixTest test) =>
        test.Operand is ValueOperand ? MustBeFirst("begins_with")
        : CheckOperands(test.Operand, test.Prefix) ?? Add(KeyComparator.BeginsWith, [test.Operand, test.Prefix]);

    /// <summary>One attribute by its plain name, and values.</summary>
    private static string? CheckOperands(params ReadOnlySpan<Operand> operands)
    {
        bool hasAttribute = false;
        foreach (Operand operand in operands)
        {
            if (operand is SizeOperand)
            {
                return "KeyConditionExpressions cannot contain nested operations";
            }

            if (operand is PathOperand path)
            {
                if (hasAttribute)
                {
                    return Invalid + "Multiple attribute names used in one condition";
                }

                if (path.Path.IsNested)
                {
                    return "KeyConditionExpressions cannot have conditions on nested attributes";
                }

                hasAttribute = true;
            }
        }

        return hasAttribute ? null : Invalid + "No key attribute specified";
    }

    private string? Add(KeyComparator comparator, ReadOnlySpan<Operand> operands)
    {
        if (operands[0] is not PathOperand path)
        {
            return Invalid + "No key attribute specified";
        }

        string name = path.Path.Root;
        if (_found.Exists(c => c.Attribute == name))
        {
            return "KeyConditionExpressions must only contain one condition per key";
        }

        var values = new List<AttributeValue>();
        foreach (Operand operand in operands[1..])
        {
            if (operand is ValueOperand value)
            {
                values.Add(value.Value);
            }
        }

        _found.Add(new KeyCondition(name, comparator, values));
        return null;
    }
}
