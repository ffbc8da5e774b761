using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class FaultTests
{
    [Theory]
    [InlineData("all", FaultClasses.All)]
    [InlineData("none", FaultClasses.None)]
    [InlineData("N1,p1", FaultClasses.N1 | FaultClasses.P1)]
    [InlineData("C*", FaultClasses.Clock)]
    [InlineData("all,-D5,-D8,-D11", FaultClasses.All & ~FaultClasses.Destructive)]
    [InlineData("Network", FaultClasses.Network)]
    public void Filters_are_read(string text, FaultClasses expected)
    {
        Assert.Equal(expected, FaultFilter.Parse(text));
        Assert.Equal(expected, FaultFilter.Parse(FaultFilter.Format(expected)));
    }

    [Fact]
    public void An_unknown_class_is_named_in_the_error()
    {
        FormatException error = Assert.Throws<FormatException>(() => FaultFilter.Parse("N1,Q7"));
        Assert.Contains("Q7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_differ_from_seed_to_seed_respect_the_filter_and_are_all_described()
    {
        HashSet<string> blocks = [];
        FaultClasses all = FaultClasses.None;
        for (ulong seed = 1; seed <= 100; seed++)
        {
            FaultClasses allowed = FaultClasses.All & ~FaultClasses.D5;
            SwarmOptions options = SwarmOptions.Draw(new SimulatedWorld(seed).Randomness(Concern.Options), allowed, 20);
            Assert.False(options.Faults.HasFlag(FaultClasses.D5));
            all |= options.Faults;
            blocks.Add(options.Describe());
        }

        Assert.Equal(100, blocks.Count);
        Assert.Equal(FaultClasses.All & ~FaultClasses.D5, all);
    }

    [Fact]
    public void Switching_one_class_off_leaves_the_other_options_alone()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            SwarmOptions with = SwarmOptions.Draw(new Prng(seed), FaultClasses.All, 20);
            SwarmOptions without = SwarmOptions.Draw(new Prng(seed), FaultClasses.All & ~FaultClasses.N2, 20);
            Assert.Equal(with.Faults & ~FaultClasses.N2, without.Faults);
            Assert.Equal(with.Workload, without.Workload);
            Assert.Equal(with.Network, without.Network);
        }
    }
}
