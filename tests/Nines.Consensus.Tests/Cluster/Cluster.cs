using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>
/// Raft cores alone on virtual time: one group, its network, its disks and its clients, all from one seed. First everything goes wrong at the
/// rates drawn for this run; then the faults stop, and the group must come to rest and stay there.
/// </summary>
internal sealed partial class Cluster
{
    private readonly ClusterNetwork _network;
    private readonly Dictionary<string, int> _seen;
    private readonly NodeId[] _ids;
    private readonly List<(int Due, ClusterNode Node)> _ambushes = [];
    private ulong _nextPayload;
    private ulong _nextRead;

    public Cluster(ulong seed, Dictionary<string, int> seen, List<string>? journal)
    {
        Prng = new(seed);
        _seen = seen;
        Journal = journal;
        Faults = ClusterFaults.Draw(Prng);
        Options = Faults.Options;
        _network = new(Prng.Fork(), Faults);
        _ids = [.. Enumerable.Range(1, Faults.Nodes).Select(n => new NodeId(n))];
        var initial = Configuration.Of(_ids.Take(Faults.Voters));
        Checker = new(initial);
        Nodes = [.. _ids.Select(n => new ClusterNode(n, this, initial.IsMember(n) ? initial : Configuration.Empty))];
        foreach (ClusterNode node in Nodes)
        {
            node.Start();
        }
    }

    public Prng Prng { get; }

    public ClusterFaults Faults { get; }

    public RaftOptions Options { get; }

    public ClusterChecker Checker { get; }

    public IReadOnlyList<ClusterNode> Nodes { get; }

    /// <summary>What happened, when somebody wants to read it.</summary>
    public List<string>? Journal { get; }

    public int Now { get; private set; }

    public bool Calm { get; private set; }

    /// <summary>A hash of every message delivered: equal runs have equal hashes.</summary>
    public ulong History { get; private set; }

    private int Timeout => Faults.ElectionTicks * Faults.UnitsPerTick;

    public void Seen(string what) => _seen[what] = _seen.GetValueOrDefault(what) + 1;

    public void Send(Packet packet) => _network.Send(packet, Now);

    public int FlushDelay() => Calm ? Prng.Below(2) : Prng.Below(Faults.FlushMax + 1);

    public bool EndsTurnNow() => Prng.Chance(Faults.EagerTurn);

    public bool Fails() => !Calm && Prng.Chance(0.1);

    public long ApplyLag(long waiting) => !Calm && waiting > 0 && Prng.Chance(Faults.ApplyLag) ? Prng.Below(waiting + 1) : 0;

    public int KeptEntries() => Faults.ShortLogs ? 0 : Prng.Below(6);

    public RaftMessage Encoded(in RaftMessage message, RaftLog log)
    {
        if (!Faults.Codec || message.Kind == RaftMessageKind.Snapshot)
        {
            return message;
        }

        var buffer = new ByteBuffer();
        RaftCodec.Write(message, log, buffer);
        Assert.True(RaftCodec.TryRead(buffer.ToArray(), [], out RaftMessage read));
        return read;
    }

    public void RunWithFaults(int units)
    {
        for (int i = 0; i < units; i++)
        {
            InjectFaults();
            Unit();
            Requests();
        }
    }

    /// <summary>The faults stop: every node runs and hears every other.</summary>
    public void Heal()
    {
        Journal?.Add("--- the faults stop");
        Calm = true;
        _network.Calm = true;
        _network.Heal();
        foreach (ClusterNode node in Nodes)
        {
            node.PausedUntil = 0;
            node.StalledUntil = 0;
            if (!node.IsUp)
            {
                node.Start();
            }
        }
    }

    /// <summary>Liveness: a healed group elects one leader, leaves its joint phase and commits everything.</summary>
    public void RunUntilSettled()
    {
        bool proposed = false;

        // Some runs send one entry at a time, so that catching up takes as many round trips as there are entries.
        long bound = (60 * Timeout) + (10 * Nodes.Max(n => n.Up.Log.LastIndex.Value));
        for (int i = 0; i < bound; i++)
        {
            Unit();
            if (Now % Timeout == 0 && Leader() is { } leader && !proposed)
            {
                proposed = leader.Propose(NextPayload()) == ProposeStatus.Accepted;
            }

            if (proposed && Checker.PendingReads == 0 && IsSettled())
            {
                return;
            }
        }

        throw new PromiseBrokenException(
            $"liveness: not settled after {bound} units, {Checker.PendingReads} reads without an answer: {this}");
    }

    /// <summary>A follower that was cut off for a while comes back, and nobody notices (9.6, 4.2.3).</summary>
    public void RunStable()
    {
        ClusterNode leader = Leader()!;
        Term term = leader.Up.Term;
        NodeId[] others = [.. _ids.Where(n => n != leader.Id)];
        if (others.Length == 0)
        {
            return;
        }

        // What was still under way, an old request to take over leadership for one, is no matter of this promise.
        _network.Forget();
        NodeId cut = Prng.Pick(others);
        Configuration configuration = leader.Up.Configuration;
        bool isNeeded = configuration.IsVoter(cut) && 2 * (configuration.Voters.Count - 1) <= configuration.Voters.Count;
        if (!isNeeded)
        {
            Journal?.Add($"--- {cut} is cut off");
            _network.Cut([cut], _ids, oneWay: Prng.Chance(0.3));
        }

        RunQuietly(4 * Timeout);
        _network.Heal();
        RunQuietly(4 * Timeout);
        ClusterChecker.Require(leader.Leads && leader.Up.Term == term, $"stability: {leader.Id} led {term} and was toppled by {cut}: {this}");
        Seen("stable");
    }

    /// <summary>The leader's disk hangs and everything else works: another one leads soon (hashicorp/raft#503).</summary>
    public void RunHungDisk()
    {
        ClusterNode leader = Leader()!;
        Configuration configuration = leader.Up.Configuration;
        if (configuration.Voters.Count < 3)
        {
            return;
        }

        Journal?.Add($"--- the disk of {leader.Id} hangs");
        leader.StalledUntil = int.MaxValue;
        leader.Propose(NextPayload());
        for (int i = 0; i < (Options.FlushStallTicks * Faults.UnitsPerTick) + (20 * Timeout); i++)
        {
            Unit();
            if (!leader.Leads && Leader() is not null)
            {
                leader.StalledUntil = 0;
                Seen("hung disk");
                return;
            }
        }

        throw new PromiseBrokenException($"liveness: {leader.Id} leads on with a disk that hangs: {this}");
    }

    /// <summary>A leader was elected: the moment for everything that is too early.</summary>
    public void OnElected(ClusterNode node)
    {
        if (Calm)
        {
            return;
        }

        if (Prng.Chance(Faults.Ambush))
        {
            _ambushes.Add((Now + Prng.Below(8), node));
        }

        if (Prng.Chance(Faults.FirstAct) && RandomChange(node) == ProposeStatus.TooEarly)
        {
            Seen("change too early");
        }

        if (Prng.Chance(Faults.Read))
        {
            Seen("read as first act");
            node.Read(++_nextRead);
        }
    }

    /// <summary>A node wakes up with old messages before it, and a client is faster than they are (etcd-io/etcd#20418).</summary>
    public void OnResumed(ClusterNode node)
    {
        if (!Calm && node.Leads && Prng.Chance(Faults.Read))
        {
            Seen("read on waking up");
            node.Read(++_nextRead);
            node.Turn();
        }
    }

    public override string ToString() => string.Join("; ", Nodes.Select(n => n.IsUp
        ? $"{n.Id} {n.Up.Role} {n.Up.Term} leader {n.Up.Leader} last {n.Up.Log.Last} commit {n.Up.Commit} {n.Up.Configuration}"
        : $"{n.Id} down"));

    private ClusterNode? Leader() => Nodes.Where(n => n.Leads).OrderByDescending(n => n.Up.Term.Value).FirstOrDefault();

    private void RunQuietly(int units)
    {
        for (int i = 0; i < units; i++)
        {
            Unit();
        }
    }

    private bool IsSettled()
    {
        if (Leader() is not { } leader || leader.Up.Configuration.IsJoint || Nodes.Count(n => n.Leads) != 1)
        {
            return false;
        }

        RaftNode raft = leader.Up;
        return raft.Commit == raft.Log.LastIndex && raft.Configuration.Members.All(m =>
        {
            ClusterNode node = Nodes[m.Value - 1];
            return node.Up.Leader == leader.Id && node.Up.Term == raft.Term && node.Up.Commit == raft.Commit
                && node.Applied.Index == raft.Commit;
        });
    }

    private void Unit()
    {
        Now++;
        Journal?.Add($"- {Now}");
        while (_network.TryTake(Now, out Packet? packet))
        {
            int link = ((int)packet!.Message.Kind * 64) + (packet.From.Value * 8) + packet.To.Value;
            long what = packet.Message.Term.Value + (packet.Message.Position.Index.Value << 20);
            History = unchecked((History * 31) + ((ulong)link * 7919) + (ulong)what);
            Nodes[packet.To.Value - 1].Deliver(packet);
        }

        foreach (ClusterNode node in Nodes)
        {
            if (node.IsUp && !node.IsPaused)
            {
                node.Advance((Now + node.Id.Value) % Faults.UnitsPerTick == 0);
            }
        }

        foreach (ClusterNode node in Nodes)
        {
            if (!node.IsPaused)
            {
                node.Turn();
            }
        }
    }

    private void Ambush()
    {
        foreach ((int due, ClusterNode node) in _ambushes.ToArray())
        {
            if (due > Now)
            {
                continue;
            }

            _ambushes.Remove((due, node));
            if (node.IsUp && Prng.Chance(0.3))
            {
                node.Crash();
            }
            else
            {
                NodeId[] side = [node.Id, .. _ids.Where(n => n != node.Id && Prng.Chance(0.25))];
                _network.Heal();
                _network.Cut(side, _ids, oneWay: Prng.Chance(0.2));
                Journal?.Add($"--- cut {string.Join(' ', side)}");
            }

            Seen("ambush");
        }
    }
}
