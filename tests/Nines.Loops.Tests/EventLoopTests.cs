using System.Collections.Concurrent;
using Nines.Kernel;

namespace Nines.Loops.Tests;

/// <summary>Some tests count on the number of a descriptor they closed: nobody else is to open one beside them.</summary>
[CollectionDefinition(nameof(Descriptors), DisableParallelization = true)]
public sealed class Descriptors;

/// <summary>What every event loop does, whatever it waits with.</summary>
[Collection(nameof(Descriptors))]
public sealed class EventLoopTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Kinds => OperatingSystem.IsLinux() ? ["doorbell", "epoll"] : ["doorbell"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Posted_work_runs_in_order_on_the_loops_thread(string kind)
    {
        using EventLoop loop = New(kind);
        var ran = new BlockingCollection<(int Number, bool Here)>();
        for (int i = 0; i < 1000; i++)
        {
            int number = i;
            loop.Post(new Work(() => ran.Add((number, loop.IsHere))));
        }

        for (int i = 0; i < 1000; i++)
        {
            Assert.True(ran.TryTake(out (int, bool) next, Soon));
            Assert.Equal((i, true), next);
        }

        Assert.False(loop.IsHere);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_errand_is_done_when_the_call_returns_also_from_the_loop_itself(string kind)
    {
        using EventLoop loop = New(kind);
        int done = 0;
        Assert.True(loop.Do(() =>
        {
            Assert.True(loop.Do(() => done++));
            done += 10;
        }));
        Assert.Equal(11, done);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_ended_loop_says_that_it_runs_nothing_any_more(string kind)
    {
        EventLoop loop = New(kind);
        loop.Dispose();
        Assert.False(loop.Do(static () => Assert.Fail("The loop has ended.")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_part_has_a_turn_when_it_wants_one_and_when_somebody_wakes_the_loop(string kind)
    {
        using EventLoop loop = New(kind);
        var part = new Part { Wants = 1 };
        loop.Add(part);
        part.Await(5);
        part.Wants = ILoopPart.Never;

        // Rounds that were under way may still come; then none does by itself.
        Assert.True(loop.Do(static () => { }));
        Assert.True(loop.Do(static () => { }));
        int before = part.Rounds;
        loop.Wake();
        part.Await(before + 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_removed_part_has_no_more_turns(string kind)
    {
        using EventLoop loop = New(kind);
        var part = new Part { Wants = 0 };
        var other = new Part { Wants = 0 };
        loop.Add(part);
        loop.Add(other);
        part.Await(10);
        loop.Remove(part);
        int last = part.Rounds;
        other.Await(other.Rounds + 100);
        Assert.Equal(last, part.Rounds);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Many_threads_that_wake_it_lose_no_work(string kind)
    {
        using EventLoop loop = New(kind);
        int sum = 0;
        using var done = new CountdownEvent(4 * 5000);
        var work = new Work(() =>
        {
            sum++;
            done.Signal();
        });
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 5000; i++)
            {
                loop.Post(work);
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Assert.True(done.Wait(Soon, TestContext.Current.CancellationToken));
        Assert.Equal(20_000, sum);
        Array.ForEach(threads, t => t.Join());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_an_errand_throws_is_its_senders_and_the_loop_goes_on(string kind)
    {
        using EventLoop loop = New(kind);
        Assert.Throws<TimeoutException>(() => loop.Do(static () => throw new TimeoutException()));
        Assert.True(loop.Do(static () => { }));
    }

    /// <summary>The errand comes when the loop has taken the last of its work. Its sender is not to wait for nothing.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_errand_that_comes_while_the_loop_ends_is_refused_at_once(string kind)
    {
        EventLoop loop = New(kind);
        bool ran = false;
        bool answer = true;
        var sender = new Thread(() => answer = loop.Do(() => ran = true));
        loop.Post(new Work(() =>
        {
            loop.Dispose();
            loop.Post(new Work(() =>
            {
                sender.Start();
                SpinWait.SpinUntil(() => (sender.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0);
            }));
        }));
        SpinWait.SpinUntil(() => loop.HasEnded);
        Assert.True(sender.Join(TimeSpan.FromSeconds(5)));
        Assert.Equal((false, false), (answer, ran));
        loop.Post(new Work(static () => Assert.Fail("The loop has ended.")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Parts_have_turns_between_posted_work_that_takes_long(string kind)
    {
        EventLoop loop = kind == "epoll" ? new EpollLoop("test") : new DoorbellLoop("test");
        var part = new Part { Wants = ILoopPart.Never };
        var seen = new List<int>();
        loop.Add(part);
        for (int i = 0; i < 4; i++)
        {
            loop.Post(new Work(() =>
            {
                seen.Add(part.Rounds);
                Spin();
                Assert.True(loop.IsTurnDue);
            }));
        }

        using (loop)
        {
            loop.Start();
            part.Await(4);
            Assert.True(loop.Do(static () => { }));
        }

        Assert.Equal([0, 1, 2, 3], seen);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_part_that_another_one_removed_has_no_turn_any_more_not_even_in_that_round(string kind)
    {
        using EventLoop loop = kind == "epoll" ? new EpollLoop("test") : new DoorbellLoop("test");
        var victim = new Part { Wants = 0 };
        bool done = false;
        loop.Add(new Remover(() =>
        {
            loop.Remove(victim);
            done = true;
        }));
        loop.Add(victim);
        loop.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref done), Soon);
        Assert.True(loop.Do(static () => { }));
        Assert.Equal(0, victim.Rounds);
    }

    internal static void Spin()
    {
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => System.Diagnostics.Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(30));
    }

    internal static EventLoop New(string kind)
    {
        EventLoop loop = kind == "epoll" ? new EpollLoop("test") : new DoorbellLoop("test");
        loop.Start();
        return loop;
    }

    private sealed class Remover(Action remove) : ILoopPart
    {
        private bool _done;

        public int Round()
        {
            if (!_done)
            {
                _done = true;
                remove();
            }

            return ILoopPart.Never;
        }
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}

/// <summary>Counts its turns.</summary>
internal sealed class Part : ILoopPart
{
    private readonly object _gate = new();
    private int _rounds;
    private volatile int _wants;

    public int Rounds => Volatile.Read(ref _rounds);

    public int Wants
    {
        get => _wants;
        set => _wants = value;
    }

    public int Round()
    {
        lock (_gate)
        {
            _rounds++;
            Monitor.PulseAll(_gate);
        }

        return Wants;
    }

    public void Await(int rounds)
    {
        lock (_gate)
        {
            while (_rounds < rounds)
            {
                Assert.True(Monitor.Wait(_gate, TimeSpan.FromSeconds(20)));
            }
        }
    }
}
