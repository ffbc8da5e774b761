namespace Nines.Tables.Model.Expressions;

/// <summary>
/// Whether bytes contain others, in time proportional to both together, whatever they are (Knuth, Morris and Pratt, "Fast pattern matching in
/// strings", 1977): a condition is evaluated by every replica between two heartbeats, and a library's search takes the product for the worst of inputs.
/// </summary>
public static class SubstringSearch
{
    /// <summary>The library's search is fast, and slow at worst by this factor.</summary>
    private const int ShortMax = 32;

    /// <summary>Whether the part is somewhere in the whole; an empty one always is.</summary>
    public static bool Contains(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part)
    {
        if (part.Length <= ShortMax || part.Length > whole.Length)
        {
            return whole.IndexOf(part) >= 0;
        }

        int[] borders = Borders(part);
        int matched = 0;
        foreach (byte next in whole)
        {
            while (matched > 0 && part[matched] != next)
            {
                matched = borders[matched - 1];
            }

            matched += part[matched] == next ? 1 : 0;
            if (matched == part.Length)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>For each beginning of the part, the length of its longest proper beginning that is its end as well.</summary>
    private static int[] Borders(ReadOnlySpan<byte> part)
    {
        int[] borders = new int[part.Length];
        int length = 0;
        for (int i = 1; i < part.Length; i++)
        {
            while (length > 0 && part[i] != part[length])
            {
                length = borders[length - 1];
            }

            length += part[i] == part[length] ? 1 : 0;
            borders[i] = length;
        }

        return borders;
    }
}
