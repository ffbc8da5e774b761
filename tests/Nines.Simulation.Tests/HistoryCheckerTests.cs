using Nines.Kernel;

namespace Nines.Simulation.Tests;

/// <summary>The certificate checker accepts every valid history and finds each planted violation.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly Dictionary<ulong, AppliedCommand> _noOracle = [];

    [Fact]
    public void Valid_histories_pass()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            Findings findings = Check(HistoryGenerator.Valid(seed));
            Assert.True(!findings.Any, $"seed {seed}: {string.Join(" | ", findings.All)}");
        }
    }

    [Fact]
    public void A_stale_strong_read_is_found()
    {
        Operation[] history =
        [
            Put(1, 0, 10, position: 1),
            Put(2, 20, 30, position: 2, seen: (1, 1)),
            Get(3, 40, 50, position: 1, seen: (1, 1)),
        ];
        AssertFinds('F', history);
    }

    [Fact]
    public void A_stale_read_with_a_false_position_is_found_as_a_lost_write()
    {
        Operation[] history =
        [
            Put(1, 0, 10, position: 1),
            Put(2, 20, 30, position: 2, seen: (1, 1)),
            Get(3, 40, 50, position: 2, seen: (1, 1)),
        ];
        AssertFinds('D', history);
    }

    [Fact]
    public void A_lost_acknowledged_write_is_found()
    {
        Operation[] history =
        [
            Put(1, 0, 10, position: 1),
            Get(2, 20, 30, position: 5, seen: null),
        ];
        AssertFinds('D', history);
    }

    [Fact]
    public void Two_writes_at_one_position_are_found()
    {
        AssertFinds('D', [Put(1, 0, 10, position: 1, key: 0), Put(2, 0, 10, position: 1, key: 1)]);
    }

    [Fact]
    public void A_write_applied_twice_is_found()
    {
        Operation[] history =
        [
            Put(1, 0, 10, position: 1),
            Put(2, 20, 30, position: 2, seen: (1, 1)),
            Get(3, 40, 50, position: 3, seen: (1, 3)),
        ];
        AssertFinds('E', history);
    }

    [Fact]
    public void An_unknown_write_may_happen_late_but_only_once()
    {
        Operation unknown = Put(1, 0, long.MaxValue, position: 0);
        unknown.End = OperationEnd.Info;
        Operation[] fine = [unknown, Get(2, 10, 20, position: 1, seen: null), Get(3, 30, 40, position: 2, seen: (1, 2))];
        Assert.False(Check(fine).Any);
        AssertFinds('E', [.. fine, Get(4, 50, 60, position: 5, seen: (1, 4))]);
    }

    [Fact]
    public void A_write_answered_as_not_done_that_is_read_is_found()
    {
        Operation refused = Put(1, 0, 10, position: 0);
        refused.End = OperationEnd.NotDone;
        AssertFinds('E', [refused, Get(2, 20, 30, position: 1, seen: (1, 1))]);
    }

    [Fact]
    public void A_write_answered_as_not_done_that_was_applied_is_found()
    {
        Operation refused = Put(1, 0, 10, position: 0);
        refused.End = OperationEnd.NotDone;
        Dictionary<ulong, AppliedCommand> oracle = new()
        {
            [1] = new AppliedCommand(new GroupId(1), new LogIndex(4), 1, 0, 0, true),
        };
        Findings findings = new();
        HistoryChecker.Check([refused], oracle, findings, StalenessTolerance.Default);
        Assert.Equal('E', Assert.Single(findings.All).Invariant);
    }

    [Fact]
    public void A_value_from_nowhere_and_one_from_the_future_are_found()
    {
        AssertFinds('E', [Get(1, 0, 10, position: 1, seen: (77, 1))]);
        AssertFinds('E', [Get(1, 0, 10, position: 1, seen: (2, 1)), Put(2, 20, 30, position: 1)]);
    }

    [Fact]
    public void A_session_that_goes_back_is_found_and_own_writes_count()
    {
        Operation write = Put(1, 0, 10, position: 1, client: 5);
        Operation mine = Get(2, 20, 30, position: 0, seen: null, Consistency.Sequential, client: 5);
        Operation others = Get(2, 20, 30, position: 0, seen: null, Consistency.Sequential, client: 6);
        AssertFinds('G', [write, mine]);
        Assert.False(Check([write, others]).Any);
    }

    [Fact]
    public void A_claimed_staleness_that_is_not_true_is_found()
    {
        Operation write = Put(1, 0, 10, position: 1);
        Operation read = Get(2, 5_000_000, 5_000_010, position: 0, seen: null, Consistency.Eventual);
        read.StalenessMs = 100;
        AssertFinds('G', [write, read]);
        read.StalenessMs = 10_000;
        Assert.False(Check([write, read]).Any);
    }

    [Fact]
    public void A_replica_that_lacks_the_last_write_in_quiet_times_is_found()
    {
        Operation read = new()
        {
            Client = 9, Group = new GroupId(1), Key = 1, Kind = OperationKind.Get, Value = 2, InvokeUs = 100, IsFinal = true,
            Consistency = Consistency.Eventual, ReturnUs = 110, End = OperationEnd.Done, Position = 0,
        };
        AssertFinds('D', [Put(1, 0, 10, position: 1), read]);
    }

    [Fact]
    public void Each_kind_of_damage_to_a_valid_history_is_found()
    {
        int damaged = 0;
        for (ulong seed = 1; seed <= 100; seed++)
        {
            List<Operation> history = HistoryGenerator.Valid(seed);
            Prng random = new(seed);
            List<Operation> reads = [.. history.Where(o => o.IsRead && o.Found && o.Consistency == Consistency.Strong)];
            if (reads.Count == 0)
            {
                continue;
            }

            Operation victim = random.Pick(reads);
            switch (random.Below(3))
            {
                case 0: victim.Found = false; break;
                case 1: victim.SeenVersion++; break;
                default: victim.SeenValue += 100_000; break;
            }

            damaged++;
            Assert.True(Check(history).Any, $"seed {seed}");
        }

        Assert.True(damaged > 90);
    }

    private static Findings Check(IReadOnlyList<Operation> history)
    {
        Findings findings = new();
        HistoryChecker.Check(history, _noOracle, findings, StalenessTolerance.Default);
        return findings;
    }

    private static void AssertFinds(char invariant, IReadOnlyList<Operation> history)
    {
        Findings findings = Check(history);
        Assert.Contains(findings.All, f => f.Invariant == invariant);
    }

    private static Operation Put(
        ulong value, long invoke, long end, long position, (ulong Value, long Version)? seen = null, int key = 0, int client = 1) =>
        new()
        {
            Client = client, Group = new GroupId(1), Key = key, Kind = OperationKind.Put, Value = value, InvokeUs = invoke,
            ReturnUs = end, End = OperationEnd.Done, Position = position,
            Found = seen != null, SeenValue = seen?.Value ?? 0, SeenVersion = seen?.Version ?? 0,
        };

    private static Operation Get(
        ulong value, long invoke, long end, long position, (ulong Value, long Version)? seen,
        Consistency consistency = Consistency.Strong, int client = 2) =>
        new()
        {
            Client = client, Group = new GroupId(1), Key = 0, Kind = OperationKind.Get, Consistency = consistency, Value = value,
            InvokeUs = invoke, ReturnUs = end, End = OperationEnd.Done, Position = position,
            Found = seen != null, SeenValue = seen?.Value ?? 0, SeenVersion = seen?.Version ?? 0,
        };
}
