using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Node.Adapters;

namespace Nines.Node.Tests.Adapters;

public sealed class RealBackgroundTests
{
    [Fact]
    public void Work_of_a_lane_runs_in_order_and_completes_where_it_was_posted()
    {
        using var completions = new BlockingCollection<BackgroundCompletion>();
        using var background = new RealBackground(completions.Add);
        List<int> steps = [];
        List<int> completed = [];
        for (int i = 0; i < 50; i++)
        {
            int number = i;
            background.Start(Lane.Log, new Work(3, () => steps.Add(number)), (_, error) =>
            {
                Assert.Null(error);
                completed.Add(number);
            });
        }

        for (int i = 0; i < 50; i++)
        {
            Take(completions).Deliver();
        }

        Assert.Equal(Enumerable.Range(0, 50), completed);
        Assert.Equal(Enumerable.Range(0, 150).Select(i => i / 3), steps);
    }

    [Fact]
    public void One_lane_does_not_wait_for_the_other()
    {
        using var completions = new BlockingCollection<BackgroundCompletion>();
        using var held = new ManualResetEventSlim();
        using var background = new RealBackground(completions.Add);
        background.Start(Lane.Store, new Work(1, held.Wait), (_, _) => { });
        var flush = new Work(1, () => { });
        background.Start(Lane.Log, flush, (_, _) => { });
        Assert.Same(flush, Take(completions).Work);
        held.Set();
        Take(completions);
    }

    [Fact]
    public void An_exception_ends_the_work_and_reaches_its_owner()
    {
        using var completions = new BlockingCollection<BackgroundCompletion>();
        using var background = new RealBackground(completions.Add);
        var broken = new DiskException(DiskFailure.Device, "gone");
        background.Start(Lane.Log, new Work(5, () => throw broken), (_, _) => { });
        Assert.Same(broken, Take(completions).Error);
        background.Start(Lane.Log, new Work(1, () => { }), (_, _) => { });
        Assert.Null(Take(completions).Error);
    }

    private static BackgroundCompletion Take(BlockingCollection<BackgroundCompletion> completions)
    {
        Assert.True(completions.TryTake(out BackgroundCompletion completion, TimeSpan.FromSeconds(20)));
        return completion;
    }

    private sealed class Work(int steps, Action step) : IBackgroundWork
    {
        private int _left = steps;

        public bool Step()
        {
            step();
            return --_left > 0;
        }
    }
}
