using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>
/// The shell of one replica: runs its turns, keeps its disk and its state machine, and loses at a crash whatever was not durable. Flushes end in
/// the order they began, after any delay.
/// </summary>
internal sealed partial class ClusterNode(NodeId id, Cluster cluster, Configuration initial)
{
    private readonly List<FlushBatch> _flushes = [];
    private readonly RaftOutput _output = new();
    private readonly List<Packet> _inbox = [];
    private readonly SortedList<int, int> _sendings = [];
    private (AppliedState State, int Due)? _sealing;
    private (AppliedState State, NodeId From, int Due)? _installing;
    private RaftNode? _raft;
    private bool _dirty;
    private Term _promised;
    private RaftRole _lastRole;
    private Term _lastTerm;

    public NodeId Id => id;

    public bool IsUp => _raft is not null;

    public RaftNode Up => _raft ?? throw new InvalidOperationException("the node is down");

    public bool Leads => _raft?.Role == RaftRole.Leader;

    public DurableState Disk { get; } = new(initial);

    public AppliedState Applied { get; private set; } = AppliedState.Initial(initial);

    public LogIndex CheckedCommit { get; set; }

    public int PausedUntil { get; set; }

    public int StalledUntil { get; set; }

    public bool IsPaused => PausedUntil > cluster.Now;

    public void Start()
    {
        RaftRestore restore = Disk.Restore();
        Applied = Disk.Applied;
        _raft = new(cluster.Options, id, restore, cluster.Prng.Fork());
        ClusterChecker.Require(_raft.Term >= _promised, $"{id} promised {_promised} and restarts in {_raft.Term}");
        CheckedCommit = _raft.Commit;
        _lastTerm = _raft.Term;
        _lastRole = RaftRole.Follower;
        _dirty = true;
        cluster.Journal?.Add($"{id} starts {_raft.Term} base {restore.Base} last {_raft.Log.Last} applied {Applied.Position}");
    }

    public void Crash()
    {
        KeepSomeOfTheFlushes();
        if (_installing is { } install && cluster.Prng.Chance(0.5))
        {
            Disk.Applied = install.State;
        }

        _raft = null;
        _flushes.Clear();
        _output.Clear();
        _inbox.Clear();
        _sendings.Clear();
        _sealing = null;
        _installing = null;
        _dirty = false;
        PausedUntil = 0;
        StalledUntil = 0;
        cluster.Checker.OnCrash(id);
        cluster.Journal?.Add($"{id} crashes, keeps {Disk.HardState} base {Disk.Base} last {Disk.Last}");
    }

    public void Deliver(Packet packet)
    {
        if (IsPaused)
        {
            _inbox.Add(packet);
        }
        else
        {
            Receive(packet);
        }
    }

    /// <summary>One unit of time: the disk, then what waited during a pause, then perhaps a tick.</summary>
    public void Advance(bool tick)
    {
        if (_inbox.Count > 0)
        {
            cluster.OnResumed(this);
            cluster.Prng.Shuffle(_inbox);
            foreach (Packet packet in _inbox.ToArray())
            {
                Receive(packet);
            }

            _inbox.Clear();
        }

        EndFlushes();
        EndInstall();
        EndSeal();
        foreach ((int peer, int deadline) in _sendings.Where(s => s.Value <= cluster.Now).ToArray())
        {
            SnapshotEnded(new(peer), LogPosition.Zero, ok: false);
        }

        if (tick)
        {
            Input(RaftInput.Tick);
        }
    }

    public void Input(in RaftInput input)
    {
        Up.Step(input, _output);
        _dirty = true;
        AfterStep();
    }

    public ProposeStatus Propose(ReadOnlyMemory<byte> payload)
    {
        _dirty = true;
        ProposeResult result = Up.Propose(payload, _output);
        return result.Status;
    }

    public ProposeStatus Change(IReadOnlyList<ConfigurationChange> changes)
    {
        _dirty = true;
        ProposeResult result = Up.ProposeConfiguration(changes, _output);
        cluster.Journal?.Add($"{id} proposes {string.Join(' ', changes)}: {result}");
        return result.Status;
    }

    public void Read(ulong readId)
    {
        cluster.Checker.OnReadBegun(readId, id);
        _dirty = true;
        if (!Up.ReadIndex(readId, _output))
        {
            cluster.Checker.OnReadDropped(readId);
        }
    }

    public void BeginSeal(int due)
    {
        if (_installing is null && _sealing is null && Applied.Index > Disk.Applied.Index)
        {
            _sealing = (Applied, due);
        }
    }

    public void Turn()
    {
        if (!_dirty || _raft is null)
        {
            return;
        }

        _dirty = false;
        Configuration before = _raft.Configuration;
        _raft.Finish(_output);
        cluster.Checker.OnCommit(this, before, cluster.Nodes);
        Watch();
        Persist();
        foreach (RaftMessage message in _output.SendNow)
        {
            cluster.Send(Pack(message));
        }

        foreach ((ulong readId, LogIndex index) in _output.ReadsReady)
        {
            cluster.Checker.OnReadReady(readId, index, _raft);
        }

        foreach (ulong readId in _output.ReadsDropped)
        {
            cluster.Checker.OnReadDropped(readId);
        }

        foreach (NodeId peer in _output.SnapshotsWanted)
        {
            SendSnapshot(peer);
        }

        Assert.True(_output.InstallSnapshot is null || _installing is not null);
        _output.Clear();
        Apply();
    }

    private void AfterStep()
    {
        bool elected = Leads && _lastRole != RaftRole.Leader;
        Watch();
        if (elected)
        {
            cluster.OnElected(this);
        }

        if (cluster.EndsTurnNow())
        {
            Turn();
        }
    }

    private void Watch()
    {
        RaftNode raft = Up;
        ClusterChecker.Require(raft.Term >= _lastTerm, $"{id} went back from {_lastTerm} to {raft.Term}");
        bool isNew = raft.Role != _lastRole || raft.Term != _lastTerm;
        _lastTerm = raft.Term;
        _lastRole = raft.Role;
        if (isNew)
        {
            cluster.Journal?.Add($"{id} {raft.Role} {raft.Term} last {raft.Log.Last} commit {raft.Commit} {raft.Configuration}");
            if (Leads)
            {
                cluster.Checker.OnLeader(this);
            }
        }
    }

    private void Persist()
    {
        FlushBatch? batch = _flushes.Count > 0 ? _flushes[^1] : null;
        if (_output.HardState is not null || _output.Append.Count > 0)
        {
            batch = new(NextFlush())
            {
                HardState = _output.HardState,
                Entries = [.. _output.Append],
                Position = _output.Append.Count > 0 ? _output.Append[^1].Position : LogPosition.Zero,
            };
            _flushes.Add(batch);
        }

        foreach (RaftMessage message in _output.SendWhenDurable)
        {
            if (batch is null)
            {
                Release(Pack(message));
            }
            else
            {
                batch.Messages.Add(Pack(message));
            }
        }
    }

    private int NextFlush() => Math.Max(_flushes.Count > 0 ? _flushes[^1].Due : 0, cluster.Now + cluster.FlushDelay());

    private void EndFlushes()
    {
        while (_flushes.Count > 0 && _flushes[0].Due <= cluster.Now && StalledUntil <= cluster.Now)
        {
            FlushBatch batch = _flushes[0];
            _flushes.RemoveAt(0);
            Write(batch, batch.Entries.Count);
            batch.Messages.ForEach(Release);
            Input(RaftInput.LogDurable(batch.Position));
        }
    }

    private void Write(FlushBatch batch, int entries)
    {
        Disk.HardState = batch.HardState ?? Disk.HardState;
        if (batch.Cut is { } cut)
        {
            Disk.CutTo(cut.Position, cut.Configuration);
        }

        for (int i = 0; i < entries; i++)
        {
            LogEntry entry = batch.Entries[i];
            Disk.Append(entry);
            if (entry.Index > Disk.Base.Index)
            {
                cluster.Checker.OnEntry(entry, Disk.TermAt(entry.Index.Previous)!.Value);
            }
        }
    }

    /// <summary>At a crash any beginning of what was being written may have reached the disk.</summary>
    private void KeepSomeOfTheFlushes()
    {
        int whole = cluster.Prng.Below(_flushes.Count + 1);
        for (int i = 0; i < whole; i++)
        {
            Write(_flushes[i], _flushes[i].Entries.Count);
        }

        if (whole < _flushes.Count && cluster.Prng.Chance(0.5))
        {
            Write(_flushes[whole], cluster.Prng.Below(_flushes[whole].Entries.Count + 1));
        }
    }

    private void Release(Packet packet)
    {
        RaftMessage message = packet.Message;
        _promised = message.Kind is RaftMessageKind.PreVote or RaftMessageKind.PreVoteAnswer || _promised > message.Term
            ? _promised
            : message.Term;
        if (message.Kind == RaftMessageKind.Vote)
        {
            cluster.Checker.OnVote(id, message.Term, id);
        }
        else if (message.Kind == RaftMessageKind.VoteAnswer && message.Flag)
        {
            cluster.Checker.OnVote(id, message.Term, message.To);
        }

        cluster.Send(packet);
    }

    private Packet Pack(in RaftMessage message)
    {
        if (message.Kind is RaftMessageKind.VoteAnswer && message.Flag && Planted.Is(PlantedBug.AcknowledgeBeforeFlush))
        {
            cluster.Checker.OnVote(id, message.Term, message.To);
        }

        if (message.Kind != RaftMessageKind.Append)
        {
            return new(message.From, message.To) { Message = cluster.Encoded(message, Up.Log) };
        }

        var entries = new List<LogEntry>(message.Count);
        Term previous = message.Position.Term;
        for (int i = 1; i <= message.Count; i++)
        {
            Assert.True(Up.Log.TryGet(message.Position.Index + i, out LogEntry entry));
            cluster.Checker.OnEntry(entry, previous);
            previous = entry.Term;
            entries.Add(entry);
        }

        RaftMessage whole = RaftMessage.Append(
            message.From, message.To, message.Term, message.Position, message.Count, message.Commit, entries);
        return new(message.From, message.To) { Message = cluster.Encoded(whole, Up.Log) };
    }

    private void Receive(Packet packet)
    {
        if (_raft is null)
        {
            return;
        }

        cluster.Journal?.Add($"{packet}");
        if (packet.Snapshot is { } state)
        {
            ReceiveSnapshot(packet, state);
        }
        else if (packet.SnapshotEnd is { } end)
        {
            SnapshotEnded(packet.From, end, packet.Ok);
        }
        else
        {
            Input(RaftInput.Receive(packet.Message));
        }
    }

    private void Apply()
    {
        LogIndex to = Up.Commit - cluster.ApplyLag(Up.Commit - Applied.Index);
        if (to <= Applied.Index)
        {
            return;
        }

        while (Applied.Index < to)
        {
            Assert.True(Up.Log.TryGet(Applied.Index.Next, out LogEntry entry));
            Applied = Applied.With(entry);
            cluster.Checker.OnApplied(id, Applied);
        }

        Up.Step(RaftInput.Applied(Applied.Index), _output);
        _dirty = true;
    }
}
