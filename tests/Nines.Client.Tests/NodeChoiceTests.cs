namespace Nines.Client.Tests;

public sealed class NodeChoiceTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void The_preferred_node_is_asked_again_a_second_after_it_failed()
    {
        var choice = new NodeChoice(3, 1, _clock);
        choice.Failed(1);
        Assert.Equal(2, choice.Next());
        _clock.Pass(1);
        Assert.Equal(1, choice.Next());
    }

    [Fact]
    public void It_is_left_alone_twice_as_long_each_time_up_to_half_a_minute_until_it_answers()
    {
        var choice = new NodeChoice(2, 0, _clock);
        foreach (int seconds in (int[])[1, 2, 4, 8, 16, 32, 32])
        {
            choice.Failed(0);
            _clock.Pass(seconds - 0.5);
            Assert.Equal(1, choice.Next());
            _clock.Pass(0.5);
            Assert.Equal(0, choice.Next());
        }

        choice.Answered(0);
        choice.Failed(0);
        _clock.Pass(1);
        Assert.Equal(0, choice.Next());
    }

    [Fact]
    public void Calls_that_fail_together_are_one_failure()
    {
        var choice = new NodeChoice(2, 0, _clock);
        for (int i = 0; i < 10; i++)
        {
            choice.Failed(0);
        }

        _clock.Pass(1);
        Assert.Equal(0, choice.Next());
    }

    [Fact]
    public void When_all_have_failed_the_one_that_is_due_first_is_asked()
    {
        var choice = new NodeChoice(3, 0, _clock);
        choice.Failed(2);
        _clock.Pass(0.1);
        choice.Failed(0);
        choice.Failed(1);
        Assert.Equal(2, choice.Next());
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(double seconds) => _ticks += TimeSpan.FromSeconds(seconds).Ticks;

        public override long GetTimestamp() => _ticks;
    }
}
