using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>The follower's side of replication (3.5): accept what connects, say where it does not.</summary>
public sealed partial class RaftNode
{
    private NodeId _acknowledgeTo;
    private LogIndex _acknowledged;

    private void OnAppend(in RaftMessage message, RaftOutput output)
    {
        FollowLeader(message.From, output);
        if (_installing is not null)
        {
            return;
        }

        if (message.Position.Index < Commit)
        {
            // Old news: everything up to the commit index is known to be the same.
            _acknowledgeTo = message.From;
            _acknowledged = LogIndex.Max(_acknowledged, Commit);
            return;
        }

        if (!Log.Matches(message.Position))
        {
            Refuse(message, output);
            return;
        }

        LogIndex last = message.Position.Index + message.Count;
        AppendFrom(message, output);
        _acknowledgeTo = message.From;
        _acknowledged = LogIndex.Max(_acknowledged, last);
        Commit = LogIndex.Max(Commit, LogIndex.Min(message.Commit, last));
    }

    private void AppendFrom(in RaftMessage message, RaftOutput output)
    {
        if (message.Count == 0)
        {
            return;
        }

        Invariant.Assert(message.Entries is not null && message.Entries.Count == message.Count);
        foreach (LogEntry entry in message.Entries)
        {
            if (Log.Matches(entry.Position))
            {
                continue;
            }

            if (entry.Index <= Log.LastIndex)
            {
                TruncateFrom(entry.Index, output);
            }

            Log.Append(entry);
            output.Append.Add(entry);
            NoteConfiguration(entry);
        }
    }

    /// <summary>Another leader's entries that were never committed (3.5) give way. Committed ones are never touched.</summary>
    private void TruncateFrom(LogIndex index, RaftOutput output)
    {
        Invariant.Assert(index > Commit);
        Log.TruncateFrom(index);
        ForgetConfigurationsFrom(index);
        _durable = LogIndex.Min(_durable, index.Previous);
        output.Append.RemoveAll(staged => staged.Index >= index);
    }

    private void Refuse(in RaftMessage message, RaftOutput output)
    {
        // Hint: the last own entry, at or before the refused index, whose term is not above the leader's previous term.
        LogPosition hint = Log.LastAtOrBelow(message.Position.Term, LogIndex.Min(message.Position.Index, Log.LastIndex));
        output.SendWhenDurable.Add(RaftMessage.AppendRefused(Self, message.From, _term, message.Position.Index, hint));
    }

    private void OnHeartbeat(in RaftMessage message, RaftOutput output)
    {
        FollowLeader(message.From, output);
        if (_installing is null)
        {
            // The leader names only what this replica has acknowledged in its term. Whose log ends before that has lost what it promised.
            output.PromisesLost |= message.Commit > Log.LastIndex;
            Commit = LogIndex.Max(Commit, LogIndex.Min(message.Commit, Log.LastIndex));
        }

        // The answer promises nothing about the disk: it says that no higher term was voted in so far, and a vote that is given after
        // it elects nobody who could have committed before it. Reads need not wait for the followers' flushes.
        output.SendNow.Add(RaftMessage.HeartbeatAnswer(Self, message.From, _term, message.Round));
    }

    private void FollowLeader(NodeId leader, RaftOutput output)
    {
        Invariant.Assert(Role != RaftRole.Leader);
        if (Role != RaftRole.Follower || Leader != leader)
        {
            BecomeFollower(_term, leader, output);
        }

        _electionElapsed = 0;
    }

    /// <summary>One acknowledgement for all Appends of the turn, once what it promises is durable.</summary>
    private void Acknowledge(RaftOutput output)
    {
        if (_acknowledgeTo.IsNone)
        {
            return;
        }

        if (Role == RaftRole.Follower && Leader == _acknowledgeTo)
        {
            List<RaftMessage> outbox = Planted.Is(PlantedBug.AcknowledgeBeforeFlush) ? output.SendNow : output.SendWhenDurable;
            outbox.Add(RaftMessage.AppendAnswer(Self, _acknowledgeTo, _term, LogIndex.Min(_acknowledged, Log.LastIndex)));
        }

        _acknowledgeTo = NodeId.None;
        _acknowledged = LogIndex.Zero;
    }
}
