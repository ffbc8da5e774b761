using Nines.Kernel;

namespace Nines.Consensus.Tests;

public sealed class QuorumTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("7", "", 7)]
    [InlineData("3 7", "", 3)]
    [InlineData("3 7 9", "", 7)]
    [InlineData("9 3 7", "", 7)]
    [InlineData("0 0 9", "", 0)]
    [InlineData("1 2 3 4", "", 2)]
    [InlineData("1 2 3 4 5", "", 3)]
    [InlineData("9 9 9", "4", 4)]
    [InlineData("9 9 0", "9 4 4", 4)]
    [InlineData("1 1 9", "9 9 9", 1)]
    public void The_index_a_majority_of_each_half_has_reached(string incoming, string outgoing, long reached)
    {
        long[] left = Numbers(incoming);
        long[] right = Numbers(outgoing);
        var configuration = new Configuration(Ids(1, left.Length), Ids(101, right.Length), []);
        var match = new Matches(left, right);
        Assert.Equal(new LogIndex(reached), Quorum.Reached(configuration, in match));
    }

    [Theory]
    [InlineData("y", "", VoteResult.Won)]
    [InlineData("y-", "", VoteResult.Pending)]
    [InlineData("yn", "", VoteResult.Lost)]
    [InlineData("yy-", "", VoteResult.Won)]
    [InlineData("yn-", "", VoteResult.Pending)]
    [InlineData("nn-", "", VoteResult.Lost)]
    [InlineData("yynn", "", VoteResult.Lost)]
    [InlineData("yy--", "", VoteResult.Pending)]
    [InlineData("yyy", "y--", VoteResult.Pending)]
    [InlineData("yyy", "ynn", VoteResult.Lost)]
    [InlineData("yy-", "-yy", VoteResult.Won)]
    [InlineData("nn-", "yyy", VoteResult.Lost)]
    [InlineData("", "", VoteResult.Lost)]
    public void Votes_are_counted_in_each_half(string incoming, string outgoing, VoteResult result)
    {
        var configuration = new Configuration(Ids(1, incoming.Length), Ids(101, outgoing.Length), []);
        var said = new Said(incoming, outgoing);
        Assert.Equal(result, Quorum.Count(configuration, in said));
    }

    /// <summary>The definition itself, spelled out slowly, against the arithmetic.</summary>
    [Fact]
    public void The_arithmetic_agrees_with_the_definition()
    {
        var prng = new Prng(1);
        for (int i = 0; i < 20_000; i++)
        {
            long[] left = [.. Enumerable.Range(0, prng.Between(1, 7)).Select(_ => prng.Below(10L))];
            long[] right = [.. Enumerable.Range(0, prng.Below(6)).Select(_ => prng.Below(10L))];
            var configuration = new Configuration(Ids(1, left.Length), Ids(101, right.Length), []);
            var match = new Matches(left, right);
            long expected = 0;
            for (long at = 0; at < 10; at++)
            {
                bool reached = 2 * left.Count(m => m >= at) > left.Length && (right.Length == 0 || 2 * right.Count(m => m >= at) > right.Length);
                expected = reached ? at : expected;
            }

            Assert.Equal(expected, Quorum.Reached(configuration, in match).Value);
        }
    }

    private static long[] Numbers(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];

    private static IEnumerable<NodeId> Ids(int first, int count) => Enumerable.Range(first, count).Select(n => new NodeId(n));

    private readonly struct Matches(long[] left, long[] right) : IMatchIndex
    {
        public LogIndex Of(NodeId voter) => new(voter.Value > 100 ? right[voter.Value - 101] : left[voter.Value - 1]);
    }

    private readonly struct Said(string left, string right) : IVotes
    {
        public bool? Of(NodeId voter) => (voter.Value > 100 ? right[voter.Value - 101] : left[voter.Value - 1]) switch
        {
            'y' => true,
            'n' => false,
            _ => null,
        };
    }
}
