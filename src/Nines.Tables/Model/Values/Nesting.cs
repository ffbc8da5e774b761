namespace Nines.Tables.Model.Values;

/// <summary>How deep values nest.</summary>
public static class Nesting
{
    /// <summary>1 for a scalar, a set or an empty container; one more than the deepest part for the others.</summary>
    public static int Of(AttributeValue value)
    {
        int deepest = 0;
        ReadOnlySpan<AttributeValue> parts = value switch
        {
            MapValue map => map.Entries.Values,
            ListValue list => list.Elements,
            _ => [],
        };
        foreach (AttributeValue part in parts)
        {
            deepest = Math.Max(deepest, Of(part));
        }

        return deepest + 1;
    }
}
