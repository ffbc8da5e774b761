using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;

namespace Nines.Samples.Bank;

/// <summary>
/// The accounts in one table. A partition is an account: its item <c>balance</c> has the money and the number of changes, each of its items
/// <c>journal#N</c> is a change, and each <c>request#NAME</c> a transfer that it paid. A transfer writes all that it changes in one transaction.
/// </summary>
internal sealed class Ledger(IAmazonDynamoDB tables)
{
    public const string Table = "bank";

    /// <summary>Where the money is in the beginning.</summary>
    public const string Joint = "joint";

    /// <summary>The sum of all accounts, always.</summary>
    public const long AllMoney = 1_000_000;

    private const string BalanceKey = "balance";
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(40);

    /// <summary>Some seconds: who is slower than everybody else for so long is told.</summary>
    private const int MostTries = 500;

    /// <summary>The joint account, the purses of its two owners and a shop.</summary>
    public static readonly IReadOnlyList<string> Accounts = [Joint, "first", "second", "shop"];

    /// <summary>Makes the table and its accounts when they are not there.</summary>
    public async Task OpenAsync(CancellationToken cancel)
    {
        await NewTable.MakeAsync(tables, Table, "account", ("entry", ScalarAttributeType.S), cancel);
        var open = new TransactWriteItemsRequest
        {
            TransactItems = [.. Accounts.Select(name => new TransactWriteItem { Put = Rows.Opening(name, name == Joint ? AllMoney : 0) })],
        };
        await UntilFreeAsync(
            async () =>
            {
                try
                {
                    await tables.TransactWriteItemsAsync(open, cancel);
                }
                catch (TransactionCanceledException e) when (FailedConditions(e).Count == Accounts.Count)
                {
                    // They were opened before: all of them or none.
                }

                return true;
            },
            cancel);
    }

    /// <summary>
    /// Moves money. Both accounts must be as they were seen, so that each change has the next number in its journal; when somebody else was
    /// faster, look again.
    /// </summary>
    public async Task<Receipt> TransferAsync(Transfer transfer, CancellationToken cancel)
    {
        Receipt? receipt = null;
        await UntilFreeAsync(async () => (receipt = await TryAsync(transfer, cancel)) is not null, cancel);
        return receipt!;
    }

    /// <summary>A number that no line of a journal reaches.</summary>
    public const long BeyondAll = 1_000_000_000_000;

    /// <summary>
    /// An account with its last changes before a number, read as the session that is entered says. The journal is never behind the balance.
    /// </summary>
    public async Task<Account> ReadAsync(string name, int lines, long before, CancellationToken cancel)
    {
        GetItemResponse got = await tables.GetItemAsync(Table, Rows.Key(name, BalanceKey), cancel);
        QueryResponse journal = await tables.QueryAsync(Rows.LastEntries(name, lines, before), cancel);
        (long balance, long entries) = Rows.BalanceIn(got.Item);
        return new Account(name, balance, entries, [.. journal.Items.Select(Rows.EntryIn)]);
    }

    /// <summary>All balances at one moment.</summary>
    public async Task<IReadOnlyDictionary<string, long>> BalancesAsync(CancellationToken cancel)
    {
        var balances = new Dictionary<string, long>();
        await UntilFreeAsync(
            async () =>
            {
                TransactGetItemsResponse got = await GetAsync([.. Accounts.Select(name => Rows.Key(name, BalanceKey))], cancel);
                balances = Accounts.Zip(got.Responses).ToDictionary(p => p.First, p => Rows.BalanceIn(p.Second.Item).Balance);
                return true;
            },
            cancel);
        return balances;
    }

    private async Task<Receipt?> TryAsync(Transfer transfer, CancellationToken cancel)
    {
        TransactGetItemsResponse got = await GetAsync(
            [Rows.Key(transfer.From, BalanceKey), Rows.Key(transfer.To, BalanceKey), Rows.RequestKey(transfer)], cancel);
        if (got.Responses[2].Item is { Count: > 0 } done)
        {
            return Rows.ReceiptIn(done);
        }

        (long Balance, long Entries) from = Rows.BalanceIn(got.Responses[0].Item);
        if (from.Balance < transfer.Amount)
        {
            return new Receipt(false, from.Balance, from.Entries);
        }

        try
        {
            await tables.TransactWriteItemsAsync(Rows.Write(transfer, from, Rows.BalanceIn(got.Responses[1].Item)), cancel);
            return new Receipt(true, from.Balance - transfer.Amount, from.Entries + 1);
        }
        catch (TransactionCanceledException e) when (FailedConditions(e).Count > 0)
        {
            return null;
        }
    }

    private Task<TransactGetItemsResponse> GetAsync(List<Dictionary<string, AttributeValue>> keys, CancellationToken cancel) =>
        tables.TransactGetItemsAsync(
            new TransactGetItemsRequest
            {
                TransactItems = keys.ConvertAll(key => new TransactGetItem { Get = new Get { TableName = Table, Key = key } }),
            },
            cancel);

    /// <summary>Again, after a short pause that differs from everybody else's, while others hold what it needs.</summary>
    private static async Task UntilFreeAsync(Func<Task<bool>> tryIt, CancellationToken cancel)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            try
            {
                if (await tryIt())
                {
                    return;
                }
            }
            catch (TransactionCanceledException e) when (e.CancellationReasons.Exists(r => r.Code == "TransactionConflict"))
            {
                // Another transaction has some of the items; nothing of this one was done.
            }

            await Task.Delay(LongestPause * Random.Shared.NextDouble(), cancel);
        }

        throw new AmazonClientException($"Others were faster {MostTries} times. Nothing was done.");
    }

    private static List<int> FailedConditions(TransactionCanceledException e) =>
        [.. Enumerable.Range(0, e.CancellationReasons.Count).Where(i => e.CancellationReasons[i].Code == "ConditionalCheckFailed")];
}
