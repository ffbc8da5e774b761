using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>Snapshots (chapter 5). The files travel outside of the core; here is what they do to the log and to progress.</summary>
public sealed partial class RaftNode
{
    private LogPosition? _installing;

    private void OnSnapshot(in RaftMessage message, RaftOutput output)
    {
        FollowLeader(message.From, output);
        Invariant.Assert(message.Configuration is not null);
        LogPosition position = message.Position;
        if (_installing is not null)
        {
            return;
        }

        if (position.Index <= Commit)
        {
            // Received before, or overtaken by the log: repeating it changes nothing (camunda/camunda#14367).
            _acknowledgeTo = message.From;
            _acknowledged = LogIndex.Max(_acknowledged, Commit);
        }
        else if (Log.Matches(position))
        {
            // The entries are all here; that they are committed is what the snapshot says.
            Commit = position.Index;
            _acknowledgeTo = message.From;
            _acknowledged = LogIndex.Max(_acknowledged, Commit);
        }
        else
        {
            _installing = position;
            output.InstallSnapshot = (position, message.Configuration);
        }
    }

    private void OnSnapshotInstalled(LogPosition position, Configuration? configuration, RaftOutput output)
    {
        Invariant.Assert(_installing == position && configuration is not null);
        _installing = null;
        Log.Reset(position);
        output.Append.Clear();
        Commit = position.Index;
        Applied = position.Index;
        _durable = position.Index;
        Configuration kept = Configuration;

        // The whole old log is gone, so no configuration of it counts, also not a newer uncommitted one (openraft#1808).
        _configurations.Clear();
        _configurations.Add((position.Index, Planted.Is(PlantedBug.SnapshotKeepsConfiguration) ? kept : configuration));
        if (!Leader.IsNone && Role == RaftRole.Follower)
        {
            _acknowledgeTo = Leader;
            _acknowledged = position.Index;
        }
    }

    private void OnStateReplaced(LogPosition position, Configuration? configuration)
    {
        Invariant.Assert(configuration is not null && _installing is null);
        Invariant.Assert(position.Index >= Applied && position.Index <= Commit && Log.Matches(position));
        Applied = position.Index;
        Log.CompactTo(position.Index);
        _configurations.RemoveAll(known => known.Index <= position.Index);
        _configurations.Insert(0, (position.Index, configuration));
    }

    private void OnSnapshotSent(NodeId peer, LogPosition position, bool ok)
    {
        if (Role != RaftRole.Leader || !_progress.TryGetValue(peer.Value, out Progress? progress)
            || progress.State != ProgressState.Snapshot)
        {
            return;
        }

        progress.BecomeProbe(ok ? position.Index.Next : progress.Match.Next);

        // After a failure the next heartbeat answer starts again: no tight loop with a peer that is gone.
        progress.IsPaused = !ok;
    }
}
