namespace Nines.Tables.Model.Values;

/// <summary>DynamoDB's documented limits for values and expressions, in one place.</summary>
public static class TableLimits
{
    /// <summary>The largest item, names and values together, by the arithmetic of <see cref="ItemSize"/>.</summary>
    public const int ItemBytesMax = 400 * 1024;

    /// <summary>How deep lists and maps may nest: an attribute's own value is level 1.</summary>
    public const int NestingLevelsMax = 32;

    /// <summary>The longest name of an attribute, in UTF-8 bytes; at least one is needed.</summary>
    public const int NameBytesMax = 65_535;

    /// <summary>The largest partition key value.</summary>
    public const int PartitionKeyBytesMax = 2048;

    /// <summary>The largest sort key value.</summary>
    public const int SortKeyBytesMax = 1024;

    /// <summary>The longest expression text, in UTF-8 bytes.</summary>
    public const int ExpressionBytesMax = 4096;

    /// <summary>The most operators and functions in one expression.</summary>
    public const int ExpressionOperatorsMax = 300;

    /// <summary>The most operands of IN, without the one that is looked for.</summary>
    public const int InOperandsMax = 100;

    /// <summary>How deep an expression's tree may be; keeps recursion within the stack.</summary>
    public const int ExpressionDepthMax = 300;

    /// <summary>The most elements of one document path.</summary>
    public const int PathElementsMax = 32;

    /// <summary>The longest expression attribute name or value placeholder, in bytes.</summary>
    public const int PlaceholderBytesMax = 255;

    /// <summary>All substitution names and values of one request, in bytes.</summary>
    public const int SubstitutionBytesMax = 2 * 1024 * 1024;
}
