using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class LinearizabilityTests
{
    [Fact]
    public void Reads_of_old_values_after_a_newer_one_was_read_are_not_linearizable()
    {
        Assert.Equal(Linearizable.No, LinearizabilityChecker.Check(
        [
            new(RegisterAction.Write, 1, 0, 0, 10),
            new(RegisterAction.Write, 2, 0, 20, 100),
            new(RegisterAction.Read, 2, 0, 30, 40),
            new(RegisterAction.Read, 1, 0, 50, 60),
        ]));
    }

    [Fact]
    public void Concurrent_reads_may_see_a_write_or_not()
    {
        Assert.Equal(Linearizable.Yes, LinearizabilityChecker.Check(
        [
            new(RegisterAction.Write, 1, 0, 0, 10),
            new(RegisterAction.Write, 2, 0, 20, 100),
            new(RegisterAction.Read, 1, 0, 30, 40),
            new(RegisterAction.Read, 2, 0, 50, 60),
        ]));
    }

    [Fact]
    public void An_unknown_write_may_take_effect_at_any_later_time_or_never()
    {
        RegisterEvent unknown = new(RegisterAction.Write, 7, 0, 0, long.MaxValue);
        Assert.Equal(Linearizable.Yes, LinearizabilityChecker.Check(
            [unknown, new(RegisterAction.Read, 0, 0, 10, 20), new(RegisterAction.Read, 7, 0, 1000, 1010)]));
        Assert.Equal(Linearizable.Yes, LinearizabilityChecker.Check(
            [unknown, new(RegisterAction.Read, 0, 0, 10, 20), new(RegisterAction.Read, 0, 0, 1000, 1010)]));
        Assert.Equal(Linearizable.No, LinearizabilityChecker.Check(
            [unknown, new(RegisterAction.Read, 7, 0, 10, 20), new(RegisterAction.Read, 0, 0, 1000, 1010)]));
    }

    [Fact]
    public void A_lost_acknowledged_write_and_a_double_compare_and_set_are_found()
    {
        Assert.Equal(Linearizable.No, LinearizabilityChecker.Check(
            [new(RegisterAction.Write, 1, 0, 0, 10), new(RegisterAction.Read, 0, 0, 20, 30)]));
        Assert.Equal(Linearizable.No, LinearizabilityChecker.Check(
        [
            new(RegisterAction.Write, 1, 0, 0, 10),
            new(RegisterAction.CompareAndSet, 2, 1, 20, 30),
            new(RegisterAction.CompareAndSet, 3, 1, 20, 30),
        ]));
    }

    [Fact]
    public void A_failed_condition_may_be_explained_by_an_unknown_write()
    {
        RegisterEvent[] history =
        [
            new(RegisterAction.Write, 1, 0, 0, 10),
            new(RegisterAction.FailedCompareAndSet, 0, 1, 20, 30),
        ];
        Assert.Equal(Linearizable.No, LinearizabilityChecker.Check(history));
        Assert.Equal(
            Linearizable.Yes, LinearizabilityChecker.Check([.. history, new(RegisterAction.Write, 9, 0, 5, long.MaxValue)]));
    }

    [Fact]
    public void Agrees_with_the_certificate_checker_on_valid_histories_and_finds_damage()
    {
        int found = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            List<Operation> history = HistoryGenerator.Valid(seed, 400, keys: 2);
            for (int key = 0; key < 2; key++)
            {
                List<RegisterEvent> events = Events(history, key);
                Assert.True(LinearizabilityChecker.Check(events) == Linearizable.Yes, $"seed {seed} key {key}");
                if (key == 0 && Damage(events, new Prng(seed)))
                {
                    found += LinearizabilityChecker.Check(events) == Linearizable.No ? 1 : 0;
                }
            }
        }

        Assert.True(found > 25, $"only {found} damaged histories were found");
    }

    [Fact]
    public void Five_thousand_operations_are_checked_quickly()
    {
        List<Operation> history = HistoryGenerator.Valid(77, 5000, keys: 1);
        Assert.Equal(Linearizable.Yes, LinearizabilityChecker.Check(Events(history, 0)));
    }

    private static bool Damage(List<RegisterEvent> events, Prng random)
    {
        List<int> reads = [.. Enumerable.Range(20, events.Count - 20).Where(i => events[i].Action == RegisterAction.Read)];
        List<RegisterEvent> oldWrites = [.. events.Take(10).Where(e => e.Action == RegisterAction.Write)];
        if (reads.Count == 0 || oldWrites.Count == 0)
        {
            return false;
        }

        int victim = random.Pick(reads);
        events[victim] = events[victim] with { Value = oldWrites[0].Value };
        return true;
    }

    private static List<RegisterEvent> Events(List<Operation> history, int key)
    {
        List<RegisterEvent> events = [];
        Dictionary<long, ulong> byVersion = history.Where(o => !o.IsRead).ToDictionary(o => o.Position, o => o.Value);
        foreach (Operation operation in history.Where(o => o.Key == key))
        {
            bool conditional = operation.Kind == OperationKind.CompareAndSet;
            bool unknown = operation.End == OperationEnd.Info;
            long expected = conditional && byVersion.TryGetValue(operation.ExpectedVersion, out ulong value) ? (long)value : 0;
            if (conditional && operation.ExpectedVersion == 999_999)
            {
                expected = -1;
            }

            RegisterAction action = operation.IsRead ? RegisterAction.Read
                : !conditional ? RegisterAction.Write
                : operation.End == OperationEnd.ConditionFailed ? RegisterAction.FailedCompareAndSet
                : RegisterAction.CompareAndSet;
            long written = operation.Kind == OperationKind.Delete ? 0 : (long)operation.Value;
            events.Add(new RegisterEvent(
                action,
                operation.IsRead ? (operation.Found ? (long)operation.SeenValue : 0) : written,
                expected,
                operation.InvokeUs,
                unknown ? long.MaxValue : operation.ReturnUs));
        }

        return events;
    }
}
