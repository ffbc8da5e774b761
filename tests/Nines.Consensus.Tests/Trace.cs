namespace Nines.Consensus.Tests;

/// <summary>One line for a message, in the words of the scenario files.</summary>
internal static class Trace
{
    public static string Describe(in RaftMessage m)
    {
        string what = m.Kind switch
        {
            RaftMessageKind.PreVote or RaftMessageKind.Vote => $"last {m.Position}{(m.Flag ? " transfer" : "")}",
            RaftMessageKind.PreVoteAnswer or RaftMessageKind.VoteAnswer => m.Flag ? "granted" : "refused",
            RaftMessageKind.Append => $"after {m.Position} x{m.Count} commit {m.Commit}",
            RaftMessageKind.AppendAnswer => m.Flag ? $"match {m.Position.Index}" : $"refused {m.Refused} hint {m.Position}",
            RaftMessageKind.Heartbeat => $"commit {m.Commit} round {m.Round}",
            RaftMessageKind.HeartbeatAnswer => $"round {m.Round}",
            RaftMessageKind.Snapshot => $"{m.Position} {m.Configuration}",
            RaftMessageKind.TimeoutNow => "",
        };
        return $"{m.From}->{m.To} {m.Kind} {m.Term} {what}".TrimEnd();
    }
}
