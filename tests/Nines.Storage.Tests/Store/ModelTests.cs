namespace Nines.Storage.Tests.Store;

/// <summary>
/// The store against a sorted dictionary: random writes, aborted writes, seals, background steps one at a time, crashes at any
/// step with replay from a modelled log behind the durable point, snapshots installed, views held across all of it.
/// </summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData(1, 60)]
    [InlineData(1000, 60)]
    public void Store_behaves_like_a_sorted_dictionary_through_crashes(int firstSeed, int seeds)
    {
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            var model = new StoreModel((ulong)seed, seen);
            try
            {
                model.Run(steps: 1500);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed={seed} step={model.StepNumber}: {e.Message}", e);
            }
        }

        // The run means nothing if the interesting things did not happen.
        foreach (string what in (string[])["crash", "crash in work", "level 2", "install", "power lost", "abort", "held view", "stall", "full"])
        {
            Assert.True(seen.GetValueOrDefault(what) > 0, $"never happened: {what}");
        }
    }
}
