using Nines.Tables.Model.Values;

namespace Nines.Simulation.Tables;

/// <summary>
/// Accounts and journal at the end: every acknowledged transfer is in the journal, none that was refused is, and the balances are what
/// the journal says, so that each transfer in it was done once.
/// </summary>
internal static class BankCheck
{
    private const string Name = "bank";

    public static void Check(TableWorkload workload, SortedDictionary<string, Item> items, Findings findings)
    {
        var expected = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (string account in workload.Accounts)
        {
            expected.Add(account, TableWorkload.MoneyEach);
        }

        foreach ((string journal, Item entry) in items.Where(static i => i.Key.StartsWith('j')))
        {
            long amount = TableRequests.Number(entry, "amount");
            expected[entry["from"]!.ToString()!] -= amount;
            expected[entry["to"]!.ToString()!] += amount;
            if (!workload.Transfers.TryGetValue(journal, out TableOperation? transfer))
            {
                findings.Add('E', Name, $"{journal} is in the journal and nobody asked for it");
            }
            else if (transfer.End == OperationEnd.NotDone)
            {
                findings.Add('E', Name, $"{journal} is in the journal and was reported as not done: {transfer}");
            }
        }

        foreach ((string journal, TableOperation transfer) in workload.Transfers)
        {
            if (transfer.IsDone && !items.ContainsKey(journal))
            {
                findings.Add('D', Name, $"{journal} was acknowledged and is not in the journal: {transfer}");
            }
        }

        foreach ((string account, long money) in expected)
        {
            long has = items.TryGetValue(account, out Item? item) ? TableRequests.Number(item, "n") : -1;
            if (has != money)
            {
                findings.Add('E', Name, $"{account} has {has}, and by the journal {money}");
            }
        }
    }
}
