using Nines.Storage.Store;

namespace Nines.Storage.Tests.Store;

public sealed class PlannerTests
{
    private static readonly StoreOptions Options = new() { Level0Tables = 4, LevelBaseBytes = 100, LevelRatio = 10 };

    [Theory]
    [InlineData(-1, 3, 0, 0, 0)]
    [InlineData(0, 4, 0, 0, 0)]
    [InlineData(-1, 0, 99, 999, 0)]
    [InlineData(1, 0, 100, 999, 0)]
    [InlineData(2, 0, 50, 1001, 0)]
    [InlineData(1, 5, 200, 1100, 0)]
    [InlineData(0, 9, 200, 1100, 0)]
    [InlineData(0, 4, 100, 1000, 10000)]
    [InlineData(3, 4, 100, 1000, 20000)]
    public void The_level_most_in_need_is_due(int due, int tables0, long bytes1, long bytes2, long bytes3)
    {
        LevelSize[] levels = [new(tables0, tables0 * 50), new(1, bytes1), new(1, bytes2), new(1, bytes3), default, default, default];
        Assert.Equal(due, CompactionPlanner.LevelDue(levels, Options));
    }

    [Fact]
    public void The_deepest_level_is_never_due()
    {
        var levels = new LevelSize[Storage.Store.Version.LevelCount];
        levels[^1] = new LevelSize(1000, long.MaxValue / 2);
        Assert.Equal(-1, CompactionPlanner.LevelDue(levels, Options));
    }

    [Fact]
    public void Levels_keep_their_shape_and_amplification_stays_bounded()
    {
        using var rig = new StoreRig(StoreRig.NewDisk());
        rig.Fill(800, rounds: 4);
        StoreStatistics statistics = rig.Store.Statistics();
        Assert.True(statistics.Levels[0].Tables < StoreRig.Tiny.Level0Tables);
        Assert.True(statistics.Levels[1].Bytes < StoreRig.Tiny.LevelBaseBytes);
        Assert.InRange(statistics.WriteAmplification, 1, 12);
        Assert.InRange(statistics.SpaceAmplification, 1, 2);
        Assert.Equal(0, statistics.ObsoleteFiles);
    }
}
