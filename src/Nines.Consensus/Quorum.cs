using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>What an election has come to.</summary>
public enum VoteResult
{
    Pending,
    Won,
    Lost,
}

/// <summary>
/// The arithmetic of majorities, for single and joint configurations. A joint decision needs both halves (Ongaro, 4.3).
/// </summary>
public static class Quorum
{
    private const int MaxVoters = 64;

    /// <summary>The highest index that a majority has reached: of each half, the lower of the two.</summary>
    public static LogIndex Reached<TMatch>(Configuration configuration, ref readonly TMatch match)
        where TMatch : struct, IMatchIndex, allows ref struct
    {
        LogIndex index = ReachedBy(configuration.Voters, in match);
        return configuration.IsJoint ? LogIndex.Min(index, ReachedBy(configuration.Outgoing, in match)) : index;
    }

    /// <summary>Counts votes: won when a majority of each half said yes, lost when a majority of either cannot any more.</summary>
    public static VoteResult Count<TVotes>(Configuration configuration, ref readonly TVotes votes)
        where TVotes : struct, IVotes, allows ref struct
    {
        VoteResult incoming = CountOf(configuration.Voters, in votes);
        VoteResult outgoing = configuration.IsJoint ? CountOf(configuration.Outgoing, in votes) : VoteResult.Won;
        return (incoming, outgoing) switch
        {
            (VoteResult.Lost, _) or (_, VoteResult.Lost) => VoteResult.Lost,
            (VoteResult.Won, VoteResult.Won) => VoteResult.Won,
            _ => VoteResult.Pending,
        };
    }

    private static LogIndex ReachedBy<TMatch>(IReadOnlyList<NodeId> voters, ref readonly TMatch match)
        where TMatch : struct, IMatchIndex, allows ref struct
    {
        Invariant.Assert(voters.Count <= MaxVoters);
        if (voters.Count == 0)
        {
            return LogIndex.Zero;
        }

        Span<long> sorted = stackalloc long[MaxVoters];
        for (int i = 0; i < voters.Count; i++)
        {
            sorted[i] = match.Of(voters[i]).Value;
        }

        sorted = sorted[..voters.Count];
        sorted.Sort();

        // With n voters sorted upwards, the (n - 1) / 2-th has a majority at or above it.
        return new(sorted[(voters.Count - 1) / 2]);
    }

    private static VoteResult CountOf<TVotes>(IReadOnlyList<NodeId> voters, ref readonly TVotes votes)
        where TVotes : struct, IVotes, allows ref struct
    {
        int yes = 0;
        int no = 0;
        for (int i = 0; i < voters.Count; i++)
        {
            bool? said = votes.Of(voters[i]);
            yes += said == true ? 1 : 0;
            no += said == false ? 1 : 0;
        }

        int majority = (voters.Count / 2) + 1;
        return yes >= majority ? VoteResult.Won : voters.Count - no < majority ? VoteResult.Lost : VoteResult.Pending;
    }
}

/// <summary>How far each voter is, by whatever is being counted.</summary>
public interface IMatchIndex
{
    LogIndex Of(NodeId voter);
}

/// <summary>What each voter said; null when it has not answered.</summary>
public interface IVotes
{
    bool? Of(NodeId voter);
}
