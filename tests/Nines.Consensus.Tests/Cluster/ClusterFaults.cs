using Nines.Kernel;

namespace Nines.Consensus.Tests.Cluster;

/// <summary>
/// What one simulated run does to its cluster, drawn from the seed. Each kind of fault is often absent altogether: a run with everything at once
/// explores less than many runs with a few things each. Times are in units; several units make a tick.
/// </summary>
internal sealed record ClusterFaults
{
    public int Nodes { get; private init; }

    public int Voters { get; private init; }

    public int UnitsPerTick { get; private init; }

    public int ElectionTicks { get; private init; }

    public int DelayMax { get; private init; }

    /// <summary>Chance that a message takes up to several election timeouts.</summary>
    public double LateChance { get; private init; }

    public double Loss { get; private init; }

    public double Duplicate { get; private init; }

    public double Partition { get; private init; }

    public double Crash { get; private init; }

    public double Pause { get; private init; }

    public int FlushMax { get; private init; }

    public double Stall { get; private init; }

    public double Seal { get; private init; }

    /// <summary>Logs are cut right behind what is durable in the state machine, so that whoever lags needs a snapshot.</summary>
    public bool ShortLogs { get; private init; }

    public double Churn { get; private init; }

    /// <summary>Chance that a new leader proposes a configuration before anything else.</summary>
    public double FirstAct { get; private init; }

    public double Transfer { get; private init; }

    public double Unreachable { get; private init; }

    /// <summary>Chance that a new leader is cut off with a few others, or crashes, within its first moments: how histories fork.</summary>
    public double Ambush { get; private init; }

    public double Propose { get; private init; }

    public double Read { get; private init; }

    /// <summary>Chance that a turn ends right after an input, instead of gathering more.</summary>
    public double EagerTurn { get; private init; }

    public double ApplyLag { get; private init; }

    public bool Codec { get; private init; }

    public int MaxInflight { get; private init; }

    public int MaxEntries { get; private init; }

    public RaftOptions Options => new()
    {
        ElectionTimeoutTicks = ElectionTicks,
        HeartbeatTicks = ElectionTicks > 6 ? 2 : 1,
        FlushStallTicks = 3 * ElectionTicks,
        MaxAppendEntries = MaxEntries,
        MaxInflightAppends = MaxInflight,
        MaxAppendBytes = 1 << 10,
    };

    public static ClusterFaults Draw(Prng prng)
    {
        int voters = prng.Pick([1, 2, 3, 3, 3, 3, 4, 5]);
        bool churns = prng.Chance(0.5);
        ClusterFaults mixed = Mixed(prng, voters, churns);
        return churns && prng.Chance(0.4) ? mixed.Reshaped(prng) : mixed;
    }

    /// <summary>A group that changes its shape all the time, under leaders that do not last, with logs too short to tell of it.</summary>
    private ClusterFaults Reshaped(Prng prng) => this with
    {
        Churn = 0.3,
        FirstAct = prng.Unit(),
        Ambush = 0.3 + (0.7 * prng.Unit()),
        Seal = 0.2 + (0.5 * prng.Unit()),
        ShortLogs = true,
        Transfer = 0,
        Loss = prng.Chance(0.5) ? 0 : Loss,
        FlushMax = 2,
        DelayMax = Math.Min(DelayMax, 4),
    };

    private static ClusterFaults Mixed(Prng prng, int voters, bool churns)
    {
        return new()
        {
            Voters = voters,
            Nodes = voters + (churns ? prng.Between(1, 3) : 0),
            UnitsPerTick = prng.Between(2, 4),
            ElectionTicks = prng.Between(4, 9),
            DelayMax = prng.Pick([1, 2, 4, 8]),
            LateChance = Some(prng, 0.1),
            Loss = Some(prng, 0.2),
            Duplicate = Some(prng, 0.2),
            Partition = Some(prng, 0.03),
            Crash = Some(prng, 0.02),
            Pause = Some(prng, 0.02),
            FlushMax = prng.Pick([0, 2, 6, 20]),
            Stall = Some(prng, 0.01),
            Seal = Some(prng, 0.1),
            Churn = churns ? 0.005 + (prng.Unit() * 0.1) : 0,
            FirstAct = churns ? Some(prng, 1) : 0,
            Transfer = Some(prng, 0.02),
            Unreachable = Some(prng, 0.03),
            Ambush = Some(prng, 1),
            Propose = 0.05 + (prng.Unit() * 0.6),
            Read = Some(prng, 0.5),
            EagerTurn = prng.Pick([0, 0.3, 1]),
            ApplyLag = Some(prng, 0.8),
            Codec = prng.Chance(0.2),
            MaxInflight = prng.Pick([1, 2, 8]),
            MaxEntries = prng.Pick([1, 3, 64]),
        };
    }

    private static double Some(Prng prng, double most) => prng.Chance(0.4) ? 0 : prng.Unit() * most;
}
