using System.Numerics;
using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>The parts that draw random numbers. Each has its own stream, so that one drawing more does not shift another's.</summary>
public enum Concern
{
    Options = 1,
    Network = 2,
    Background = 3,
    Disk = 4,
    Faults = 5,
    Workload = 6,
    Nodes = 7,
    Membership = 8,
    Scans = 9,
    Tables = 10,
}

/// <summary>
/// Virtual time: one queue of events, one thread, one seed. Nothing in it waits: an hour passes as fast as its events can be
/// worked off. The same seed and options give the same events in the same order, which the trace hash proves.
/// </summary>
public sealed class SimulatedWorld(ulong seed, SimulationTrace? trace = null)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly EventQueue _queue = new();

    public ulong Seed { get; } = seed;

    /// <summary>Microseconds since the world began.</summary>
    public long NowUs { get; private set; }

    public long NowMs => NowUs / 1000;

    /// <summary>Events fired so far.</summary>
    public long Events { get; private set; }

    public int Pending => _queue.Count;

    /// <summary>A rolling hash over every event's kind, node and time and every message's bytes.</summary>
    public ulong TraceHash { get; private set; } = Golden;

    /// <summary>Lines for people; null when nobody reads them.</summary>
    public SimulationTrace? Trace { get; } = trace;

    /// <summary>The stream of random numbers of one concern.</summary>
    public Prng Randomness(Concern concern) => new(unchecked(Seed + ((ulong)concern * Golden)));

    public void Schedule(
        long delayUs,
        IEventTarget target,
        EventKind kind,
        int node,
        long a = 0,
        long b = 0,
        object? payload = null)
    {
        Invariant.Assert(delayUs >= 0);
        _queue.Add(
            NowUs + delayUs,
            new SimulationEvent { Target = target, Kind = kind, Node = node, A = a, B = b, Payload = payload });
    }

    /// <summary>Fires the next event. False when none is left or the next lies behind <paramref name="untilUs"/>.</summary>
    public bool Step(long untilUs)
    {
        if (_queue.Count == 0 || _queue.NextTimeUs > untilUs)
        {
            return false;
        }

        SimulationEvent happening = _queue.Take(out long timeUs);
        NowUs = timeUs;
        Events++;
        Mix((ulong)timeUs ^ ((ulong)happening.Kind << 56) ^ ((ulong)happening.Node << 44));
        happening.Target.Fire(happening);
        return true;
    }

    /// <summary>Runs everything up to a time, which is then now.</summary>
    public void RunUntil(long untilUs)
    {
        while (Step(untilUs))
        {
        }

        NowUs = Math.Max(NowUs, untilUs);
    }

    /// <summary>Adds what an event did (a message's digest, a state hash) to the trace hash.</summary>
    public void Mix(ulong value) => TraceHash = unchecked((BitOperations.RotateLeft(TraceHash, 5) ^ value) * Golden);
}
