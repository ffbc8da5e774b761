using BenchmarkDotNet.Attributes;
using Nines.Kernel;
using Nines.Replication;
using Nines.Tables.Model.Machine;

namespace Nines.Bench;

/// <summary>
/// Whole reactors with logs, stores, sessions and the tables' rules, three in one thread on disks and a network that cost next to
/// nothing, per request. What the three nodes do is in the figure, sockets, disks and thread hops are not.
/// </summary>
public class ReactorBenchmarks
{
    private const int Requests = 64;

    /// <summary>Between two ticks: what one node of a busy cluster does in 25 ms, about.</summary>
    private const int RequestsPerTick = 1024;

    private readonly BenchRequest[] _puts = new BenchRequest[Requests];
    private readonly BenchRequest[] _gets = new BenchRequest[Requests];
    private ReactorCluster _cluster = null!;
    private ulong _lastId;

    [GlobalSetup]
    public void Setup()
    {
        _cluster = new ReactorCluster();
        var key = new ByteBuffer();
        var command = new ByteBuffer(1024);
        TableCommand.RegisterTable(command, TableRequests.Schema);
        Do([ReactorCluster.Request(command.ToArray(), isWrite: true)], _cluster.Leader);
        for (int i = 0; i < Requests; i++)
        {
            TableRequests.Command(TableRequests.Put(i), key, command);
            _puts[i] = ReactorCluster.Request(command.ToArray(), isWrite: true);
            TableRequests.Query(TableRequests.Get(i), key, command);
            _gets[i] = ReactorCluster.Request(command.ToArray(), isWrite: false);
        }

        Do(_puts, _cluster.Leader);
    }

    /// <summary>Every put makes its own round.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public void PutOneByOne()
    {
        for (int i = 0; i < Requests; i++)
        {
            Do(_puts.AsSpan(i, 1), _cluster.Leader);
        }
    }

    /// <summary>64 puts share a round.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public void Put64() => Do(_puts, _cluster.Leader);

    /// <summary>The same at a node that forwards them.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public void Put64Forwarded() => Do(_puts, _cluster.Follower);

    /// <summary>64 strong reads share a round.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public void StrongGet64() => Do(_gets, _cluster.Leader);

    private void Do(ReadOnlySpan<BenchRequest> requests, Reactor at)
    {
        foreach (BenchRequest request in requests)
        {
            request.Renew(++_lastId);
            at.Submit(request);
        }

        _cluster.Settle();
        foreach (BenchRequest request in requests)
        {
            Invariant.Assert(request.IsDone);
        }

        if (_lastId % RequestsPerTick < (ulong)requests.Length)
        {
            _cluster.Tick();
        }
    }
}
