using Nines.Kernel;

namespace Nines.EndToEnd.Tests.History;

/// <summary>The checks find what they are for: a sound history passes, and each kind of seeded violation is named.</summary>
public sealed class VerdictTests
{
    private const string Key = "k";

    [Fact]
    public void A_sound_history_passes() => Assert.Empty(Verdict.Of(Sound()).Findings);

    [Fact]
    public void A_history_that_says_too_little_is_vacuous()
    {
        Assert.Contains("vacuous", Assert.Single(Verdict.Of([.. Sound().Take(100)]).Findings), StringComparison.Ordinal);
        Observation[] unknown = [.. Enumerable.Range(0, 2000).Select(i => Put(1_000_000 + i, 9_000_000 + i, 0) with
        {
            Key = "other", End = End.Unknown, EndUs = long.MaxValue,
        })];
        Assert.Contains(Verdict.Of([.. Sound(), .. unknown]).Findings, f => f.StartsWith("vacuous", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stale_strong_read_is_found() => Finds("F: ", Change(o => o.Act == Act.Get, o => o with { Seen = o.Seen - 1, Position = o.Position - 2 }));

    [Fact]
    public void A_lost_write_is_found() => Finds("F: k is not linearizable", Change(o => o.Act == Act.Get, o => o with { Seen = o.Seen - 1, Position = 0 }));

    [Fact]
    public void A_wrong_position_is_found() => Finds("D: position", Change(o => o.Act == Act.Get, o => o with { Position = o.Position - 2 }));

    [Fact]
    public void A_value_from_nowhere_is_found() => Finds("E: a value from nowhere", Change(o => o.Act == Act.Get, o => o with { Seen = 77_777_777 }));

    [Fact]
    public void A_write_answered_as_not_done_and_seen_is_found() =>
        Finds("E: a write that was answered as not done", Change(o => o.Act == Act.Put, o => o with { End = End.NotDone }));

    [Fact]
    public void A_session_that_goes_back_is_found()
    {
        List<Observation> history = Sound();
        history.AddRange(
            Read(5_000_000, 2, 5) with { InSession = true, Client = 7, Consistency = Consistency.Sequential },
            Read(5_000_100, 1, 3) with { InSession = true, Client = 7, Consistency = Consistency.Sequential });
        Assert.Contains(Verdict.Of(history).Findings, f => f.StartsWith("G: the session went back", StringComparison.Ordinal));
    }

    [Fact]
    public void A_counter_that_counts_twice_or_forgets_is_found()
    {
        List<Observation> history = Sound();
        history.AddRange(Add(5_000_000, 1), Add(5_000_100, 3));
        Assert.Contains(Verdict.Of(history).Findings, f => f.StartsWith("E: count reached 3 after 2", StringComparison.Ordinal));
        List<string> last = [];
        CounterCheck.CheckLast(history, "count", 1, "n1", last);
        Assert.StartsWith("D: ", Assert.Single(last), StringComparison.Ordinal);
        history = [.. Sound(), Add(5_000_000, 1), Add(5_000_100, 1)];
        Assert.Contains(Verdict.Of(history).Findings, f => f.StartsWith("F: two increments gave 1", StringComparison.Ordinal));
    }

    private static void Finds(string finding, List<Observation> history) =>
        Assert.Contains(Verdict.Of(history).Findings, f => f.StartsWith(finding, StringComparison.Ordinal));

    /// <summary>Puts of 1, 2, 3 ..., each read strongly before the next.</summary>
    private static List<Observation> Sound()
    {
        List<Observation> history = [];
        for (int i = 1; i <= 1200; i++)
        {
            history.Add(Put(i * 1000, i, (2 * i) - 1));
            history.Add(Read((i * 1000) + 500, i, 2 * i));
        }

        return history;
    }

    /// <summary>The sound history with one operation in its middle changed.</summary>
    private static List<Observation> Change(Func<Observation, bool> which, Func<Observation, Observation> how)
    {
        List<Observation> history = Sound();
        int at = history.FindIndex(history.Count / 2, o => which(o));
        history[at] = how(history[at]);
        return history;
    }

    private static Observation Put(long at, long value, long position) => new()
    {
        Client = 1, Key = Key, Act = Act.Put, Value = value, StartUs = at, EndUs = at + 100, End = End.Done, Group = 1, Position = position, Node = "n1",
    };

    private static Observation Read(long at, long seen, long position) => new()
    {
        Client = 2, Key = Key, Act = Act.Get, Seen = seen, StartUs = at, EndUs = at + 100, End = End.Done, Group = 1, Position = position, Node = "n2",
    };

    private static Observation Add(long at, long became) => new()
    {
        Client = 3, Key = "count", Act = Act.Add, Seen = became, StartUs = at, EndUs = at + 50, End = End.Done, Group = 2, Position = at, Node = "n3",
    };
}
