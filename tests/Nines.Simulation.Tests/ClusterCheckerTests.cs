using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class ClusterCheckerTests
{
    private static readonly GroupId _group = new(1);
    private readonly Findings _findings = new();

    [Fact]
    public void Two_leaders_in_one_term_are_found_and_one_leader_per_term_is_fine()
    {
        LeaderChecker checker = new(_findings);
        checker.Observe(new NodeId(1), _group, new Term(1), isLeader: true);
        checker.Observe(new NodeId(2), _group, new Term(2), isLeader: true);
        checker.Observe(new NodeId(1), new GroupId(2), new Term(2), isLeader: true);
        Assert.False(_findings.Any);
        checker.Observe(new NodeId(3), _group, new Term(2), isLeader: true);
        Assert.Equal('A', Assert.Single(_findings.All).Invariant);
    }

    [Fact]
    public void A_forgotten_promise_and_a_second_vote_are_found_also_over_restarts()
    {
        LeaderChecker checker = new(_findings);
        checker.Promised(new NodeId(1), _group, new Term(3), NodeId.None);
        checker.Promised(new NodeId(1), _group, new Term(3), new NodeId(2));
        checker.Promised(new NodeId(1), _group, new Term(4), new NodeId(3));
        checker.Promised(new NodeId(1), _group, new Term(4), NodeId.None);
        checker.Observe(new NodeId(1), _group, new Term(4), isLeader: false);
        Assert.False(_findings.Any);
        checker.Promised(new NodeId(1), _group, new Term(4), new NodeId(2));
        checker.Observe(new NodeId(1), _group, new Term(3), isLeader: false);
        Assert.Equal(2, _findings.All.Count);
        checker.Forget(new NodeId(1));
        checker.Observe(new NodeId(1), _group, new Term(1), isLeader: false);
        Assert.Equal(2, _findings.All.Count);
    }

    [Fact]
    public void A_committed_entry_that_differs_is_found()
    {
        LogChecker checker = new(_findings);
        LogEntry entry = new(new Term(1), new LogIndex(1), EntryKind.Command, new byte[] { 1 });
        checker.Committed(new NodeId(1), _group, entry);
        checker.Committed(new NodeId(2), _group, entry);
        checker.Committed(new NodeId(2), new GroupId(2), entry with { Term = new Term(2) });
        Assert.False(_findings.Any);
        checker.Committed(new NodeId(3), _group, entry with { Payload = new byte[] { 2 } });
        Assert.Equal('B', Assert.Single(_findings.All).Invariant);
    }

    [Fact]
    public void Two_configurations_at_one_position_are_found()
    {
        LogChecker checker = new(_findings);
        checker.Configured(new NodeId(1), _group, new LogIndex(4), Consensus.Configuration.Of([new NodeId(1), new NodeId(2)]));
        checker.Configured(new NodeId(2), _group, new LogIndex(4), Consensus.Configuration.Of([new NodeId(1), new NodeId(2)]));
        checker.Configured(new NodeId(2), _group, new LogIndex(5), Consensus.Configuration.Of([new NodeId(2)]));
        Assert.False(_findings.Any);
        checker.Configured(new NodeId(3), _group, new LogIndex(5), Consensus.Configuration.Of([new NodeId(3)]));
        Assert.Equal('B', Assert.Single(_findings.All).Invariant);
    }

    [Fact]
    public void A_leader_without_a_committed_entry_is_found()
    {
        LogChecker checker = new(_findings);
        checker.CommitIndex(new NodeId(1), _group, new LogIndex(10), new LogIndex(8));
        checker.BecameLeader(new NodeId(2), _group, new LogIndex(10), checker.Highest(_group));
        Assert.False(_findings.Any);
        checker.BecameLeader(new NodeId(3), _group, new LogIndex(9), checker.Highest(_group));
        Assert.Equal('B', Assert.Single(_findings.All).Invariant);
    }

    [Fact]
    public void Applied_beyond_committed_is_found()
    {
        LogChecker checker = new(_findings);
        checker.CommitIndex(new NodeId(1), _group, new LogIndex(10), new LogIndex(11));
        Assert.True(_findings.Any);
    }

    [Fact]
    public void A_state_that_differs_at_the_same_position_is_found()
    {
        StateChecker checker = new(_findings);
        AppliedCommand command = new(_group, new LogIndex(5), 9, 77, 1234, true);
        checker.OnApplied(new NodeId(1), command);
        checker.OnApplied(new NodeId(2), command);
        checker.OnApplied(new NodeId(1), command);
        Assert.False(_findings.Any);
        checker.OnRead(new NodeId(3), _group, 5, 1235);
        Assert.Equal('C', Assert.Single(_findings.All).Invariant);
    }

    [Fact]
    public void A_command_applied_at_two_positions_is_found()
    {
        StateChecker checker = new(_findings);
        AppliedCommand command = new(_group, new LogIndex(5), 9, 77, 1234, true);
        checker.OnApplied(new NodeId(1), command);
        checker.OnApplied(new NodeId(1), command with { Position = new LogIndex(6), Chain = 99 });
        Assert.Equal('E', Assert.Single(_findings.All).Invariant);
    }

    [Fact]
    public void A_store_that_lost_something_is_found_by_a_scan()
    {
        StateChecker checker = new(_findings);
        checker.OnScan(new NodeId(1), _group, new StateScan(5, 5, 1, 3, 2, true));
        Assert.False(_findings.Any);
        checker.OnScan(new NodeId(1), _group, new StateScan(4, 5, 1, 3, 1, true));
        Assert.Equal('C', Assert.Single(_findings.All).Invariant);
    }
}
