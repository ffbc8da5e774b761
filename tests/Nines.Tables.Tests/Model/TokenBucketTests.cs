using Nines.Kernel;
using Nines.Tables.Model.Throughput;

namespace Nines.Tables.Tests.Model;

public sealed class TokenBucketTests
{
    [Fact]
    public void No_stretch_of_time_gives_more_than_rate_burst_and_one_request()
    {
        var prng = new Prng(77);
        for (int run = 0; run < 200; run++)
        {
            long rate = 1 + prng.Below(50);
            var bucket = TokenBucket.New(rate, 0);
            long now = 0;
            var taken = new List<(long At, long Amount)>();
            for (int i = 0; i < 120; i++)
            {
                now += prng.Chance(0.02) ? prng.Below(500_000) : prng.Below(400);
                bucket = bucket.At(now);
                if (bucket.IsOpen)
                {
                    long amount = 500 * (1 + prng.Below(prng.Chance(0.1) ? 4000 : 6));
                    bucket = bucket.Take(amount);
                    taken.Add((now, amount));
                }
            }

            AssertWithin(taken, rate);
        }
    }

    [Fact]
    public void What_was_provisioned_is_given_whole()
    {
        var prng = new Prng(78);
        for (int run = 0; run < 100; run++)
        {
            long rate = 1 + prng.Below(50);
            var bucket = TokenBucket.New(rate, 0);
            long given = 0;
            for (long now = 0; now <= 60_000; now += 1 + prng.Below(900))
            {
                for (bucket = bucket.At(now); bucket.IsOpen; bucket = bucket.Take(TokenBucket.Unit))
                {
                    given += TokenBucket.Unit;
                }
            }

            Assert.InRange(given, rate * 59_100, (rate * 61_000) + TokenBucket.Unit);
        }
    }

    [Fact]
    public void What_is_overdrawn_is_waited_for()
    {
        TokenBucket bucket = TokenBucket.New(2, 1_000).Take(10_000);
        Assert.False(bucket.At(5_000).IsOpen);
        Assert.True(bucket.At(5_001).IsOpen);
    }

    [Fact]
    public void Unused_capacity_is_kept_for_five_minutes()
    {
        TokenBucket bucket = TokenBucket.New(3, 0);
        Assert.Equal(3 * 1000 * 100, bucket.At(99_000).Level);
        Assert.Equal(3 * 1000 * 300, bucket.At(10_000_000).Level);
    }

    [Fact]
    public void Another_rate_holds_from_then_on()
    {
        TokenBucket bucket = TokenBucket.New(10, 0).WithRate(1, 400_000);
        Assert.Equal(1000 * 300, bucket.Level);
        bucket = bucket.Take(1000 * 300).WithRate(7, 401_000);
        Assert.Equal(1000, bucket.Level);
        Assert.Equal(8000, bucket.At(402_000).Level);
    }

    [Fact]
    public void A_clock_that_goes_back_takes_nothing_and_gives_nothing_twice()
    {
        TokenBucket bucket = TokenBucket.New(1, 10_000).Take(1000);
        Assert.Equal(bucket, bucket.At(2_000));
        Assert.Equal(1000, bucket.At(2_000).At(11_000).Level);
    }

    private static void AssertWithin(List<(long At, long Amount)> taken, long rate)
    {
        for (int from = 0; from < taken.Count; from++)
        {
            long before = 0;
            for (int to = from; to < taken.Count; to++)
            {
                long most = (rate * (taken[to].At - taken[from].At)) + (rate * TokenBucket.Unit * TokenBucket.BurstSeconds);
                Assert.True(before < most, $"{before} of {most} from {taken[from].At} to {taken[to].At} at {rate}");
                before += taken[to].Amount;
            }
        }
    }
}
