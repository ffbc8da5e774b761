using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>Snapshots sent and installed, and the log cut behind those that were made here.</summary>
internal sealed partial class ClusterNode
{
    private void ReceiveSnapshot(Packet packet, AppliedState state)
    {
        RaftMessage message = RaftMessage.Snapshot(packet.From, id, packet.SnapshotTerm, state.Position, state.Configuration);
        Turn();
        Up.Step(RaftInput.Receive(message), _output);
        _dirty = true;
        if (_output.InstallSnapshot is { } install)
        {
            Assert.Equal(state.Position, install.Position);
            _installing = (state, packet.From, cluster.Now + cluster.FlushDelay());
            _sealing = null;
        }
        else if (_installing is null)
        {
            cluster.Send(new(id, packet.From) { SnapshotEnd = state.Position, Ok = true });
        }

        AfterStep();
    }

    private void EndInstall()
    {
        if (_installing is not { } install || install.Due > cluster.Now)
        {
            return;
        }

        Turn();
        _installing = null;
        bool ok = !cluster.Fails();
        if (ok)
        {
            cluster.Seen("snapshot installed");
            Disk.Applied = install.State;
            Applied = install.State;
            CheckedCommit = Applied.Index;
            cluster.Checker.OnApplied(id, Applied);
            _flushes.Add(new(NextFlush()) { Cut = (Applied.Position, Applied.Configuration) });
            Input(RaftInput.SnapshotInstalled(install.State.Position, install.State.Configuration));
        }
        else
        {
            Input(RaftInput.SnapshotFailed);
        }

        cluster.Send(new(id, install.From) { SnapshotEnd = install.State.Position, Ok = ok });
    }

    private void SendSnapshot(NodeId peer)
    {
        ClusterChecker.Require(Disk.Applied.Index >= Up.Log.Base.Index, $"{id} has no snapshot that its log continues");
        _sendings[peer.Value] = cluster.Now + (10 * cluster.Options.ElectionTimeoutTicks);
        cluster.Send(new(id, peer) { Snapshot = Disk.Applied, SnapshotTerm = Up.Term });
    }

    private void SnapshotEnded(NodeId peer, LogPosition position, bool ok)
    {
        if (_sendings.Remove(peer.Value))
        {
            Input(RaftInput.SnapshotSent(peer, position, ok));
        }
    }

    private void EndSeal()
    {
        if (_sealing is not { } sealing || sealing.Due > cluster.Now)
        {
            return;
        }

        _sealing = null;
        Disk.Applied = sealing.State;
        LogIndex cut = LogIndex.Max(Up.Log.Base.Index, sealing.State.Index - cluster.KeptEntries());
        if (cut > Up.Log.Base.Index)
        {
            cluster.Seen("log cut");
            Term term = Up.Log.TermAt(cut)!.Value;
            Input(RaftInput.Compacted(cut));
            _flushes.Add(new(NextFlush()) { Cut = (new(term, cut), cluster.Checker.ConfigurationAt(cut)) });
        }
    }
}
