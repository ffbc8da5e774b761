using Nines.Kernel;

namespace Nines.Consensus;

/// <summary>
/// Membership (chapter 4): a change is an entry, in force when appended. Changes of voters always go through a joint configuration, which
/// the leader leaves by itself once it is committed.
/// </summary>
public sealed partial class RaftNode
{
    /// <summary>Configurations in the log, by index, oldest first; the first is the base's. Truncation takes the last away again.</summary>
    private readonly List<(LogIndex Index, Configuration Configuration)> _configurations = [];

    /// <summary>Begins a change. It is done when an entry with a configuration that is not joint is committed.</summary>
    public ProposeResult ProposeConfiguration(IReadOnlyList<ConfigurationChange> changes, RaftOutput output)
    {
        if (Role != RaftRole.Leader)
        {
            return ProposeResult.NotLeader(Leader);
        }

        if (!_transferee.IsNone)
        {
            return ProposeResult.Refused(ProposeStatus.Transferring);
        }

        if (Commit < _firstOfTerm && !Planted.Is(PlantedBug.ConfigurationBeforeNoop))
        {
            return ProposeResult.Refused(ProposeStatus.TooEarly);
        }

        if (_configurations[^1].Index > Commit || Configuration.IsJoint)
        {
            return ProposeResult.Refused(ProposeStatus.ChangeInFlight);
        }

        return Configuration.Begin(changes) is { } next
            ? ProposeResult.Accepted(AppendConfiguration(next, output))
            : ProposeResult.Refused(ProposeStatus.Invalid);
    }

    private LogPosition AppendConfiguration(Configuration configuration, RaftOutput output)
    {
        LogPosition position = AppendOwn(EntryKind.Configuration, configuration.Encode(), output);
        _configurations.Add((position.Index, configuration));
        RebuildProgress();
        return position;
    }

    /// <summary>After commit: leaves a joint configuration, and steps down when this leader is not part of what is left.</summary>
    private void AdvanceMembership(RaftOutput output)
    {
        (LogIndex index, Configuration configuration) = _configurations[^1];
        if (index > Commit || Commit < _firstOfTerm)
        {
            return;
        }

        if (configuration.IsJoint)
        {
            AppendConfiguration(configuration.Leave(), output);
        }
        else if (!configuration.IsVoter(Self))
        {
            // The others must hear of this commit from here before they are on their own (4.2.2).
            SendHeartbeats(output);
            SendSuccessor(output);
            BecomeFollower(_term, NodeId.None, output);
        }
    }

    private void NoteConfiguration(in LogEntry entry)
    {
        if (entry.Kind == EntryKind.Configuration)
        {
            Invariant.Assert(Configuration.TryRead(entry.Payload.Span, out Configuration? configuration));
            _configurations.Add((entry.Index, configuration));
        }
    }

    private void ForgetConfigurationsFrom(LogIndex index)
    {
        while (_configurations.Count > 1 && _configurations[^1].Index >= index)
        {
            _configurations.RemoveAt(_configurations.Count - 1);
        }
    }

    /// <summary>After compaction the newest configuration at or before the base stands for all before it.</summary>
    private void ForgetConfigurations()
    {
        while (_configurations.Count > 1 && _configurations[1].Index <= Log.Base.Index)
        {
            _configurations.RemoveAt(0);
        }
    }

    private void RebuildProgress()
    {
        for (int i = _progress.Count - 1; i >= 0; i--)
        {
            if (!Configuration.IsMember(new(_progress.GetKeyAtIndex(i))))
            {
                _progress.RemoveAt(i);
            }
        }

        foreach (NodeId node in Configuration.Members)
        {
            if (node != Self && !_progress.ContainsKey(node.Value))
            {
                var progress = new Progress(node, _options.MaxInflightAppends) { RecentlyActive = true };
                progress.BecomeProbe(Log.LastIndex.Next);
                _progress.Add(node.Value, progress);
            }
        }
    }
}
