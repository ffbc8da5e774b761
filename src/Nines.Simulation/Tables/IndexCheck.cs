using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>When all is quiet an index is what its table is: an entry for each item that has the keys, and no other.</summary>
internal static class IndexCheck
{
    private const string Name = "index";

    public static void Check(string index, List<Item> table, List<Item> entries, Findings findings)
    {
        string[] keys = index == "global" ? ["g", "n"] : ["n"];
        HashSet<string> expected = [.. table.Where(item => Array.TrueForAll(keys, key => item[key] is not null)).Select(TableRequests.Text)];
        List<string> found = [.. entries.Select(TableRequests.Text)];
        foreach (string missing in expected.Except(found).Order(StringComparer.Ordinal).Take(3))
        {
            findings.Add('H', Name, $"the {index} index lacks {missing}");
        }

        foreach (string extra in found.Except(expected).Order(StringComparer.Ordinal).Take(3))
        {
            findings.Add('H', Name, $"the {index} index has {extra}, which the table has not");
        }

        if (found.Count != found.Distinct().Count())
        {
            findings.Add('H', Name, $"the {index} index has an entry twice");
        }
    }
}
