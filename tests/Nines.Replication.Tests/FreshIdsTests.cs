using Nines.Kernel;
using Nines.Replication.Requests;

namespace Nines.Replication.Tests;

public sealed class FreshIdsTests
{
    [Fact]
    public void Ids_rise_and_do_not_repeat_even_when_the_clock_is_set_back()
    {
        var clock = new SetClock { Now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000) };
        var ids = new FreshIds(new(1), clock);
        UInt128 last = 0;
        for (int i = 0; i < 100_000; i++)
        {
            clock.Now = i == 50_000 ? clock.Now.AddHours(-1) : clock.Now.AddMicroseconds(5);
            UInt128 next = ids.Next().Value;
            Assert.True(next > last);
            last = next;
        }
    }

    [Fact]
    public void An_id_begins_with_the_time_and_ends_with_the_node()
    {
        const long Ms = 1_700_000_000_000;
        var clock = new SetClock { Now = DateTimeOffset.FromUnixTimeMilliseconds(Ms) };
        UInt128 id = new FreshIds(new(7), clock).Next().Value;
        Assert.Equal(Ms, (long)(id >> 80));
        Assert.Equal(7, (byte)id);
    }

    [Fact]
    public void Two_starts_of_one_node_draw_different_ids()
    {
        var clock = new SetClock { Now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000) };
        Assert.NotEqual(new FreshIds(new(1), clock).Next(), new FreshIds(new(1), clock).Next());
    }

    [Fact]
    public void Threads_that_draw_at_once_get_different_ids()
    {
        const int Each = 20_000;
        var ids = new FreshIds(new(1), TimeProvider.System);
        var drawn = new RequestId[4 * Each];
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < Each; i++)
            {
                drawn[(thread * Each) + i] = ids.Next();
            }
        });
        Assert.Equal(drawn.Length, drawn.Distinct().Count());
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
