using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class BackgroundTests
{
    private readonly SimulatedWorld _world = new(3);
    private readonly List<string> _done = [];
    private readonly SimulatedBackground _background;
    private int _wakes;

    public BackgroundTests()
    {
        _background = new SimulatedBackground(_world, 1, new BackgroundOptions(), new Prng(1), () => _wakes++);
    }

    [Fact]
    public void Work_of_a_lane_runs_in_order_and_completes_only_in_a_turn()
    {
        Work first = Start("first", 3);
        Work second = Start("second", 2);
        _world.RunUntil(1_000_000);
        Assert.Equal((3, 2), (first.Steps, second.Steps));
        Assert.True(_wakes >= 2);
        Assert.Empty(_done);
        _background.RunCompletions();
        Assert.Equal(["first", "second"], _done);
    }

    [Fact]
    public void An_exception_ends_the_work_and_goes_to_its_owner()
    {
        Start("bad", 1, fails: true);
        _world.RunUntil(1_000_000);
        _background.RunCompletions();
        Assert.Equal(["bad: boom"], _done);
    }

    [Fact]
    public void A_crash_forgets_everything_not_handed_over()
    {
        Start("finished", 1);
        _world.RunUntil(1_000_000);
        Work running = Start("running", 100);
        _world.RunUntil(_world.NowUs + 2_000);
        _background.Crash();
        _world.RunUntil(_world.NowUs + 10_000_000);
        _background.RunCompletions();
        Assert.Empty(_done);
        Assert.InRange(running.Steps, 0, 99);
    }

    [Fact]
    public void A_stall_lets_no_step_begin_until_it_ends_or_is_lifted()
    {
        _background.Stall(long.MaxValue);
        Work work = Start("work", 1);
        _world.RunUntil(100_000_000);
        Assert.Equal(0, work.Steps);
        _background.Resume();
        _world.RunUntil(101_000_000);
        Assert.Equal(1, work.Steps);

        _background.Stall(_world.NowUs + 5_000_000);
        Work later = Start("later", 1);
        _world.RunUntil(_world.NowUs + 4_000_000);
        Assert.Equal(0, later.Steps);
        _world.RunUntil(_world.NowUs + 2_000_000);
        Assert.Equal(1, later.Steps);
    }

    private Work Start(string name, int steps, bool fails = false)
    {
        Work work = new(steps, fails);
        _background.Start(Lane.Log, work, (_, e) => _done.Add(e == null ? name : $"{name}: {e.Message}"));
        return work;
    }

    private sealed class Work(int steps, bool fails) : IBackgroundWork
    {
        public int Steps { get; private set; }

        public bool Step()
        {
            Steps++;
            return fails ? throw new IOException("boom") : Steps < steps;
        }
    }
}
