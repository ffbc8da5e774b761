using System.Globalization;
using Nines.Kernel;

namespace Nines.Simulation;

/// <summary>What the clients do. Drawn per seed.</summary>
public sealed record WorkloadOptions
{
    public double OpsPerSecond { get; init; } = 20;

    public int Clients { get; init; } = 16;

    public int KeysPerGroup { get; init; } = 8;

    /// <summary>Shares of the kinds of operations; the rest are puts.</summary>
    public double Reads { get; init; } = 0.5;

    public double CompareAndSets { get; init; } = 0.1;

    public double Deletes { get; init; } = 0.05;

    /// <summary>Shares among the reads; the rest are strong.</summary>
    public double SequentialReads { get; init; } = 0.3;

    public double EventualReads { get; init; } = 0.2;

    public int PaddingMax { get; init; } = 200;

    /// <summary>The deadline a client gives the platform for one attempt.</summary>
    public long TimeoutMs { get; init; } = 3000;

    /// <summary>How often one operation is sent at most, always with the same request id.</summary>
    public int AttemptsMax { get; init; } = 5;

    /// <summary>Probability that an answer to a client is lost on its way, so that the operation is sent again.</summary>
    public double AnswerLoss { get; init; }

    public static WorkloadOptions Draw(Prng random, double opsPerSecond) => new()
    {
        OpsPerSecond = opsPerSecond,
        Clients = random.Between(4, 32),
        KeysPerGroup = random.Between(1, 16),
        Reads = 0.3 + (0.4 * random.Unit()),
        CompareAndSets = 0.2 * random.Unit(),
        Deletes = 0.15 * random.Unit(),
        SequentialReads = 0.5 * random.Unit(),
        EventualReads = 0.3 * random.Unit(),
        PaddingMax = random.Chance(0.7) ? random.Between(0, 300) : random.Between(300, 5000),
        TimeoutMs = random.Between(1500, 5000),
        AttemptsMax = random.Between(3, 6),
        AnswerLoss = random.Chance(0.5) ? 0.05 * random.Unit() : 0,
    };

    /// <summary>What the next operation does.</summary>
    public OperationKind DrawKind(Prng random)
    {
        double roll = random.Unit();
        return roll < Reads ? OperationKind.Get
            : roll < Reads + CompareAndSets ? OperationKind.CompareAndSet
            : roll < Reads + CompareAndSets + Deletes ? OperationKind.Delete
            : OperationKind.Put;
    }

    /// <summary>How the next read reads.</summary>
    public Consistency DrawConsistency(Prng random)
    {
        double roll = random.Unit();
        return roll < SequentialReads ? Consistency.Sequential
            : roll < SequentialReads + EventualReads ? Consistency.Eventual
            : Consistency.Strong;
    }

    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{OpsPerSecond:F0} ops/s by {Clients} clients, {KeysPerGroup} keys per group, reads {Reads:P0} "
        + $"(sequential {SequentialReads:P0}, eventual {EventualReads:P0}), conditional {CompareAndSets:P0}, "
        + $"deletes {Deletes:P0}, up to {PaddingMax} bytes, timeout {TimeoutMs} ms x {AttemptsMax}, lost answers {AnswerLoss:P1}");
}
