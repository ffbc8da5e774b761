using Nines.Kernel;
using Nines.Storage.Store;

namespace Nines.Replication;

/// <summary>How old what weak reads see is made to be, so that tests of applications are reproducible.</summary>
public enum Aging
{
    /// <summary>Never stale: weak reads are answered as strong ones.</summary>
    None,

    /// <summary>Always by the same time.</summary>
    Fixed,

    /// <summary>Each read by a time drawn from a seed, up to a limit.</summary>
    Seeded,
}

/// <summary>How old weak reads are made.</summary>
/// <param name="Kind">By what.</param>
/// <param name="By">The time, or its limit.</param>
/// <param name="Seed">For <see cref="Aging.Seeded"/>: the same seed and the same reads at a node give the same times.</param>
public sealed record AgingRule(Aging Kind, TimeSpan By, ulong Seed);

/// <summary>
/// Weak reads of a development cluster, as old as a rule says: older states of this node's replicas are kept as long as they can be asked
/// for. A sequential read is never behind its session all the same, and says truly how old its state may be. Strong reads and writes
/// go by. An older state keeps files and memory alive: no cluster that matters should be run with it.
/// </summary>
public sealed class AgedReads : IReplicated, IAsyncDisposable
{
    /// <summary>States are looked at so often; that is how exact the age is.</summary>
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(5);

    private readonly ReactorThread _reactor;
    private readonly AgingRule _rule;
    private readonly TimeProvider _time;
    private readonly Prng _draws;
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupId, LinkedList<State>> _states = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sampling;

    /// <param name="reactor">What answers everything else.</param>
    /// <param name="rule">How old.</param>
    /// <param name="time">What says how late it is.</param>
    public AgedReads(ReactorThread reactor, AgingRule rule, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _reactor = reactor;
        _rule = rule;
        _time = time;
        _draws = new Prng(rule.Seed);
        _sampling = rule.Kind == Aging.None ? Task.CompletedTask : SampleAsync();
    }

    /// <inheritdoc/>
    public IReadOnlyList<GroupId> Groups => _reactor.Groups;

    /// <inheritdoc/>
    public GroupId GroupOf(int slot) => _reactor.GroupOf(slot);

    /// <inheritdoc/>
    public RequestId NewId() => _reactor.NewId();

    /// <inheritdoc/>
    public bool Leads(GroupId group) => _reactor.Leads(group);

    /// <inheritdoc/>
    public void Listen(byte machine, IAppliedListener listener) => _reactor.Listen(machine, listener);

    /// <inheritdoc/>
    public ValueTask<Answer> WriteAsync(GroupId group, byte machine, RequestId id, ReadOnlyMemory<byte> command, TimeSpan timeout) =>
        _reactor.WriteAsync(group, machine, id, command, timeout);

    /// <inheritdoc/>
    public ValueTask<Answer> ReadAsync(
        GroupId group, byte machine, Consistency consistency, LogIndex notBefore, ReadOnlyMemory<byte> query, TimeSpan timeout)
    {
        if (consistency == Consistency.Strong || _rule.Kind == Aging.None)
        {
            return _reactor.ReadAsync(group, machine, Consistency.Strong, notBefore, query, timeout);
        }

        lock (_lock)
        {
            TimeSpan age = _rule.Kind == Aging.Fixed ? _rule.By : _rule.By * _draws.Unit();
            LogIndex least = consistency == Consistency.Sequential ? notBefore : LogIndex.Zero;
            if (StateOf(group, age, least) is { } state && _reactor.TryQuery(state.View, machine, group, query, state.FreshAtMs) is { } answer)
            {
                return new(answer);
            }
        }

        return _reactor.ReadAsync(group, machine, consistency, notBefore, query, timeout);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sampling;
        _stop.Dispose();
        lock (_lock)
        {
            foreach (State state in _states.Values.SelectMany(static s => s))
            {
                state.View.Dispose();
            }

            _states.Clear();
        }
    }

    /// <summary>The state as it was so long ago, or the first one that holds a position; null: there is none kept.</summary>
    private State? StateOf(GroupId group, TimeSpan age, LogIndex least)
    {
        if (!_states.TryGetValue(group, out LinkedList<State>? states))
        {
            return null;
        }

        LinkedListNode<State>? at = states.Last;
        while (at?.Previous is { } older && older.Value.View.Applied >= least && _time.GetElapsedTime(at.Value.Since) < age)
        {
            at = older;
        }

        return at is not null && at.Value.View.Applied >= least ? at.Value : null;
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(SampleEvery, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                lock (_lock)
                {
                    foreach (GroupId group in _reactor.Groups)
                    {
                        Sample(group);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private void Sample(GroupId group)
    {
        if (!_states.TryGetValue(group, out LinkedList<State>? states))
        {
            _states[group] = states = [];
        }

        if (_reactor.Reactor.ViewOf(group, out long freshAtMs) is not { } view)
        {
            return;
        }

        if (states.Last is { } last && last.Value.View.Applied >= view.Applied)
        {
            // Nothing was applied: the state is the same, and may be known to be fresher.
            last.Value = last.Value with { FreshAtMs = freshAtMs };
            view.Dispose();
        }
        else
        {
            states.AddLast(new State(view, _time.GetTimestamp(), freshAtMs));
        }

        // The one before the first that is old enough cannot be asked for any more.
        while (states.First?.Next is { } second && _time.GetElapsedTime(second.Value.Since) > _rule.By)
        {
            states.First.Value.View.Dispose();
            states.RemoveFirst();
        }
    }

    /// <summary>A state of a group, since when it was the newest here, and how fresh it is known to be.</summary>
    private readonly record struct State(StoreView View, long Since, long FreshAtMs);
}
