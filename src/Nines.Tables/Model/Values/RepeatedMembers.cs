namespace Nines.Tables.Model.Values;

/// <summary>Of two members with one name the later wins, as everywhere in JSON.</summary>
internal static class RepeatedMembers
{
    private const int FewMax = 12;

    /// <summary>The members without those that were repeated later, in their order. Takes time in proportion, however many a client sends.</summary>
    public static List<T> KeepLast<T>(List<T> members, Func<T, string> name)
    {
        if (members.Count <= FewMax && !AnyRepeated(members, name))
        {
            return members;
        }

        var last = new Dictionary<string, int>(members.Count, StringComparer.Ordinal);
        for (int i = 0; i < members.Count; i++)
        {
            last[name(members[i])] = i;
        }

        if (last.Count == members.Count)
        {
            return members;
        }

        var kept = new List<T>(last.Count);
        for (int i = 0; i < members.Count; i++)
        {
            if (last[name(members[i])] == i)
            {
                kept.Add(members[i]);
            }
        }

        return kept;
    }

    private static bool AnyRepeated<T>(List<T> members, Func<T, string> name)
    {
        for (int i = 1; i < members.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (name(members[i]) == name(members[j]))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
