using Nines.Kernel;

namespace Nines.EndToEnd.Tests.History;

/// <summary>What a client did to one item.</summary>
internal enum Act
{
    /// <summary>Puts <see cref="Observation.Value"/>, unique in the run.</summary>
    Put,

    Delete,

    /// <summary>Puts <see cref="Observation.Value"/> on condition that <see cref="Observation.Expected"/> is there.</summary>
    CompareAndSet,

    Get,

    /// <summary>Adds one to a counter; <see cref="Observation.Seen"/> is what it became.</summary>
    Add,
}

/// <summary>How it ended, as far as its client knows.</summary>
internal enum End
{
    Done,

    ConditionFailed,

    /// <summary>Its only attempt was answered "not done": it must never take effect.</summary>
    NotDone,

    /// <summary>Timed out, cut off, or answered "unknown": it may take effect at any later time, once, or never.</summary>
    Unknown,
}

/// <summary>
/// One operation as its client saw it, over all attempts with the same invocation id. 0 stands for "nothing there" and for "not
/// said"; times are microseconds of the machine's monotonic clock.
/// </summary>
internal sealed record Observation
{
    public required int Client { get; init; }

    public required string Key { get; init; }

    public required Act Act { get; init; }

    public Consistency Consistency { get; init; } = Consistency.Strong;

    public long Value { get; init; }

    public long Expected { get; init; }

    public required long StartUs { get; init; }

    public long EndUs { get; init; } = long.MaxValue;

    public End End { get; init; } = End.Unknown;

    public long Seen { get; init; }

    public int Group { get; init; } = -1;

    /// <summary>The position in the group's order that the answer claims; 0 when it claims none.</summary>
    public long Position { get; init; }

    /// <summary>The node that answered.</summary>
    public string Node { get; init; } = "";

    public string Text { get; init; } = "";

    public int Attempts { get; init; } = 1;

    /// <summary>Belongs to a session, in which nothing may go back.</summary>
    public bool InSession { get; init; }

    public bool IsAnswered => End is End.Done or End.ConditionFailed;

    public bool IsAcknowledgedWrite => Act != Act.Get && End == End.Done;

    public override string ToString() =>
        $"c{Client} {Act} {Key}{(Act == Act.CompareAndSet ? $" {Expected}->" : " ")}{Value} {(Act == Act.Get ? $"{Consistency} " : "")}"
        + $"[{StartUs / 1e6:F3}s-{(EndUs == long.MaxValue ? "" : $"{EndUs / 1e6:F3}s")}] {End} saw {Seen} g{Group}@{Position} {Node}"
        + $"{(Attempts > 1 ? $" after {Attempts} attempts" : "")}{(Text.Length > 0 ? $": {Text}" : "")}";
}

/// <summary>Collects observations from many clients.</summary>
internal sealed class Recorder
{
    private readonly List<Observation> _all = [];

    public void Add(Observation observation)
    {
        lock (_all)
        {
            _all.Add(observation);
        }
    }

    /// <summary>In the order of their starts.</summary>
    public IReadOnlyList<Observation> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all.OrderBy(o => o.StartUs)];
            }
        }
    }
}
