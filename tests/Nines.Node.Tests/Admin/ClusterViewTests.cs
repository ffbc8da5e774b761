using System.Text.Json;
using Nines.Kernel;
using Nines.Node.Admin;

namespace Nines.Node.Tests.Admin;

public sealed class ClusterViewTests
{
    [Fact]
    public void Three_nodes_that_agree_are_well()
    {
        ClusterStatus status = Combine(Node(1, Leader(1)), Node(2, Follower(leader: 1)), Node(3, Follower(leader: 1)));
        Assert.Equal((Health.Ok, 0), (status.Health, status.Problems.Count));
        GroupStatus group = Assert.Single(status.Groups);
        Assert.Equal((1, 7, 100), (group.Leader, group.Term, group.Commit));
        Assert.All(group.Replicas, r => Assert.Equal(0, r.Lag));
    }

    [Fact]
    public void A_node_that_does_not_answer_degrades_its_groups_and_is_named()
    {
        ClusterStatus status = Combine(
            Node(1, Leader(1)), Node(2, Follower(leader: 1)), new NodeStatus { Node = 3, Reachable = false, Error = "connection refused" });
        Assert.Equal(Health.Degraded, status.Health);
        Assert.Equal("n3 does not answer: connection refused", Assert.Single(status.Problems));
        Assert.Equal(new GroupReplica(3, "unknown", 0, -1, ""), status.Groups[0].Replicas[2]);
    }

    [Fact]
    public void Without_a_leader_a_group_is_unavailable()
    {
        ClusterStatus status = Combine(Node(1, Follower(leader: 0)));
        Assert.Equal((Health.Unavailable, 0), (status.Health, status.Groups[0].Leader));
    }

    [Fact]
    public void Of_two_that_say_they_lead_the_higher_term_is_believed()
    {
        ClusterStatus status = Combine(Node(1, Leader(1)), Node(2, Leader(2) with { Term = 8 }), Node(3, Follower(leader: 2)));
        Assert.Equal((2, 8), (status.Groups[0].Leader, status.Groups[0].Term));
    }

    [Fact]
    public void A_replica_far_behind_or_halted_is_a_problem_a_little_behind_is_not()
    {
        ReplicaStatus far = Follower(leader: 1) with { Applied = 0 };
        ClusterStatus status = Combine(
            Node(1, Leader(1) with { Commit = 50_000, Applied = 50_000 }), Node(2, far), Node(3, Follower(leader: 1) with { Fault = "damaged log" }));
        Assert.Equal(
            ["g1 on n2 is 50000 entries behind", "g1 on n3 halted: damaged log"],
            status.Problems.Order(StringComparer.Ordinal));
        Assert.Equal(Health.Ok, Combine(Node(1, Leader(1)), Node(2, Follower(1) with { Applied = 90 }), Node(3, Follower(1))).Health);
    }

    [Fact]
    public void A_service_that_keeps_the_tables_and_does_not_answer_is_a_problem()
    {
        NodeStatus node = Node(1, Leader(1)) with { TablesEngine = "dynamodb at http://127.0.0.1:1" };
        NodeStatus[] others = [Node(2, Follower(leader: 1)), Node(3, Follower(leader: 1))];
        Assert.Equal(Health.Ok, Combine([node, .. others]).Health);
        ClusterStatus status = Combine([node with { TablesError = "connection refused" }, .. others]);
        Assert.Equal(Health.Degraded, status.Health);
        Assert.Equal("n1: dynamodb at http://127.0.0.1:1 does not answer: connection refused", Assert.Single(status.Problems));
    }

    [Fact]
    public void Global_indexes_that_are_far_behind_are_a_problem()
    {
        NodeStatus[] others = [Node(2, Follower(leader: 1)), Node(3, Follower(leader: 1))];
        Assert.Equal(Health.Ok, Combine([Node(1, Leader(1)) with { IndexLagMs = 4_999, IndexChangesWaiting = 7 }, .. others]).Health);
        ClusterStatus status = Combine([Node(1, Leader(1)) with { IndexLagMs = 12_300, IndexChangesWaiting = 7 }, .. others]);
        Assert.Equal("global indexes are 12 s behind what n1 leads: 7 changes wait", Assert.Single(status.Problems));
    }

    [Fact]
    public void Nothing_known_is_not_well() => Assert.Equal(Health.Unavailable, Combine(Node(1)).Health);

    [Fact]
    public void The_json_comes_back_and_names_things_as_documented()
    {
        ClusterStatus status = Combine(Node(1, Leader(1)));
        string json = JsonSerializer.Serialize(status, StatusJson.Default.ClusterStatus);
        Assert.Contains("\"health\": \"Degraded\"", json, StringComparison.Ordinal);
        Assert.Contains("\"lastIndex\": 100", json, StringComparison.Ordinal);
        ClusterStatus? back = JsonSerializer.Deserialize(json, StatusJson.Default.ClusterStatus);
        Assert.Equal(json, JsonSerializer.Serialize(back!, StatusJson.Default.ClusterStatus));
    }

    [Theory]
    [InlineData("""{"node":1,"reachable":true}""", true)]
    [InlineData("""{"node":1,"reachable":true,"peers":null}""", false)]
    [InlineData("""{"node":1,"reachable":true,"peers":[null]}""", false)]
    [InlineData("""{"node":1,"reachable":true,"replicas":[null]}""", false)]
    [InlineData("""{"node":1,"reachable":true,"peers":[{"node":2}]}""", false)]
    public void Answers_of_other_versions_are_read_or_refused(string json, bool isWhole)
    {
        NodeStatus? status = null;
        try
        {
            status = JsonSerializer.Deserialize(json, StatusJson.Default.NodeStatus);
        }
        catch (JsonException)
        {
            Assert.False(isWhole);
        }

        Assert.Equal(isWhole, status is { IsWhole: true });
        if (isWhole)
        {
            // What is left out has its default.
            Assert.Equal(Health.Unavailable, Combine(status!).Health);
        }
    }

    private static ClusterStatus Combine(params NodeStatus[] nodes) => ClusterView.Combine(new ClusterId(1), "test", 1, nodes);

    private static NodeStatus Node(int id, params ReplicaStatus[] replicas) => new() { Node = id, Reachable = true, Replicas = replicas };

    private static ReplicaStatus Leader(int self) => Follower(self) with { Role = "leader" };

    private static ReplicaStatus Follower(int leader) => new()
    {
        Group = 1, Role = "follower", Term = 7, Leader = leader, Commit = 100, Applied = 100, LastIndex = 100, Voters = [1, 2, 3],
    };
}
