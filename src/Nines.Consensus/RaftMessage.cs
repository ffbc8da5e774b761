using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>The kinds of messages between the replicas of a group. The numbers are on the wire: append only.</summary>
public enum RaftMessageKind : byte
{
    PreVote = 1,
    PreVoteAnswer = 2,
    Vote = 3,
    VoteAnswer = 4,
    Append = 5,
    AppendAnswer = 6,
    Heartbeat = 7,
    HeartbeatAnswer = 8,
    Snapshot = 9,
    TimeoutNow = 10,
}

/// <summary>
/// One message, flat so that none is allocated. Build it through the factories only: which fields mean something depends on the kind.
/// An outgoing Append names a range of the sender's log; an incoming one carries its entries in a list that is valid until the next
/// message is decoded into it.
/// </summary>
public readonly record struct RaftMessage
{
    public RaftMessageKind Kind { get; private init; }

    public NodeId From { get; private init; }

    public NodeId To { get; private init; }

    /// <summary>The sender's term; in a PreVote and its granted answer the term that would be campaigned in.</summary>
    public Term Term { get; private init; }

    /// <summary>
    /// Votes: the end of the candidate's log. Append: the position before its entries. AppendAnswer: the last entry
    /// that is the same (granted) or may be (refused, a hint). Snapshot: what it covers.
    /// </summary>
    public LogPosition Position { get; private init; }

    /// <summary>Append: how many entries follow <see cref="Position"/>.</summary>
    public int Count { get; private init; }

    /// <summary>Append, Heartbeat: the sender's commit index, as far as the receiver may know it.</summary>
    public LogIndex Commit { get; private init; }

    /// <summary>Answers: yes. Vote: a planned transfer, so that a living leader is no reason to refuse.</summary>
    public bool Flag { get; private init; }

    /// <summary>AppendAnswer, refused: the index that did not match, so that late refusals are recognised.</summary>
    public LogIndex Refused { get; private init; }

    /// <summary>Heartbeat and its answer: the latest read round. Unique per attempt, never used again, bound to the term.</summary>
    public ulong Round { get; private init; }

    /// <summary>Snapshot: the configuration at its position.</summary>
    public Configuration? Configuration { get; private init; }

    /// <summary>Incoming Append: its entries.</summary>
    public List<LogEntry>? Entries { get; private init; }

    public static RaftMessage Vote(NodeId from, NodeId to, Term term, LogPosition last, bool pre, bool transfer) =>
        new() { Kind = pre ? RaftMessageKind.PreVote : RaftMessageKind.Vote, From = from, To = to, Term = term, Position = last, Flag = transfer };

    public static RaftMessage VoteAnswer(NodeId from, NodeId to, Term term, bool pre, bool granted) =>
        new() { Kind = pre ? RaftMessageKind.PreVoteAnswer : RaftMessageKind.VoteAnswer, From = from, To = to, Term = term, Flag = granted };

    public static RaftMessage Append(
        NodeId from, NodeId to, Term term, LogPosition previous, int count, LogIndex commit, List<LogEntry>? entries = null) =>
        new()
        {
            Kind = RaftMessageKind.Append,
            From = from,
            To = to,
            Term = term,
            Position = previous,
            Count = count,
            Commit = commit,
            Entries = entries,
        };

    public static RaftMessage AppendAnswer(NodeId from, NodeId to, Term term, LogIndex match) =>
        new() { Kind = RaftMessageKind.AppendAnswer, From = from, To = to, Term = term, Position = new(Term.Zero, match), Flag = true };

    public static RaftMessage AppendRefused(NodeId from, NodeId to, Term term, LogIndex refused, LogPosition hint) =>
        new() { Kind = RaftMessageKind.AppendAnswer, From = from, To = to, Term = term, Position = hint, Refused = refused };

    public static RaftMessage Heartbeat(NodeId from, NodeId to, Term term, LogIndex commit, ulong round) =>
        new() { Kind = RaftMessageKind.Heartbeat, From = from, To = to, Term = term, Commit = commit, Round = round };

    public static RaftMessage HeartbeatAnswer(NodeId from, NodeId to, Term term, ulong round) =>
        new() { Kind = RaftMessageKind.HeartbeatAnswer, From = from, To = to, Term = term, Round = round };

    /// <summary>Made by the receiver's shell when a snapshot's files have arrived whole.</summary>
    public static RaftMessage Snapshot(NodeId from, NodeId to, Term term, LogPosition position, Configuration configuration) =>
        new() { Kind = RaftMessageKind.Snapshot, From = from, To = to, Term = term, Position = position, Configuration = configuration };

    public static RaftMessage TimeoutNow(NodeId from, NodeId to, Term term) =>
        new() { Kind = RaftMessageKind.TimeoutNow, From = from, To = to, Term = term };
}
