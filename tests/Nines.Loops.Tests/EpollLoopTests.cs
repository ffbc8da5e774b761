using System.Collections.Concurrent;
using Nines.Kernel;

namespace Nines.Loops.Tests;

/// <summary>Descriptors and who hears of them. Event counters stand for sockets.</summary>
[Collection(nameof(Descriptors))]
public sealed class EpollLoopTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_watcher_hears_of_its_descriptor_until_it_is_unwatched()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var loop = new EpollLoop("test");
        loop.Start();
        int descriptor = Libc.NewEvent();
        var heard = new BlockingCollection<uint>();
        loop.Do(() => Assert.True(loop.TryWatch(descriptor, Libc.EpollIn | Libc.EpollEdge, new Watcher(heard.Add))));
        Ring(descriptor);
        Assert.True(heard.TryTake(out uint events, Soon));
        Assert.Equal(Libc.EpollIn, events);
        loop.Do(() => loop.Unwatch(descriptor));
        Ring(descriptor);
        Assert.True(loop.Do(static () => { }));
        Assert.Empty(heard);
        _ = Libc.Close(descriptor);
    }

    [Fact]
    public void What_cannot_be_watched_is_told_and_leaves_nothing_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var loop = new EpollLoop("test");
        int descriptor = Libc.NewEvent();
        _ = Libc.Close(descriptor);
        Assert.False(loop.TryWatch(descriptor, Libc.EpollIn, new Watcher(static _ => { })));
        Assert.False(loop.TryWatch(descriptor, Libc.EpollIn, new Watcher(static _ => { })));
    }

    /// <summary>Two descriptors are ready in one wait. Whoever is told first closes the other, whose number a new one gets.</summary>
    [Fact]
    public void An_event_of_a_closed_descriptor_does_not_reach_the_new_owner_of_its_number()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var loop = new EpollLoop("test");
        int[] pair = [Libc.NewEvent(), Libc.NewEvent()];
        int told = 0;
        int wronged = 0;
        var rounds = new Part { Wants = ILoopPart.Never };
        void CloseOther(int me)
        {
            told++;
            int other = pair[1 - me];
            loop.Unwatch(other);
            _ = Libc.Close(other);
            int reused = Libc.NewEvent();
            Assert.Equal(other, reused);
            Assert.True(loop.TryWatch(reused, Libc.EpollIn | Libc.EpollEdge, new Watcher(_ => wronged++)));
        }

        for (int i = 0; i < 2; i++)
        {
            int me = i;
            Assert.True(loop.TryWatch(pair[me], Libc.EpollIn | Libc.EpollEdge, new Watcher(_ => CloseOther(me))));
            Ring(pair[me]);
        }

        loop.Add(rounds);
        loop.Start();
        rounds.Await(1);
        Assert.True(loop.Do(static () => { }));
        Assert.Equal((1, 0), (told, wronged));
    }

    [Fact]
    public void Parts_have_turns_between_handlers_that_take_long()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var loop = new EpollLoop("test");
        var part = new Part { Wants = ILoopPart.Never };
        loop.Add(part);
        var seen = new List<int>();
        for (int i = 0; i < 4; i++)
        {
            int descriptor = Libc.NewEvent();
            Ring(descriptor);
            Assert.True(loop.TryWatch(descriptor, Libc.EpollIn | Libc.EpollEdge, new Watcher(_ =>
            {
                seen.Add(part.Rounds);
                EventLoopTests.Spin();
            })));
        }

        loop.Start();
        part.Await(4);
        Assert.True(loop.Do(static () => { }));
        Assert.Equal([0, 1, 2, 3], seen);
    }

    /// <summary>Nobody reads the first one, so it is ready in each wait.</summary>
    [Fact]
    public void A_descriptor_that_always_has_something_starves_neither_others_nor_parts()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var loop = new EpollLoop("test");
        int[] pair = [Libc.NewEvent(), Libc.NewEvent()];
        int busy = 0;
        using var heard = new SemaphoreSlim(0);
        var part = new Part { Wants = ILoopPart.Never };
        loop.Add(part);
        Assert.True(loop.TryWatch(pair[0], Libc.EpollIn, new Watcher(_ => Interlocked.Increment(ref busy))));
        Assert.True(loop.TryWatch(pair[1], Libc.EpollIn | Libc.EpollEdge, new Watcher(_ => heard.Release())));
        Ring(pair[0]);
        loop.Start();
        for (int i = 1; i <= 20; i++)
        {
            int before = Volatile.Read(ref busy);
            Ring(pair[1]);
            Assert.True(heard.Wait(Soon, TestContext.Current.CancellationToken));
            SpinWait.SpinUntil(() => Volatile.Read(ref busy) > before, Soon);
            part.Await(part.Rounds + 2);
        }

        Assert.True(loop.Do(() => Array.ForEach(pair, loop.Unwatch)));
        Array.ForEach(pair, Close);
    }

    [Fact]
    public void More_descriptors_than_one_wait_tells_of_are_all_heard_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var loop = new EpollLoop("test");
        int[] many = [.. Enumerable.Range(0, 700).Select(_ => Libc.NewEvent())];
        int[] heard = new int[many.Length];
        using var all = new CountdownEvent(many.Length);
        for (int i = 0; i < many.Length; i++)
        {
            int me = i;
            Ring(many[i]);
            Assert.True(loop.TryWatch(many[i], Libc.EpollIn | Libc.EpollEdge, new Watcher(_ =>
            {
                heard[me]++;
                all.Signal();
            })));
        }

        loop.Start();
        Assert.True(all.Wait(Soon, TestContext.Current.CancellationToken));
        Assert.True(loop.Do(() => Array.ForEach(many, loop.Unwatch)));
        Assert.All(heard, n => Assert.Equal(1, n));
        Array.ForEach(many, Close);
    }

    /// <summary>The loop's own descriptors are closed, and their numbers may belong to somebody else.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_ended_loop_touches_no_descriptor(bool wasStarted)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        var loop = new EpollLoop("test");
        if (wasStarted)
        {
            loop.Start();
        }

        loop.Dispose();
        Assert.True(loop.HasEnded);
        int[] takers = [Libc.NewEpoll(), Libc.NewEpoll()];
        int descriptor = Libc.NewEvent();
        Assert.False(loop.TryWatch(descriptor, Libc.EpollIn, new Watcher(static _ => { })));
        loop.Unwatch(descriptor);
        foreach (int one in (int[])[.. takers, descriptor])
        {
            Assert.Equal(0, Libc.Close(one));
        }
    }

    private static void Close(int descriptor) => Assert.Equal(0, Libc.Close(descriptor));

    private static void Ring(int descriptor)
    {
        ulong one = 1;
        Assert.Equal(sizeof(ulong), Libc.WriteEvent(descriptor, in one, sizeof(ulong)));
    }

    private sealed class Watcher(Action<uint> told) : IWatcher
    {
        public void OnEvents(uint events) => told(events);
    }
}
