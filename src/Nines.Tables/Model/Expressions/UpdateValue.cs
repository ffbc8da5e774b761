using Nines.Tables.Model.Values;

namespace Nines.Tables.Model.Expressions;

/// <summary>What can go wrong when an update meets an item. The item stays as it was.</summary>
public enum UpdateFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>An operand's value is of the wrong type.</summary>
    WrongType,

    /// <summary>SET reads an attribute that is not there.</summary>
    MissingAttribute,

    /// <summary>What a path goes through is not there or is no container of that kind.</summary>
    InvalidPath,

    /// <summary>A number left the range.</summary>
    Overflow,

    /// <summary>A number became too small.</summary>
    Underflow,

    /// <summary>A sum has more than 38 digits.</summary>
    TooManyDigits,

    /// <summary>The updated item is too large.</summary>
    ItemTooLarge,

    /// <summary>The updated item nests too deep.</summary>
    TooDeep,
}

/// <summary>DynamoDB's words for the faults of updates.</summary>
public static class UpdateFaults
{
    /// <summary>The error to answer.</summary>
    public static TableError ToError(this UpdateFault fault) => TableError.Validation(fault switch
    {
        UpdateFault.None => "",
        UpdateFault.WrongType => "An operand in the update expression has an incorrect data type",
        UpdateFault.MissingAttribute => "The provided expression refers to an attribute that does not exist in the item",
        UpdateFault.InvalidPath => "The document path provided in the update expression is invalid for update",
        UpdateFault.Overflow => DynamoNumber.Describe(NumberFault.Overflow),
        UpdateFault.Underflow => DynamoNumber.Describe(NumberFault.Underflow),
        UpdateFault.TooManyDigits => DynamoNumber.Describe(NumberFault.TooManyDigits),
        UpdateFault.ItemTooLarge => "Item size to update has exceeded the maximum allowed size",
        UpdateFault.TooDeep => AttributeValueJson.TooDeep,
    });

    internal static UpdateFault Of(NumberFault fault) => fault switch
    {
        NumberFault.Overflow => UpdateFault.Overflow,
        NumberFault.Underflow => UpdateFault.Underflow,
        NumberFault.TooManyDigits => UpdateFault.TooManyDigits,
        NumberFault.None or NumberFault.Empty or NumberFault.NotNumeric => UpdateFault.None,
    };
}

/// <summary>The right side of an action: evaluated against the item as it was before the update.</summary>
public abstract class UpdateValue
{
    private protected UpdateValue()
    {
    }

    /// <summary>The value; null when <paramref name="fault"/> says why there is none.</summary>
    public abstract AttributeValue? Evaluate(Item item, out UpdateFault fault);
}

/// <summary>A value of the request.</summary>
public sealed class LiteralValue(AttributeValue value) : UpdateValue
{
    /// <summary>The value.</summary>
    public AttributeValue Value { get; } = value;

    /// <inheritdoc/>
    public override AttributeValue? Evaluate(Item item, out UpdateFault fault)
    {
        fault = UpdateFault.None;
        return Value;
    }
}

/// <summary>What a path points to; it must be there.</summary>
public sealed class PathValue(DocumentPath path) : UpdateValue
{
    /// <summary>Where.</summary>
    public DocumentPath Path { get; } = path;

    /// <inheritdoc/>
    public override AttributeValue? Evaluate(Item item, out UpdateFault fault)
    {
        AttributeValue? value = Path.Find(item);
        fault = value is null ? UpdateFault.MissingAttribute : UpdateFault.None;
        return value;
    }
}

/// <summary>if_not_exists(path, otherwise).</summary>
public sealed class FallbackValue(DocumentPath path, UpdateValue otherwise) : UpdateValue
{
    /// <summary>Where to look first.</summary>
    public DocumentPath Path { get; } = path;

    /// <summary>The value when nothing is there.</summary>
    public UpdateValue Otherwise { get; } = otherwise;

    /// <inheritdoc/>
    public override AttributeValue? Evaluate(Item item, out UpdateFault fault)
    {
        fault = UpdateFault.None;
        return Path.Find(item) ?? Otherwise.Evaluate(item, out fault);
    }
}

/// <summary>list_append(first, second).</summary>
public sealed class AppendValue(UpdateValue first, UpdateValue second) : UpdateValue
{
    /// <summary>The list in front.</summary>
    public UpdateValue First { get; } = first;

    /// <summary>The list behind.</summary>
    public UpdateValue Second { get; } = second;

    /// <summary>
    /// However deep the calls nest, each element is copied once. A list with more elements than an item has bytes is not even begun.
    /// </summary>
    public override AttributeValue? Evaluate(Item item, out UpdateFault fault)
    {
        var parts = new List<ListValue>();
        fault = Collect(this, item, parts);
        if (fault == UpdateFault.None && parts.Sum(static p => (long)p.Elements.Length) > TableLimits.ItemBytesMax)
        {
            fault = UpdateFault.ItemTooLarge;
        }

        if (fault != UpdateFault.None)
        {
            return null;
        }

        var elements = new List<AttributeValue>(parts.Sum(static p => p.Elements.Length));
        foreach (ListValue part in parts)
        {
            elements.AddRange(part.Elements);
        }

        return new ListValue([.. elements]);
    }

    private static UpdateFault Collect(UpdateValue value, Item item, List<ListValue> parts)
    {
        switch (value)
        {
            case AppendValue append:
                UpdateFault front = Collect(append.First, item, parts);
                return UpdateProgram.Graver(front, Collect(append.Second, item, parts));
            case FallbackValue fallback when fallback.Path.Find(item) is null:
                return Collect(fallback.Otherwise, item, parts);
            default:
                AttributeValue? found = value.Evaluate(item, out UpdateFault fault);
                if (found is ListValue list)
                {
                    parts.Add(list);
                }

                return found is null or ListValue ? fault : UpdateFault.WrongType;
        }
    }
}

/// <summary>A sum or a difference of numbers.</summary>
public sealed class ArithmeticValue(bool isMinus, UpdateValue left, UpdateValue right) : UpdateValue
{
    /// <summary>A difference; otherwise a sum.</summary>
    public bool IsMinus { get; } = isMinus;

    /// <summary>The first operand.</summary>
    public UpdateValue Left { get; } = left;

    /// <summary>The second operand.</summary>
    public UpdateValue Right { get; } = right;

    /// <inheritdoc/>
    public override AttributeValue? Evaluate(Item item, out UpdateFault fault)
    {
        AttributeValue? a = Left.Evaluate(item, out fault);
        AttributeValue? b = Right.Evaluate(item, out UpdateFault rightFault);
        fault = UpdateProgram.Graver(fault, rightFault);
        if (a is not (null or NumberValue) || b is not (null or NumberValue))
        {
            fault = UpdateFault.WrongType;
        }

        if (fault != UpdateFault.None)
        {
            return null;
        }

        DynamoNumber augend = ((NumberValue)a!).Number;
        DynamoNumber addend = ((NumberValue)b!).Number;
        NumberFault number = DynamoNumber.Add(augend, IsMinus ? -addend : addend, out DynamoNumber sum);
        fault = UpdateFaults.Of(number);
        return fault == UpdateFault.None ? new NumberValue(sum) : null;
    }
}
