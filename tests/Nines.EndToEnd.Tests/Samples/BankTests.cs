using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Nines.EndToEnd.Tests.Cluster;
using Nines.EndToEnd.Tests.Workload;
using Nines.Kernel;
using Nines.Samples.Bank;

namespace Nines.EndToEnd.Tests.Samples;

/// <summary>Two owners of a joint account withdraw at once through different nodes, while each node in turn is killed and paused.</summary>
public sealed class BankTests
{
    private const long AllMoney = 1_000_000;
    private const int LargestWithdrawal = 60_000;
    private const int LargestDeposit = 20_000;

    /// <summary>Fewer than a run makes, so that journals are read in pages.</summary>
    private const int Lines = 100;
    private const ulong Seed = 5;

    [Fact]
    public async Task Money_is_neither_made_nor_lost_and_no_owners_session_goes_back()
    {
        await using LiveCluster cluster = await LiveCluster.StartAsync();
        await using WebApplication app = await BankService.CreateAsync(SampleUser.ArgumentsFor(cluster));
        await app.StartAsync();
        Uri service = SampleUser.AddressOf(app);
        using var stop = new CancellationTokenSource();
        Owner[] owners = [new(service, "first", Seed), new(service, "second", Seed + 1)];
        Task[] work = [.. owners.Select(owner => Task.Run(() => owner.WorkAsync(stop.Token))), Task.Run(() => WatchSumAsync(service, stop.Token))];
        try
        {
            await new Faults(cluster, RunLength.Down, RunLength.Paused).RunAsync(TimeSpan.Zero);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(work);
        }

        Assert.All(owners, owner => Assert.True(owner.Paid.Count > 10, $"{owner.Paid.Count} transfers of an owner were done"));
        Assert.All(owners, owner => Assert.True(owner.Reads > 10, $"{owner.Reads} reads"));
        Assert.Contains(owners, owner => owner.Refused > 0);
        await JournalsAreRightAsync(service, cluster, owners);
    }

    /// <summary>The sum is the same at every moment, not only in the end.</summary>
    private static async Task WatchSumAsync(Uri service, CancellationToken stop)
    {
        using var user = new SampleUser(service);
        int looked = 0;
        while (!stop.IsCancellationRequested)
        {
            Answer answer = await user.GetAsync($"/balances?node={1 + (looked % 3)}");
            if (answer.Status == HttpStatusCode.OK)
            {
                looked++;
                List<long> balances = [.. answer.Body.EnumerateObject().Select(p => p.Value.GetInt64())];
                Assert.Equal(AllMoney, balances.Sum());
                Assert.All(balances, balance => Assert.True(balance >= 0, $"an account has {balance}"));
            }
        }

        Assert.True(looked > 10, $"the sum was looked at {looked} times");
    }

    /// <summary>All nodes show the same journals, which lead to the balances and hold each acknowledged transfer once, under its number.</summary>
    private static async Task JournalsAreRightAsync(Uri service, LiveCluster cluster, Owner[] owners)
    {
        using var user = new SampleUser(service);
        var lines = new Dictionary<string, JsonElement[]>();
        foreach (string account in (string[])["joint", "first", "second", "shop"])
        {
            string[] texts = new string[cluster.Plan.Count];
            foreach (int node in cluster.Nodes)
            {
                (JsonElement seen, JsonElement[] journal) = await WholeJournalAsync(user, account, node);
                LeadsTo(seen, journal, account == "joint" ? AllMoney : 0);
                texts[node - 1] = string.Join('\n', journal.Select(static line => line.GetRawText()));
                lines[account] = journal;
            }

            Assert.All(texts, text => Assert.Equal(texts[0], text));
        }

        foreach (Owner owner in owners)
        {
            foreach ((string request, string account, long number) in owner.Paid)
            {
                JsonElement line = Assert.Single(lines[account], l => l.GetProperty("request").GetString() == request);
                Assert.Equal(number, line.GetProperty("number").GetInt64());
            }

            Assert.DoesNotContain(lines.Values.SelectMany(l => l), l => owner.Denied.Contains(l.GetProperty("request").GetString()!));
        }
    }

    /// <summary>An account, and its journal from the first line on, read page by page.</summary>
    private static async Task<(JsonElement Account, JsonElement[] Journal)> WholeJournalAsync(SampleUser user, string account, int node)
    {
        string path = $"/accounts/{account}?node={node}&level=Strong&lines={Lines}";
        JsonElement seen = await user.GetUntilDoneAsync(path);
        JsonElement[] page = [.. seen.GetProperty("journal").EnumerateArray()];
        List<JsonElement> latestFirst = [.. page];
        while (page.Length == Lines)
        {
            JsonElement earlier = await user.GetUntilDoneAsync($"{path}&before={page[^1].GetProperty("number").GetInt64()}");
            page = [.. earlier.GetProperty("journal").EnumerateArray()];
            latestFirst.AddRange(page);
        }

        latestFirst.Reverse();
        return (seen, [.. latestFirst]);
    }

    private static void LeadsTo(JsonElement account, JsonElement[] journal, long opening)
    {
        long balance = opening;
        for (int i = 0; i < journal.Length; i++)
        {
            Assert.Equal(i + 1, journal[i].GetProperty("number").GetInt64());
            balance += journal[i].GetProperty("change").GetInt64();
            Assert.Equal(balance, journal[i].GetProperty("balance").GetInt64());
            Assert.True(balance >= 0, $"overdrawn: {balance}");
        }

        Assert.Equal(balance, account.GetProperty("balance").GetInt64());
        Assert.Equal(journal.Length, account.GetProperty("entries").GetInt64());
    }

    /// <summary>Transfers through one random node, then reads at another: what is read is never older than what was done or read before.</summary>
    private sealed class Owner(Uri service, string name, ulong seed)
    {
        private readonly Prng _random = new(seed);
        private long _entriesSeen;

        public List<(string Request, string Account, long Number)> Paid { get; } = [];

        public HashSet<string> Denied { get; } = [];

        public int Refused => Denied.Count;

        public int Reads { get; private set; }

        public async Task WorkAsync(CancellationToken stop)
        {
            using var user = new SampleUser(service);
            while (!stop.IsCancellationRequested)
            {
                await TransferAsync(user);
                await ReadAsync(user);
            }
        }

        private async Task TransferAsync(SampleUser user)
        {
            bool withdraws = _random.Below(3) > 0;
            (string from, string to) = withdraws ? ("joint", name) : (name, "joint");
            var transfer = new Transfer(
                Guid.NewGuid().ToString(), from, to, 1 + _random.Below(withdraws ? LargestWithdrawal : LargestDeposit));
            Answer answer = new(default, default);

            // Sent again until its outcome is known, through any node, under its name: it is done once.
            await Eventually.HoldsAsync(
                async () => (answer = await user.PostAsync($"/transfers?node={1 + _random.Below(3)}", transfer)).Status
                    != HttpStatusCode.ServiceUnavailable,
                () => $"{transfer}: {answer.Body}");
            Assert.True(answer.Status == HttpStatusCode.OK, $"{transfer}: {answer.Status} {answer.Body}");
            if (!answer.Body.GetProperty("done").GetBoolean())
            {
                Assert.True(answer.Body.GetProperty("balance").GetInt64() < transfer.Amount);
                Denied.Add(transfer.Request);
                return;
            }

            long number = answer.Body.GetProperty("entry").GetInt64();
            Paid.Add((transfer.Request, from, number));
            if (withdraws)
            {
                _entriesSeen = Math.Max(_entriesSeen, number);
            }
        }

        private async Task ReadAsync(SampleUser user)
        {
            Answer answer = await user.GetAsync($"/accounts/joint?node={1 + _random.Below(3)}&level=Sequential&lines=1");
            if (answer.Status == HttpStatusCode.OK)
            {
                long entries = answer.Body.GetProperty("entries").GetInt64();
                Assert.True(entries >= _entriesSeen, $"the {name} owner saw change {_entriesSeen}, and then only {entries}: {answer.Body}");
                JsonElement journal = answer.Body.GetProperty("journal");
                long written = journal.GetArrayLength() == 0 ? 0 : journal[0].GetProperty("number").GetInt64();
                Assert.True(written >= entries, $"the journal is behind the balance: {answer.Body}");
                _entriesSeen = entries;
                Reads++;
            }
        }
    }
}
