using Nines.Kernel;

namespace Nines.Replication.Tests;

/// <summary>When leadership changes, and when it does not.</summary>
public class LeadershipTests
{
    private static readonly GroupId One = new(1);

    [Fact]
    public void Leadership_does_not_go_to_a_preferred_replica_that_is_behind()
    {
        var cluster = new TestCluster(3, 1, new ReactorOptions { RebalanceTicks = 20 });
        cluster.Done(cluster.Write(1, One, "k=0"));
        cluster.Kill(1);
        cluster.Until(() => cluster.Leader(One) is 2 or 3);
        int leader = cluster.Leader(One);
        for (int i = 0; i < 200; i++)
        {
            cluster.Done(cluster.Write(leader, One, $"k{i}=1"));
        }

        // It lives and is heard, and gets nothing new.
        cluster.Cut.Add((leader, 1));
        cluster.Start(1);
        cluster.Tick(5);
        for (int i = 0; i < 100; i++)
        {
            TestRequest request = cluster.Write(leader, One, $"k={i}");
            cluster.Tick(2);
            Assert.Equal(Outcome.Done, request.Answer?.Outcome);
        }

        cluster.Cut.Clear();
        cluster.Until(() => cluster.Leader(One) == 1);
    }

    [Fact]
    public void The_silence_of_a_quiet_leader_is_waited_for_once()
    {
        var options = new ReactorOptions();
        var cluster = new TestCluster(3, 1);
        cluster.Done(cluster.Write(1, One, "k=0"));
        cluster.Until(() => cluster.Nodes.All(n => n.Reactor.Status().Replicas.All(r => r.IsQuiesced)));
        cluster.Paused.Add(cluster.Leader(One));
        int ticks = 0;
        cluster.Until(() => cluster.Leader(One) != 0 || ++ticks < 0);
        Assert.InRange(ticks, options.ElectionTimeoutTicks, options.ElectionTimeoutTicks * 3 / 2);
    }

    [Fact]
    public async Task Time_the_process_slept_through_is_not_silence_of_the_others()
    {
        var cluster = new TestCluster(1, 1);
        var clock = new ManualClock();
        using var loop = new DoorbellLoop("reactor");
        using var thread = new ReactorThread(cluster[1].Reactor, loop, new(), clock, static () => { }, static _ => { });
        loop.Start();
        thread.Start();
        long before = await NowAsync(thread);
        clock.Advance(TimeSpan.FromSeconds(5));
        for (int i = 0; i < 10; i++)
        {
            await NowAsync(thread);
        }

        Assert.InRange(await NowAsync(thread) - before, 1, 2);
    }

    private static Task<long> NowAsync(ReactorThread thread)
    {
        var now = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Post(reactor => now.SetResult(reactor.Now));
        return now.Task;
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _now, by.Ticks);
    }
}
