using System.Diagnostics;
using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class WorldTests
{
    [Fact]
    public void Events_fire_in_the_order_of_time_and_then_of_scheduling()
    {
        EventQueue queue = new();
        Prng random = new(1);
        List<(long Time, int Number)> expected = [];
        for (int i = 0; i < 5000; i++)
        {
            long time = random.Below(300);
            queue.Add(time, new SimulationEvent { Node = i });
            expected.Add((time, i));
        }

        List<(long Time, int Number)> got = [];
        while (queue.Count > 0)
        {
            int number = queue.Take(out long time).Node;
            got.Add((time, number));
        }

        Assert.Equal(expected.OrderBy(e => e.Time).ThenBy(e => e.Number), got);
    }

    [Fact]
    public void Concerns_have_streams_of_their_own()
    {
        SimulatedWorld world = new(5);
        Assert.Equal(world.Randomness(Concern.Network).Next(), world.Randomness(Concern.Network).Next());
        Assert.NotEqual(world.Randomness(Concern.Network).Next(), world.Randomness(Concern.Disk).Next());
    }

    [Fact]
    public void Scheduling_and_firing_does_not_allocate()
    {
        SimulatedWorld world = new(1);
        Relay relay = new(world);
        relay.Begin(2000);
        world.RunUntil(100_000);
        Stopwatch watch = Stopwatch.StartNew();
        long eventsBefore = world.Events;
        long before = GC.GetAllocatedBytesForCurrentThread();
        world.RunUntil(1_000_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        watch.Stop();
        Assert.True(world.Events - eventsBefore > 500_000);
        Assert.Equal(0, allocated);
        TestContext.Current.TestOutputHelper?.WriteLine($"{world.Events / watch.Elapsed.TotalSeconds / 1e6:F2} M events/s");
    }

    private sealed class Relay(SimulatedWorld world) : IEventTarget
    {
        private readonly Prng _random = new(3);

        public void Begin(int count)
        {
            for (int i = 0; i < count; i++)
            {
                world.Schedule(i, this, EventKind.Check, i);
            }
        }

        public void Fire(in SimulationEvent happened) =>
            world.Schedule(1 + _random.Below(2000), this, EventKind.Check, happened.Node);
    }
}
