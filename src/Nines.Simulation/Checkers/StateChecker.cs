using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>
/// Invariant C: the same applied position means the same state on every replica, also after snapshots and restarts. Every
/// applied command brings the hash of the history so far; scans compare what lies in the store with what should.
/// The same stream of applied commands is the oracle of the history checkers: it says which unknown writes took effect, and
/// catches a command that takes effect twice (invariant E) in the act.
/// </summary>
public sealed class StateChecker(Findings findings) : IApplyObserver
{
    private const string Name = "state";

    private readonly Dictionary<(GroupId Group, long Position), (ulong Chain, uint Digest, NodeId First)> _states = [];
    private readonly Dictionary<ulong, AppliedCommand> _byValue = [];

    /// <summary>Distinct commands applied, by the unique value that names their operation.</summary>
    public IReadOnlyDictionary<ulong, AppliedCommand> Applied => _byValue;

    /// <summary>Every application on every replica, repeated ones after restarts included.</summary>
    public long Applications { get; private set; }

    void IApplyObserver.Applied(NodeId node, in AppliedCommand command) => OnApplied(node, command);

    public void OnApplied(NodeId node, in AppliedCommand command)
    {
        Applications++;
        Compare(node, command.Group, command.Position.Value, command.Chain, command.Digest);
        if (_byValue.TryGetValue(command.Value, out AppliedCommand first))
        {
            if (first.Position != command.Position)
            {
                findings.Add(
                    'E', Name,
                    $"{node} {command.Group} applied v{command.Value} at {command.Position} and it was applied at {first.Position}");
            }
        }
        else
        {
            _byValue.Add(command.Value, command);
        }
    }

    /// <summary>A read's answer names the last command in the state it saw, and the hash of the history up to it.</summary>
    public void OnRead(NodeId node, GroupId group, long position, ulong chain)
    {
        if (position > 0)
        {
            Compare(node, group, position, chain, digest: null);
        }
    }

    /// <summary>A full scan of one replica.</summary>
    public void OnScan(NodeId node, GroupId group, in StateScan scan)
    {
        if (scan.Contents != scan.RecordedContents || !scan.IsIntact)
        {
            findings.Add(
                'C', Name,
                $"{node} {group} after {scan.LastPosition}: the store's {scan.Keys} keys are not what was written to it");
        }

        OnRead(node, group, scan.LastPosition, scan.Chain);
    }

    private void Compare(NodeId node, GroupId group, long position, ulong chain, uint? digest)
    {
        if (!_states.TryGetValue((group, position), out (ulong Chain, uint Digest, NodeId First) known))
        {
            _states.Add((group, position), (chain, digest ?? 0, node));
            return;
        }

        if (digest != null && known.Digest != 0 && known.Digest != digest)
        {
            findings.Add('B', Name, $"{group} {position} is one command on {known.First} and another on {node}");
        }
        else if (known.Chain != chain)
        {
            findings.Add('C', Name, $"{group} after {position}: the state of {node} differs from that of {known.First}");
        }
        else if (known.Digest == 0 && digest != null)
        {
            _states[(group, position)] = (chain, digest.Value, known.First);
        }
    }
}
