using Nines.EndToEnd.Tests.History;
using Nines.Kernel;

namespace Nines.EndToEnd.Tests.Workload;

/// <summary>The answer to one operation over all its attempts.</summary>
internal sealed record Reply(End End)
{
    public long Seen { get; init; }

    public int Group { get; init; } = -1;

    public long Position { get; init; }

    public string Node { get; init; } = "";

    public int Attempts { get; init; } = 1;

    public string Text { get; init; } = "";
}

/// <summary>A client of one table whose items are registers and counters. Used by one worker; never throws for what a cluster may answer.</summary>
internal interface IRegisters : IDisposable
{
    Task<Reply> PutAsync(string key, long value);

    /// <param name="expected">0: on condition that nothing is there.</param>
    Task<Reply> CompareAndSetAsync(string key, long expected, long value);

    Task<Reply> DeleteAsync(string key);

    Task<Reply> GetAsync(string key, Consistency consistency);

    /// <summary>Adds one to a counter; the answer has what it became.</summary>
    Task<Reply> AddAsync(string key);
}

/// <summary>The table all workloads use.</summary>
internal static class RegisterTable
{
    public const string Name = "Registers";
    public const string Key = "key";
    public const string Value = "value";
    public const string Counter = "counter";
}
