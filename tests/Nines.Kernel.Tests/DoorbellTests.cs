namespace Nines.Kernel.Tests;

public sealed class DoorbellTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_ring_before_the_wait_is_remembered_once()
    {
        var doorbell = new Doorbell();
        doorbell.Ring();
        doorbell.Ring();
        Assert.True(doorbell.Wait(Long));
        Assert.False(doorbell.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void A_waiting_thread_is_woken()
    {
        var doorbell = new Doorbell();
        var answer = new Doorbell();
        var echo = new Thread(() =>
        {
            for (int i = 0; i < 1000 && doorbell.Wait(Long); i++)
            {
                answer.Ring();
            }
        });
        echo.Start();
        for (int i = 0; i < 1000; i++)
        {
            doorbell.Ring();
            Assert.True(answer.Wait(Long));
        }

        Assert.True(echo.Join(Long));
    }

    [Fact]
    public void The_time_runs_out_without_a_ring() => Assert.False(new Doorbell().Wait(TimeSpan.FromMilliseconds(1)));
}
