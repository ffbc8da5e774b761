using System.Collections.Concurrent;
using System.Diagnostics;
using Nines.Kernel;

namespace Nines.Loops.Tests;

/// <summary>Descriptors and who hears of them. Event counters stand for sockets.</summary>
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
                long began = Stopwatch.GetTimestamp();
                SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(30));
            })));
        }

        loop.Start();
        part.Await(4);
        Assert.True(loop.Do(static () => { }));
        Assert.Equal([0, 1, 2, 3], seen);
    }

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
