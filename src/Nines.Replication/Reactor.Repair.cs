using Nines.Consensus;
using Nines.Kernel;
using Nines.Replication.Replicas;
using Nines.Replication.Wire;
using Nines.Storage.Log;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>
/// Coming back from damage (after Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018). Two cases:
/// <para>
/// <b>Holes.</b> The log knows exactly which entries it lost. The replica stays out of the group until peers have given it those very
/// entries (same term and index, hence the same bytes); then it goes on as if nothing had happened. Any peer that has them may help,
/// also one that is being repaired itself.
/// </para>
/// <para>
/// <b>Lost.</b> It is not known what this replica had promised: votes or acknowledgements may be gone. It must never vote again
/// under the old promise. It tells whoever leads, is removed from the configuration by a committed change, and only then comes back,
/// as a learner that begins behind that change.
/// </para>
/// </summary>
public sealed partial class Reactor
{
    private const int MaxRepairBytes = 1 << 20;
    private readonly SortedList<int, Repairing> _repairs = [];
    private readonly SortedList<int, LostReplica> _lost = [];
    private readonly Dictionary<int, ExpiryFilter> _filters = [];

    /// <summary>Stores that could not be opened as they were, for the operator.</summary>
    public List<string> DamagedStores { get; } = [];

    private void TickRepairs()
    {
        if (_now % _options.ElectionTimeoutTicks != 0)
        {
            return;
        }

        foreach ((int group, Repairing repairing) in _repairs.ToArray())
        {
            if (repairing.IsHopeless)
            {
                GiveUpRepair(group, repairing);
                continue;
            }

            foreach (NodeId node in _map.ReplicasOf(new(group)).Where(n => n != Self))
            {
                ByteBuffer to = _outbox.Open(node, MessageKind.RepairRequest);
                to.Count(group);
                to.Count(repairing.Next.Index.Value);
                to.Count(repairing.Next.Term.Value);
                _outbox.Close();
            }
        }

        ReplaceForgetful();
        AskToRetire();
        if (Find(GroupId.Control) is { } control)
        {
            ProposeFirstMap(control);
        }

        foreach (Replica replica in _replicas.Values)
        {
            Reconcile(replica);
        }
    }

    private void OnRepairRequest(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        int group = reader.SmallCount();
        LogIndex index = reader.Index();
        Term term = reader.Term();
        if (IsMalformed(from, reader))
        {
            return;
        }

        ByteBuffer? to = null;
        var wanted = new LogPosition(term, index);
        while (TryGetEntry(group, wanted.Index, out LogEntry entry) && entry.Term >= wanted.Term)
        {
            if (entry.Index == index && entry.Term != term)
            {
                break;
            }

            to ??= OpenRepairAnswer(from, group);
            to.Count(entry.Term.Value);
            to.Count(entry.Index.Value);
            to.Byte((byte)entry.Kind);
            to.Blob(entry.Payload.Span);
            wanted = new(entry.Term, entry.Index.Next);
            if (to.Length > MaxRepairBytes)
            {
                break;
            }
        }

        if (to is null && _replicas.TryGetValue(group, out Replica? replica) && index <= replica.Raft.Log.Base.Index)
        {
            // Only in the state by now. An answer without entries says so.
            to = OpenRepairAnswer(from, group);
        }

        if (to is not null)
        {
            _outbox.Close();
        }
    }

    /// <summary>
    /// Nobody has the entries any more, only their effect. The replica leaves the group and comes back with a state, like one that
    /// lost everything.
    /// </summary>
    private void GiveUpRepair(int group, Repairing repairing)
    {
        DamagedStores.Add($"g{group}: no peer has entry {repairing.Next} of the log any more");
        repairing.Store.Dispose();
        _repairs.Remove(group);
        _lost.Add(group, new());
    }

    private void LosePromises(Replica replica, RaftOutput output)
    {
        if (output.RoleChanged)
        {
            OnRoleChanged(replica);
        }

        output.ReadsDropped.ForEach(replica.DropReads);
        output.Clear();
        replica.LosePromises();
    }

    /// <summary>
    /// Every checksum is right and still something is missing, as when an old file of the log was put back: the leader counts on entries that the
    /// replica acknowledged and does not have, and would never send them again. It is lost like one that knows less.
    /// </summary>
    private void ReplaceForgetful()
    {
        foreach (Replica replica in _replicas.Values.Where(r => r.HasLostPromises && !IsBusy(r)).ToArray())
        {
            DamagedStores.Add($"{replica.Group}: {replica.Halted}");
            Drop(replica);
            _lost.Add(replica.Group.Value, new());
        }
    }

    private ByteBuffer OpenRepairAnswer(NodeId to, int group)
    {
        ByteBuffer buffer = _outbox.Open(to, MessageKind.RepairAnswer);
        buffer.Count(group);
        return buffer;
    }

    private bool TryGetEntry(int group, LogIndex index, out LogEntry entry)
    {
        entry = default;
        return _replicas.TryGetValue(group, out Replica? replica) ? replica.Raft.Log.TryGet(index, out entry)
            : _repairs.TryGetValue(group, out Repairing? repairing) && repairing.TryGet(index, out entry);
    }

    private void OnRepairAnswer(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        int group = reader.SmallCount();
        if (!_repairs.TryGetValue(group, out Repairing? repairing))
        {
            return;
        }

        repairing.NoteAnswer(hasEntries: reader.Left > 0);
        while (!reader.Failed && reader.Left > 0)
        {
            LogPosition position = reader.Position();
            var kind = (EntryKind)reader.Byte();
            byte[] payload = reader.Blob().ToArray();
            var entry = new LogEntry(position.Term, position.Index, kind, payload);
            if (!reader.Failed && IsEntry(entry) && repairing.Fill(entry))
            {
                _log.Repair(new(group), entry);
            }
        }

        IsMalformed(from, reader);

        if (repairing.IsWhole)
        {
            // What was filled in is staged in the log before anything this replica says from now on.
            _repairs.Remove(group);
            RecoveredGroup found = repairing.Recovered;
            Replica replica = AddReplica(
                new(group), repairing.Store, repairing.Stored, ReactorStart.Restore(found, repairing.Stored, _log, new(group)));
            MarkDirty(replica);
            Publish();
        }
    }

    private static bool IsEntry(in LogEntry entry) => entry.Kind <= EntryKind.Command
        || (entry.Kind == EntryKind.Configuration && Configuration.TryRead(entry.Payload.Span, out _));

    /// <summary>A message for a group of which this node has no working replica.</summary>
    private void OnStrayRaft(NodeId from, GroupId group, in RaftMessage message)
    {
        bool fromLeader = message.Kind is RaftMessageKind.Append or RaftMessageKind.Heartbeat;
        bool hasNoPlace = _mapAgreed && !_map.ReplicasOf(group).Contains(Self);
        if (!fromLeader || IsJoining || _repairs.ContainsKey(group.Value) || hasNoPlace)
        {
            return;
        }

        // A leader counts this node among its members, and there is no replica here. A new one, or one whose data are gone: this node
        // cannot tell, the leader can. Until it says so, nothing is promised.
        _lost.TryAdd(group.Value, new());
        ByteBuffer to = _outbox.Open(from, MessageKind.Amnesiac);
        to.Count(group.Value);
        to.Count(_parts.Boot.Value);
        _outbox.Close();
    }

    /// <summary>
    /// From a replica that lost what it promised. As long as it is a voter it is removed; when it is not, it may begin again.
    /// </summary>
    private void OnAmnesiac(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        var boot = new BootId(reader.Counted());
        if (IsMalformed(from, reader) || Find(group) is not { IsLeader: true } replica)
        {
            return;
        }

        replica.Amnesiacs[from.Value] = boot;
        replica.Wake();
        MarkDirty(replica);
    }

    private void SendReadmit(Replica replica, NodeId to, BootId boot)
    {
        ByteBuffer buffer = _outbox.Open(to, MessageKind.Readmit);
        buffer.Count(replica.Group.Value);
        buffer.Count(boot.Value);
        buffer.Count(replica.Raft.Term.Value);
        buffer.Count(replica.Applied.Position.Term.Value);
        buffer.Count(replica.Applied.Position.Index.Value);
        _outbox.Close();
    }

    /// <summary>
    /// The replica begins again, from a term and a place in the log that lie behind its own removal, durably. It has no state there yet
    /// and asks for one. Beginning with nothing would not do: members that were away still go by a configuration in which this node is a
    /// voter, and with its vote or acknowledgement could lead again without what was committed meanwhile.
    /// </summary>
    private void OnReadmit(NodeId from, ReadOnlyMemory<byte> body)
    {
        var reader = new ByteReader(body);
        GroupId group = reader.Group();
        var boot = new BootId(reader.Counted());
        Term term = reader.Term();
        LogPosition position = reader.Position();
        if (IsMalformed(from, reader) || boot.Value != _parts.Boot.Value || position.Term > term || !_lost.Remove(group.Value))
        {
            // Also an answer to an earlier life of this node, which may have lost everything once more.
            return;
        }

        var begin = new HardState(term, from);
        _parts.Disk.CreateDirectory(ReactorStart.DirectoryOf(group));
        SortedStore.Erase(_parts.Disk, ReactorStart.DirectoryOf(group));
        _log.RemoveGroup(group);
        _log.SetHardState(group, begin);
        _log.SetBase(group, position);
        if (_lost.Count == 0)
        {
            _log.AcceptLoss();
        }

        var meta = new ReplicaMeta(position, Configuration.Empty, 0, 0, 0);
        Replica replica = AddReplica(group, OpenStore(group), meta, new(begin, position, Configuration.Empty, [], position.Index));
        replica.NeedsState = true;
        replica.IsNew = true;
        NoteStaged(replica, LogPosition.Zero);
        MarkDirty(replica);
        Publish();
        Peer(from).LastHeard = _now;
    }

    private sealed class LostReplica;
}
