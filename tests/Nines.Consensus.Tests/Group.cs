using System.Text;
using Nines.Consensus.Tests.Cluster;
using Nines.Kernel;

namespace Nines.Consensus.Tests;

/// <summary>One replica of a <see cref="Group"/> with its disk.</summary>
internal sealed class Member(NodeId id, Configuration initial)
{
    public NodeId Id => id;

    public RaftNode Raft { get; set; } = null!;

    public RaftOutput Output { get; } = new();

    public DurableState Disk { get; } = new(initial);

    public AppliedState Applied { get; set; } = AppliedState.Initial(initial);

    /// <summary>Flushes that began and have not ended. They end at once unless <see cref="Hangs"/>.</summary>
    public List<FlushBatch> Flushes { get; } = [];

    public bool Hangs { get; set; }

    public bool IsUp { get; set; }

    public List<(ulong Id, LogIndex Index)> ReadsReady { get; } = [];

    public List<ulong> ReadsDropped { get; } = [];

    public (RaftRole, Term, NodeId) Seen { get; set; }

    public LogIndex SeenCommit { get; set; }
}

/// <summary>
/// A group whose every message is delivered by hand: for schedules that are written down. Each input is a turn of its own, disks are instant
/// unless told to hang, and all that happens is one line in <see cref="Lines"/>.
/// </summary>
internal sealed class Group
{
    private readonly SortedList<int, Member> _members = [];
    private readonly HashSet<(int From, int To)> _cut = [];

    public Group(int voters, int spares = 0, RaftOptions? options = null)
    {
        Options = options ?? new RaftOptions { HeartbeatTicks = 1 };
        var initial = Configuration.Of(Enumerable.Range(1, voters).Select(n => new NodeId(n)));
        for (int n = 1; n <= voters + spares; n++)
        {
            _members.Add(n, new(new(n), n <= voters ? initial : Configuration.Empty));
            Start(n);
        }
    }

    public RaftOptions Options { get; }

    public List<string> Lines { get; } = [];

    /// <summary>Messages under way, oldest first.</summary>
    public List<RaftMessage> Wire { get; } = [];

    public List<(NodeId From, NodeId To, Term Term, AppliedState State)> Snapshots { get; } = [];

    public Member this[int node] => _members[node];

    public IEnumerable<Member> All => _members.Values;

    public RaftNode Raft(int node) => _members[node].Raft;

    public void Start(int node)
    {
        Member member = _members[node];
        RaftRestore restore = member.Disk.Restore();
        member.Applied = member.Disk.Applied;
        member.Raft = new(Options, member.Id, restore, new Prng((ulong)node));
        member.IsUp = true;
        member.Seen = (member.Raft.Role, member.Raft.Term, member.Raft.Leader);
        member.SeenCommit = member.Raft.Commit;
        Turn(member);
    }

    /// <summary>Everything that is not on the disk is gone, and what was on its way from the node's memory with it.</summary>
    public void Crash(int node)
    {
        Member member = _members[node];
        member.IsUp = false;
        member.Hangs = false;
        member.Flushes.Clear();
        member.Output.Clear();
    }

    public void Restart(int node)
    {
        Crash(node);
        Start(node);
    }

    public void Step(int node, in RaftInput input)
    {
        Member member = _members[node];
        member.Raft.Step(input, member.Output);
        Turn(member);
    }

    public void Tick(int node, int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            Step(node, RaftInput.Tick);
        }
    }

    public void TickAll(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            foreach (Member member in All.Where(m => m.IsUp))
            {
                Step(member.Id.Value, RaftInput.Tick);
            }

            Deliver();
        }
    }

    public ProposeResult Propose(int node, string payload)
    {
        Member member = _members[node];
        ProposeResult result = member.Raft.Propose(Encoding.UTF8.GetBytes(payload), member.Output);
        Turn(member);
        return result;
    }

    public ProposeResult Change(int node, params ConfigurationChange[] changes)
    {
        Member member = _members[node];
        ProposeResult result = member.Raft.ProposeConfiguration(changes, member.Output);
        Turn(member);
        return result;
    }

    public bool Read(int node, ulong id)
    {
        Member member = _members[node];
        bool accepted = member.Raft.ReadIndex(id, member.Output);
        Turn(member);
        return accepted;
    }

    public void Cut(int from, int to) => _cut.Add((from, to));

    public void Isolate(int node)
    {
        foreach (Member other in All.Where(m => m.Id.Value != node))
        {
            Cut(node, other.Id.Value);
            Cut(other.Id.Value, node);
        }
    }

    public void Heal() => _cut.Clear();

    /// <summary>Delivers until nothing is under way.</summary>
    public void Deliver()
    {
        for (int i = 0; Wire.Count + Snapshots.Count > 0; i++)
        {
            Assert.True(i < 10_000, "the group does not come to rest");
            if (Wire.Count > 0)
            {
                RaftMessage message = Wire[0];
                Wire.RemoveAt(0);
                Deliver(message);
            }
            else
            {
                (NodeId from, NodeId to, Term term, AppliedState state) = Snapshots[0];
                Snapshots.RemoveAt(0);
                DeliverSnapshot(from, to, term, state);
            }
        }
    }

    public void Deliver(in RaftMessage message)
    {
        bool lost = _cut.Contains((message.From.Value, message.To.Value)) || !_members[message.To.Value].IsUp;
        Lines.Add($"{(lost ? "lost " : "")}{Trace.Describe(message)}");
        if (!lost)
        {
            Step(message.To.Value, RaftInput.Receive(message));
        }
    }

    /// <summary>Takes messages of a kind off the wire, for later or for never.</summary>
    public List<RaftMessage> Take(Predicate<RaftMessage> which)
    {
        List<RaftMessage> taken = Wire.FindAll(which);
        Wire.RemoveAll(which);
        return taken;
    }

    public void Elect(int node)
    {
        Step(node, RaftInput.Campaign);
        Deliver();
        Assert.Equal(RaftRole.Leader, Raft(node).Role);
    }

    /// <summary>The state machine becomes durable as it is; the log keeps <paramref name="keep"/> entries of it.</summary>
    public void Seal(int node, int keep = 0)
    {
        Member member = _members[node];
        member.Disk.Applied = member.Applied;
        LogIndex cut = member.Applied.Index - keep;
        if (cut > member.Raft.Log.Base.Index)
        {
            Term term = member.Raft.Log.TermAt(cut)!.Value;
            member.Raft.Step(RaftInput.Compacted(cut), member.Output);
            member.Disk.CutTo(new(term, cut), member.Applied.Configuration);
            Turn(member);
        }
    }

    /// <summary>The disk answers again: everything that waited is durable.</summary>
    public void EndHang(int node)
    {
        _members[node].Hangs = false;
        Turn(_members[node]);
    }

    public void DeliverSnapshot(NodeId from, NodeId to, Term term, AppliedState state)
    {
        Member member = _members[to.Value];
        bool lost = _cut.Contains((from.Value, to.Value)) || !member.IsUp;
        Lines.Add($"{(lost ? "lost " : "")}{from}->{to} snapshot {state.Position} {state.Configuration}");
        if (!lost)
        {
            RaftMessage message = RaftMessage.Snapshot(from, to, term, state.Position, state.Configuration);
            member.Raft.Step(RaftInput.Receive(message), member.Output);
            if (member.Output.InstallSnapshot is { } install)
            {
                Turn(member);
                member.Disk.Install(state);
                member.Applied = state;
                member.SeenCommit = state.Index;
                Lines.Add($"{to} installs {install.Position}");
                member.Raft.Step(RaftInput.SnapshotInstalled(install.Position, install.Configuration), member.Output);
            }

            Turn(member);
        }

        if (_members[from.Value].IsUp)
        {
            Step(from.Value, RaftInput.SnapshotSent(to, state.Position, !lost));
        }
    }

    private void Turn(Member member)
    {
        do
        {
            member.Raft.Finish(member.Output);
            Note(member);
            Persist(member);
            foreach (NodeId peer in member.Output.SnapshotsWanted)
            {
                Snapshots.Add((member.Id, peer, member.Raft.Term, member.Disk.Applied));
            }

            member.Output.Clear();
            Apply(member);
        }
        while (!member.Hangs && Flush(member));
    }

    private void Note(Member member)
    {
        RaftNode raft = member.Raft;
        if (member.Seen != (raft.Role, raft.Term, raft.Leader))
        {
            member.Seen = (raft.Role, raft.Term, raft.Leader);
            Lines.Add($"{member.Id} {raft.Role} {raft.Term}{(raft.Leader.IsNone || raft.Leader == member.Id ? "" : $" of {raft.Leader}")}");
        }

        if (member.SeenCommit != raft.Commit)
        {
            member.SeenCommit = raft.Commit;
            Lines.Add($"{member.Id} commit {raft.Commit}");
        }

        foreach ((ulong id, LogIndex index) in member.Output.ReadsReady)
        {
            member.ReadsReady.Add((id, index));
            Lines.Add($"{member.Id} read {id} ready at {index}");
        }

        foreach (ulong id in member.Output.ReadsDropped)
        {
            member.ReadsDropped.Add(id);
            Lines.Add($"{member.Id} read {id} dropped");
        }
    }

    private void Persist(Member member)
    {
        RaftOutput output = member.Output;
        if (output.HardState is not null || output.Append.Count > 0)
        {
            member.Flushes.Add(new(0)
            {
                HardState = output.HardState,
                Entries = [.. output.Append],
                Position = output.Append.Count > 0 ? output.Append[^1].Position : LogPosition.Zero,
            });
        }

        foreach (RaftMessage message in output.SendNow)
        {
            Wire.Add(Whole(member, message));
        }

        foreach (RaftMessage message in output.SendWhenDurable)
        {
            if (member.Flushes.Count == 0)
            {
                Wire.Add(message);
            }
            else
            {
                member.Flushes[^1].Messages.Add(new(message.From, message.To) { Message = message });
            }
        }
    }

    private bool Flush(Member member)
    {
        if (member.Flushes.Count == 0)
        {
            return false;
        }

        FlushBatch batch = member.Flushes[0];
        member.Flushes.RemoveAt(0);
        member.Disk.HardState = batch.HardState ?? member.Disk.HardState;
        batch.Entries.ForEach(e => member.Disk.Append(e));
        batch.Messages.ForEach(m => Wire.Add(m.Message));
        member.Raft.Step(RaftInput.LogDurable(batch.Position), member.Output);
        return true;
    }

    private static void Apply(Member member)
    {
        bool any = false;
        while (member.Applied.Index < member.Raft.Commit)
        {
            Assert.True(member.Raft.Log.TryGet(member.Applied.Index.Next, out LogEntry entry));
            member.Applied = member.Applied.With(entry);
            any = true;
        }

        if (any)
        {
            member.Raft.Step(RaftInput.Applied(member.Applied.Index), member.Output);
        }
    }

    private static RaftMessage Whole(Member member, in RaftMessage message)
    {
        if (message.Kind != RaftMessageKind.Append)
        {
            return message;
        }

        var entries = new List<LogEntry>();
        for (int i = 1; i <= message.Count; i++)
        {
            Assert.True(member.Raft.Log.TryGet(message.Position.Index + i, out LogEntry entry));
            entries.Add(entry);
        }

        return RaftMessage.Append(message.From, message.To, message.Term, message.Position, message.Count, message.Commit, entries);
    }
}
