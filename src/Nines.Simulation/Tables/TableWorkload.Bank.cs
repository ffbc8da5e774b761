using Nines.Tables.Engines;
using Nines.Tables.Model.Requests;

namespace Nines.Simulation.Tables;

/// <content>Transfers between accounts and readings of all of them.</content>
internal sealed partial class TableWorkload
{
    /// <summary>In quiet times transactions succeed: some transfers, and a reading of all accounts.</summary>
    public async Task TransferInQuietAsync()
    {
        int before = Transfers.Values.Count(static t => t.End == OperationEnd.Info);
        for (int i = 0; i < 4; i++)
        {
            await TransferAsync();
            await CountMoneyAsync();
        }

        if (Counts == 0 || Transfers.Values.Count(static t => t.End == OperationEnd.Info) > before)
        {
            _cluster.Findings.Add('N', "bank", "a transfer or a reading of all accounts had no answer in quiet times");
        }
    }

    private async Task TransferAsync()
    {
        string from = _random.Pick(Accounts);
        string to = _random.Pick(Accounts);
        if (from == to)
        {
            return;
        }

        TableOperation operation = NewOperation($"{from} to {to}", []);
        string journal = $"j{operation.Number}";
        Transfers.Add(journal, Writing(operation, isTransaction: true, [$"{TableRequests.Accounts}/{journal}"]));
        TransactWriteRequest request = TableRequests.Transfer(from, to, _random.Between(1, 60), journal, journal);
        await SendAsync(operation, request);
    }

    private async Task CountMoneyAsync()
    {
        TransactGetRequest request = TableRequests.Get(TableRequests.Accounts, Accounts);
        CallEnd<TransactGetResult> end = await _calls.SendAsync(
            _calls.AnyNode(), Timeout, engine => engine.TransactGetAsync(request, Call()));
        if (end.Result is not { Error: null } read)
        {
            return;
        }

        Counts++;
        long sum = 0;
        foreach (ReadOnlyMemory<byte> account in read.Items)
        {
            long money = TableRequests.Number(TableRequests.Decode(account)!, "n");
            sum += money;
            if (money < 0)
            {
                _cluster.Findings.Add('F', "bank", $"an account has {money}");
            }
        }

        if (sum != MoneyEach * Accounts.Count)
        {
            _cluster.Findings.Add('F', "bank", $"{Accounts.Count} accounts have {sum} together, not {MoneyEach * Accounts.Count}");
        }
    }
}
