using System.Collections.Concurrent;
using Nines.Kernel;
using Nines.Tables.Model.Machine;

namespace Nines.Tables.Engines;

/// <summary>One kind of work that commands leave behind in their group.</summary>
internal interface IGroupDuty
{
    /// <summary>
    /// Does a bounded part of what there is to do. Steps are idempotent commands: another node may be doing the same, or have begun it.
    /// True: there is more, and it can be done at once. What could not be done is tried again by the next sweep.
    /// </summary>
    ValueTask<bool> RunAsync(GroupId group, CancellationToken stop);
}

/// <summary>
/// Sees to the work that commands leave behind in the groups this node leads: soon after a command that says so, and once a second, for
/// what an earlier leader left. Who leads is only a hint that keeps nodes from doing the same thing; nothing depends on it.
/// <para>
/// Driven by the clock's timers alone, so that a simulated clock makes it run in a simulated order.
/// </para>
/// </summary>
internal sealed class GroupDuties(IReplicated replicated, TimeProvider time, IReadOnlyList<IGroupDuty> duties)
    : IAppliedListener, IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    /// <summary>How long the commands of a group may gather before they are seen to together.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<GroupId, Runner> _runners = new();
    private ITimer? _sweep;

    public void Start()
    {
        replicated.Listen(TablesMachine.MachineId, this);
        _sweep = time.CreateTimer(_ => Sweep(), null, SweepEvery, SweepEvery);
    }

    /// <inheritdoc/>
    public void Applied(GroupId group, bool leads, ReadOnlySpan<byte> answer)
    {
        if (leads && TableAnswer.HasWorkIn(answer))
        {
            RunnerOf(group).Signal();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_sweep is not null)
        {
            await _sweep.DisposeAsync();
        }

        foreach (Runner runner in _runners.Values)
        {
            await runner.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private void Sweep()
    {
        foreach (GroupId group in replicated.Groups)
        {
            if (replicated.Leads(group))
            {
                RunnerOf(group).Signal();
            }
        }
    }

    private Runner RunnerOf(GroupId group) =>
        _runners.TryGetValue(group, out Runner? runner) ? runner : _runners.GetOrAdd(group, g => new Runner(this, g));

    /// <summary>One group's duties, one run at a time.</summary>
    private sealed class Runner : IAsyncDisposable
    {
        private const int Idle = 0;
        private const int Busy = 1;
        private const int BusyAndSignalled = 2;

        private readonly GroupDuties _owner;
        private readonly GroupId _group;
        private readonly ITimer _timer;
        private Task _run = Task.CompletedTask;
        private int _state;

        public Runner(GroupDuties owner, GroupId group)
        {
            _owner = owner;
            _group = group;
            _timer = owner.Clock.CreateTimer(_ => _run = RunAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public void Signal()
        {
            if (_owner.IsStopping)
            {
                return;
            }

            // A run that failed is a defect: it must not be passed over in silence.
            if (_run.IsFaulted)
            {
                _run.GetAwaiter().GetResult();
            }

            if (Interlocked.CompareExchange(ref _state, Busy, Idle) == Idle)
            {
                _timer.Change(GatherFor, Timeout.InfiniteTimeSpan);
            }
            else
            {
                Interlocked.CompareExchange(ref _state, BusyAndSignalled, Busy);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _timer.DisposeAsync();
            await _run;
        }

        private async Task RunAsync()
        {
            CancellationToken stop = _owner.StopToken;
            bool more;
            do
            {
                Volatile.Write(ref _state, Busy);
                more = false;
                foreach (IGroupDuty duty in _owner.Duties)
                {
                    more |= await duty.RunAsync(_group, stop);
                }
            }
            while (!stop.IsCancellationRequested && (more || Interlocked.CompareExchange(ref _state, Idle, Busy) != Busy));
        }
    }

    private TimeProvider Clock => time;

    private IReadOnlyList<IGroupDuty> Duties => duties;

    private bool IsStopping => _stopping.IsCancellationRequested;

    private CancellationToken StopToken => _stopping.Token;
}
