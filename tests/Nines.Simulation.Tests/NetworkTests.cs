using Nines.Kernel;

namespace Nines.Simulation.Tests;

public sealed class NetworkTests
{
    private readonly SimulatedWorld _world = new(11);

    [Fact]
    public void Without_faults_every_message_arrives_once_and_in_order()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions());
        Inbox inbox = new();
        INetwork from = network.Attach(new NodeId(1), 1, new Inbox());
        network.Attach(new NodeId(2), 1, inbox);
        SendMany(from, 500);
        Assert.Equal(Enumerable.Range(0, 500), inbox.Numbers);
    }

    [Fact]
    public void Loss_duplication_and_reordering_occur_about_as_often_as_asked()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions
        {
            LossProbability = 0.2, DuplicateProbability = 0.3, ReorderProbability = 0.3,
        });
        Inbox inbox = new();
        INetwork from = network.Attach(new NodeId(1), 1, new Inbox());
        network.Attach(new NodeId(2), 1, inbox);
        SendMany(from, 4000);
        int distinct = inbox.Numbers.Distinct().Count();
        int backwards = inbox.Numbers.Zip(inbox.Numbers.Skip(1)).Count(p => p.First > p.Second);
        Assert.InRange(distinct, 3000, 3600);
        Assert.InRange(inbox.Numbers.Count - distinct, 500, 1300);
        Assert.True(backwards > 200);
    }

    [Fact]
    public void A_restarted_receiver_gets_nothing_that_was_sent_to_its_earlier_life()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions());
        Inbox second = new();
        INetwork from = network.Attach(new NodeId(1), 1, new Inbox());
        network.Attach(new NodeId(2), 1, new Inbox());
        Send(from, 1);
        network.Attach(new NodeId(2), 2, second);
        Send(from, 2);
        _world.RunUntil(10_000_000);
        Assert.Equal([2], second.Numbers);
    }

    [Fact]
    public void A_process_that_is_gone_sends_nothing()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions());
        Inbox inbox = new();
        INetwork dead = network.Attach(new NodeId(1), 1, new Inbox());
        network.Attach(new NodeId(1), 2, new Inbox());
        network.Attach(new NodeId(2), 1, inbox);
        Send(dead, 1);
        _world.RunUntil(10_000_000);
        Assert.Empty(inbox.Numbers);
    }

    [Fact]
    public void A_broken_connection_loses_what_was_under_way()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions());
        Inbox inbox = new();
        INetwork from = network.Attach(new NodeId(1), 1, new Inbox());
        network.Attach(new NodeId(2), 1, inbox);
        Send(from, 1);
        network.Break(new NodeId(1), new NodeId(2));
        Send(from, 2);
        _world.RunUntil(10_000_000);
        Assert.Equal([2], inbox.Numbers);
    }

    [Fact]
    public void Blocks_are_one_way_and_the_majority_ring_leaves_each_node_a_majority_of_its_own()
    {
        BlockRule oneWay = new();
        oneWay.Block(new NodeId(1), new NodeId(2));
        Assert.Equal(Verdict.Drop, Judge(oneWay, 1, 2));
        Assert.Equal(Verdict.Pass, Judge(oneWay, 2, 1));

        BlockRule ring = new();
        List<NodeId> circle = [.. Enumerable.Range(1, 5).Select(i => new NodeId(i))];
        ring.Ring(circle);
        HashSet<string> views = [];
        for (int i = 1; i <= 5; i++)
        {
            List<int> seen = [.. Enumerable.Range(1, 5).Where(j => j == i || Judge(ring, i, j) == Verdict.Pass)];
            Assert.Equal(3, seen.Count);
            Assert.True(views.Add(string.Join(',', seen)));
        }
    }

    [Fact]
    public void A_clog_holds_messages_back_and_keeps_their_order()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions());
        Inbox inbox = new();
        INetwork from = network.Attach(new NodeId(1), 1, new Inbox());
        network.Attach(new NodeId(2), 1, inbox);
        network.Add(new ClogRule(new NodeId(1), new NodeId(2), 0, 5_000_000));
        for (int i = 0; i < 10; i++)
        {
            Send(from, i);
        }

        _world.RunUntil(4_999_999);
        Assert.Empty(inbox.Numbers);
        _world.RunUntil(6_000_000);
        Assert.Equal(Enumerable.Range(0, 10), inbox.Numbers);
    }

    [Fact]
    public void A_replay_brings_an_old_message_with_its_old_boot()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions { RecordProbability = 1 });
        Inbox inbox = new();
        SimulatedNetwork.Endpoint from = network.Attach(new NodeId(1), 1, new Inbox());
        from.Boot = new BootId(7);
        network.Attach(new NodeId(2), 1, inbox);
        Send(from, 42);
        network.Attach(new NodeId(1), 2, new Inbox()).Boot = new BootId(8);
        _world.RunUntil(1_000_000);
        Assert.True(network.ReplayOne());
        _world.RunUntil(2_000_000);
        Assert.Equal([42, 42], inbox.Numbers);
        Assert.All(inbox.Boots, b => Assert.Equal(7, b.Value));
    }

    [Fact]
    public void An_old_copy_of_a_node_is_refused_and_told_so()
    {
        SimulatedNetwork network = new(_world, new NetworkOptions());
        Inbox inbox = new();
        Inbox old = new();
        network.Attach(new NodeId(2), 1, inbox);
        SimulatedNetwork.Endpoint first = network.Attach(new NodeId(1), 1, new Inbox());
        first.Boot = new BootId(5);
        Send(first, 1);
        _world.RunUntil(1_000_000);
        SimulatedNetwork.Endpoint copy = network.Attach(new NodeId(1), 2, old);
        copy.Boot = new BootId(4);
        Send(copy, 2);
        _world.RunUntil(2_000_000);
        Assert.Equal([1], inbox.Numbers);
        Assert.Equal([new NodeId(2)], old.RefusedBy);
    }

    private static Verdict Judge(BlockRule rule, int from, int to)
    {
        long delay = 0;
        return rule.Judge(new Envelope { From = new NodeId(from), To = new NodeId(to) }, 0, ref delay);
    }

    private static void Send(INetwork from, int number) => from.Send(new NodeId(2), BitConverter.GetBytes(number));

    private void SendMany(INetwork from, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Send(from, i);
            _world.RunUntil(_world.NowUs + 100);
        }

        _world.RunUntil(_world.NowUs + 10_000_000);
    }

    private sealed class Inbox : IMessageReceiver
    {
        public List<int> Numbers { get; } = [];

        public List<BootId> Boots { get; } = [];

        public BootTable PeerBoots { get; } = new();

        public List<NodeId> RefusedBy { get; } = [];

        public void RefusedAsOld(NodeId by, BootId seen) => RefusedBy.Add(by);

        public void Receive(NodeId from, BootId boot, ReadOnlyMemory<byte> message)
        {
            Numbers.Add(BitConverter.ToInt32(message.Span));
            Boots.Add(boot);
        }
    }
}
