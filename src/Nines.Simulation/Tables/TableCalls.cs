using Nines.Kernel;
using Nines.Tables.Engines;

namespace Nines.Simulation.Tables;

/// <summary>What a client knows after one sending of a request.</summary>
/// <param name="Result">The answer, when there is one.</param>
/// <param name="WasSent">False: no process took it.</param>
internal readonly record struct CallEnd<T>(T? Result, bool WasSent)
    where T : struct;

/// <summary>
/// Clients' connections to the table engines of simulated nodes: a request takes time to arrive and its answer to come back, a process
/// that ends takes all answers with it, answers may be lost, and nobody waits for ever.
/// </summary>
internal sealed class TableCalls
{
    private const double DelayMeanUs = 150;
    private const long TimeoutSlackUs = 500_000;

    private readonly SimulatedCluster _cluster;
    private readonly SimulatedWorld _world;
    private readonly Prng _random;
    private readonly double _answerLoss;
    private readonly SortedDictionary<long, OpenCall> _open = [];
    private long _lastCall;

    public TableCalls(SimulatedCluster cluster, Prng random, double answerLoss)
    {
        _cluster = cluster;
        _world = cluster.World;
        _random = random;
        _answerLoss = answerLoss;
        Action<SimulatedHost>? before = cluster.HostWentDown;
        cluster.HostWentDown = host =>
        {
            before?.Invoke(host);
            OnHostDown(host);
        };
    }

    /// <summary>Answers are lost no more: the quiet phase has begun.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>A pause of the client.</summary>
    public Task PauseAsync(long delayUs)
    {
        var wake = new Wake();
        _world.Schedule(delayUs, wake, EventKind.ClientStart, 0);
        return wake.Task;
    }

    /// <summary>Sends a request to a node once.</summary>
    public async Task<CallEnd<T>> SendAsync<T>(NodeId node, TimeSpan timeout, Func<EmbeddedTableEngine, ValueTask<T>> call)
        where T : struct
    {
        await PauseAsync(DelayUs());
        var answered = new TaskCompletionSource<CallEnd<T>>();
        long number = ++_lastCall;
        SimulatedHost? host = _cluster.FindHost(node);
        if (host is null || !host.Submit(taken => _ = RunAsync((ReactorNode)taken, call, number, answered)))
        {
            return new CallEnd<T>(null, WasSent: false);
        }

        _open.TryAdd(number, new OpenCall(node, () => answered.TrySetResult(new CallEnd<T>(null, WasSent: true))));
        _world.Schedule((long)timeout.TotalMicroseconds + TimeoutSlackUs, new Later(() => GiveUp(number)), EventKind.ClientTimeout, 0);
        CallEnd<T> end = await answered.Task;
        _open.Remove(number);
        return end;
    }

    /// <summary>A node, any that has not left.</summary>
    public NodeId AnyNode()
    {
        List<SimulatedHost> hosts = [.. _cluster.Hosts.Where(static h => !h.IsRetired)];
        return _random.Pick(hosts).Id;
    }

    private async Task RunAsync<T>(
        ReactorNode node, Func<EmbeddedTableEngine, ValueTask<T>> call, long number, TaskCompletionSource<CallEnd<T>> answered)
        where T : struct
    {
        try
        {
            T result = await call(node.Tables!);
            if (IsQuiet || !_random.Chance(_answerLoss))
            {
                _world.Schedule(DelayUs(), new Later(() => Answered(number, answered, result)), EventKind.ClientAnswer, 0);
            }
        }
#pragma warning disable CA1031 // Whatever the engine throws is a finding.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _cluster.Findings.Add('X', "exception", $"the table engine of {number}: {exception}");
        }
    }

    private void Answered<T>(long number, TaskCompletionSource<CallEnd<T>> answered, T result)
        where T : struct
    {
        _open.Remove(number);
        answered.TrySetResult(new CallEnd<T>(result, WasSent: true));
    }

    private void GiveUp(long number)
    {
        if (_open.Remove(number, out OpenCall? call))
        {
            call.GiveUp();
        }
    }

    private void OnHostDown(SimulatedHost host)
    {
        foreach (long number in _open.Where(c => c.Value.Node == host.Id).Select(static c => c.Key).ToArray())
        {
            _world.Schedule(DelayUs(), new Later(() => GiveUp(number)), EventKind.ClientTimeout, 0);
        }
    }

    private long DelayUs() => 20 + (long)_random.Exponential(DelayMeanUs);

    private sealed record OpenCall(NodeId Node, Action GiveUp);

    private sealed class Wake : IEventTarget
    {
        private readonly TaskCompletionSource _fired = new();

        public Task Task => _fired.Task;

        public void Fire(in SimulationEvent happened) => _fired.SetResult();
    }

    private sealed class Later(Action action) : IEventTarget
    {
        public void Fire(in SimulationEvent happened) => action();
    }
}
