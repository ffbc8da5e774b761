using Nines.Kernel;
using Nines.Simulation.Disk;

namespace Nines.Simulation;

/// <summary>How long one step of background work takes. Drawn per seed.</summary>
public sealed record BackgroundOptions
{
    public double LogStepMeanUs { get; init; } = 300;

    public double StoreStepMeanUs { get; init; } = 500;
}

/// <summary>
/// Background work as events on the virtual clock: one step per event, in order per lane, each taking a random while. A crash
/// between any two steps forgets the queues and the completions not yet handed over. A stalled disk starts no step.
/// </summary>
public sealed class SimulatedBackground : IBackground, IEventTarget
{
    /// <summary>Work queued or running in one lane; a reactor that queues more has lost its back-pressure.</summary>
    private const int LaneQueueMax = 65_536;

    private readonly SimulatedWorld _world;
    private readonly int _node;
    private readonly Prng _random;
    private readonly Action _wake;
    private readonly Queue<Work>[] _lanes = [new(), new()];
    private readonly bool[] _scheduled = new bool[2];
    private readonly Queue<Completion> _completions = new();
    private long _generation;

    /// <param name="world">The virtual clock.</param>
    /// <param name="node">Whose work it is, for the trace.</param>
    /// <param name="options">How long steps take.</param>
    /// <param name="random">This node's stream.</param>
    /// <param name="wake">Called when a completion waits for the next turn.</param>
    public SimulatedBackground(SimulatedWorld world, int node, BackgroundOptions options, Prng random, Action wake)
    {
        _world = world;
        _node = node;
        _random = random;
        _wake = wake;
        Options = options;
    }

    public BackgroundOptions Options { get; set; }

    /// <summary>No step begins before this time. <see cref="long.MaxValue"/>: the disk hangs until <see cref="Resume"/>.</summary>
    public long StalledUntilUs { get; private set; }

    /// <summary>Steps take this many times as long.</summary>
    public double SlowFactor { get; set; } = 1;

    /// <summary>Called before each step; a crash fault hooks in here to stop the node between two of them.</summary>
    public Func<Lane, bool>? BeforeStep { get; set; }

    /// <summary>Called when the power goes off in the middle of a step.</summary>
    public Action? PowerLost { get; set; }

    public bool IsIdle => _lanes[0].Count == 0 && _lanes[1].Count == 0 && _completions.Count == 0;

    public void Start(Lane lane, IBackgroundWork work, Action<IBackgroundWork, Exception?> completed)
    {
        Queue<Work> queue = _lanes[(int)lane];
        Invariant.Assert(queue.Count < LaneQueueMax);
        queue.Enqueue(new Work(work, completed));
        ScheduleStep(lane);
    }

    /// <summary>Hands over what completed since the last turn. The node calls it before the reactor's turn.</summary>
    public void RunCompletions()
    {
        // A completion may start new work, which completes in a later turn: only those here now are run.
        for (int left = _completions.Count; left > 0; left--)
        {
            Completion done = _completions.Dequeue();
            done.Completed(done.Work, done.Failure);
        }
    }

    public void Stall(long untilUs) => StalledUntilUs = untilUs;

    public void Resume()
    {
        StalledUntilUs = 0;
        SlowFactor = 1;

        // Steps put off to the end of the stall are forgotten and scheduled anew.
        _generation++;
        _scheduled.AsSpan().Clear();
        ScheduleStep(Lane.Log);
        ScheduleStep(Lane.Store);
    }

    /// <summary>The process is gone: nothing queued runs, nothing completed is told.</summary>
    public void Crash()
    {
        _generation++;
        _lanes[0].Clear();
        _lanes[1].Clear();
        _completions.Clear();
        _scheduled.AsSpan().Clear();
    }

    public void Fire(in SimulationEvent happened)
    {
        if (happened.A != _generation)
        {
            return;
        }

        var lane = (Lane)happened.B;
        _scheduled[(int)lane] = false;
        if (StalledUntilUs > _world.NowUs)
        {
            ScheduleStep(lane);
            return;
        }

        if (BeforeStep != null && !BeforeStep(lane))
        {
            return;
        }

        RunStep(lane);
    }

    private void RunStep(Lane lane)
    {
        Queue<Work> queue = _lanes[(int)lane];
        Work work = queue.Peek();
        Exception? failure = null;
        bool more = false;
        try
        {
            more = work.Item.Step();
        }
        catch (PowerLossException) when (PowerLost != null)
        {
            PowerLost();
            return;
        }
#pragma warning disable CA1031 // The port's contract hands every exception to the owner of the work, which decides.
        catch (Exception exception) when (exception is not PowerLossException)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        if (!more)
        {
            queue.Dequeue();
            _completions.Enqueue(new Completion(work.Item, work.Completed, failure));
            _wake();
        }

        ScheduleStep(lane);
    }

    private void ScheduleStep(Lane lane)
    {
        if (_scheduled[(int)lane] || _lanes[(int)lane].Count == 0 || StalledUntilUs == long.MaxValue)
        {
            return;
        }

        double mean = (lane == Lane.Log ? Options.LogStepMeanUs : Options.StoreStepMeanUs) * SlowFactor;
        long delay = (long)((mean / 3) + _random.Exponential(mean * 2 / 3));
        delay = Math.Max(delay, StalledUntilUs - _world.NowUs);
        _scheduled[(int)lane] = true;
        _world.Schedule(delay, this, EventKind.BackgroundStep, _node, _generation, (long)lane);
    }

    private readonly record struct Work(IBackgroundWork Item, Action<IBackgroundWork, Exception?> Completed);

    private readonly record struct Completion(
        IBackgroundWork Work, Action<IBackgroundWork, Exception?> Completed, Exception? Failure);
}
