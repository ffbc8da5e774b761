#if PLANTED_BUGS
using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>
/// Real bugs of trusted systems, compiled in by <c>-p:PlantedBugs=true</c>: the simulated cluster must find each, or its checks are blind to it.
/// </summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int MostSeeds = 20_000;

    [Theory]
    [InlineData(PlantedBug.ReadIdReused)]
    [InlineData(PlantedBug.ReadBeforeNoop)]
    [InlineData(PlantedBug.ReadWithoutQuorum)]
    [InlineData(PlantedBug.CommitEarlierTerm)]
    [InlineData(PlantedBug.ConfigurationBeforeNoop)]
    [InlineData(PlantedBug.NoPreVote)]
    [InlineData(PlantedBug.SnapshotKeepsConfiguration)]
    [InlineData(PlantedBug.NoJointMajority)]
    [InlineData(PlantedBug.AcknowledgeBeforeFlush)]
    [InlineData(PlantedBug.SingleVoterCommitsBeforeFlush)]
    [InlineData(PlantedBug.VoteNotDurable)]
    [InlineData(PlantedBug.NoFlushWatchdog)]
    public void A_planted_bug_is_found(PlantedBug bug)
    {
        Planted.Active = bug;
        try
        {
            for (ulong seed = 1; seed <= MostSeeds; seed++)
            {
                if (ClusterTests.FindBug(seed) is { } found)
                {
                    output.WriteLine($"{bug}: seed {seed}: {found}");
                    return;
                }
            }

            Assert.Fail($"{bug} was not found by {MostSeeds} seeds");
        }
        finally
        {
            Planted.Active = PlantedBug.None;
        }
    }
}
#endif
